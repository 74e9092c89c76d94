"""``maltu prepare``: the dataset that a drop would make, and what it would cost, on one's own machine."""

from __future__ import annotations

import dataclasses
import json
import sys
import tempfile
from contextlib import ExitStack
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from maltu.cli.progress import opened
from maltu.cli.summary import summarise
from maltu.dataset import (
    build_dataset,
    inspect,
    open_rooms,
    open_tokenizer,
    plan_rooms,
    real_name,
    speakers_of,
    warnings_about,
)
from maltu.errors import LimitExceeded
from maltu.exports import choose_speaker, read_export
from maltu.masking import Masker
from maltu.providers.base_models import base_model
from maltu.reporting import full_report

if TYPE_CHECKING:
    from collections.abc import Sequence

    from maltu.cli.arguments import Arguments
    from maltu.dataset import DatasetSummary, Inspected, RoomPlan
    from maltu.exports import Reading
    from maltu.settings import PersonaSettings

_FILES = ("train.jsonl", "validation.jsonl", "report.json")


def prepare(arguments: Arguments) -> None:
    """Write ``train.jsonl``, ``validation.jsonl`` and ``report.json``, and print a summary.

    What stood in the folder under these names is replaced, once the new files are complete.

    Raises:
        LimitExceeded: the files are written, but the base model would not take them.
        MaltuError: the exports cannot be used; nothing is written.
        OSError: a file cannot be read or written.
    """
    settings = arguments.settings
    paths = list(dict.fromkeys(arguments.exports))
    plans, speaker = _survey(paths, settings)
    settings = dataclasses.replace(settings, speaker=speaker)
    model = base_model(settings.base_model or "")
    arguments.out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=arguments.out, prefix=".maltu-") as folder:
        directory = Path(folder)
        summary = _build(paths, plans, settings, directory)
        report = full_report(summary, settings, model, today=date.today())  # noqa: DTZ011 - the owner's own day
        _write_report({**report, "samples": list(summary.samples)}, directory / "report.json")
        for name in _FILES:
            if (directory / name).exists():
                (directory / name).replace(arguments.out / name)
            else:
                (arguments.out / name).unlink(missing_ok=True)
    sys.stdout.write(summarise(report, settings, arguments.out))
    if report["errors"]:
        raise LimitExceeded(" ".join(report["errors"]))


def _survey(paths: Sequence[Path], settings: PersonaSettings) -> tuple[list[RoomPlan], str]:
    inspected: list[Inspected] = []
    for path in paths:
        with opened(path, doing="Reading") as stream:
            inspected.append(inspect(read_export(stream, name=path.name), alone=len(paths) == 1))
    plans = plan_rooms(inspected, aliases=settings.aliases)
    wanted = None if settings.speaker is None else real_name(settings.speaker, plans)
    everybody = speakers_of(plans, inspected[0].survey)
    return plans, choose_speaker(everybody, wanted=wanted, persona="", file_name=str(paths[0]))


def _build(
    paths: Sequence[Path], plans: Sequence[RoomPlan], settings: PersonaSettings, directory: Path
) -> DatasetSummary:
    speaker = settings.speaker or ""
    model = base_model(settings.base_model or "")
    with ExitStack() as files:

        def read(number: int) -> Reading:
            stream = files.enter_context(opened(paths[number], doing="Building from"))
            return read_export(stream, name=paths[number].name)

        return build_dataset(
            open_rooms(plans, speaker, read),
            speaker=speaker,
            settings=settings,
            count_tokens=open_tokenizer(model.encoding),
            masking=Masker(settings.names),
            directory=directory,
            max_example_tokens=model.max_example_tokens,
            warnings=warnings_about(plans, speaker),
        )


def _write_report(report: dict[str, Any], path: Path) -> None:
    path.write_text(json.dumps(report, ensure_ascii=False, indent=2) + "\n", "utf-8")
