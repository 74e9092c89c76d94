"""``maltu prepare``: the dataset that a drop would make, and what it would cost, on one's own machine."""

from __future__ import annotations

import dataclasses
import json
import sys
import tempfile
from datetime import date
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from maltu.cli.progress import opened
from maltu.cli.summary import summarise
from maltu.dataset import (
    build_dataset,
    open_rooms,
    open_tokenizer,
    plan_rooms,
    real_name,
    speakers_of,
    warnings_about,
)
from maltu.errors import LimitExceeded
from maltu.exports import Exports, choose_speaker
from maltu.masking import Masker
from maltu.planning import Examined, examine
from maltu.providers.base_models import base_model
from maltu.reporting import full_report

if TYPE_CHECKING:
    from collections.abc import Sequence

    from maltu.cli.arguments import Arguments
    from maltu.dataset import DatasetSummary, RoomPlan
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
    examined = _examine(paths)
    plans = plan_rooms([one for each in examined for one in each.inspected], aliases=settings.aliases)
    speaker = choose_speaker(
        speakers_of(plans, examined[0].survey),
        wanted=None if settings.speaker is None else real_name(settings.speaker, plans),
        persona="",
        file_name=str(paths[0]),
    )
    settings = dataclasses.replace(settings, speaker=speaker)
    model = base_model(settings.base_model or "")
    arguments.out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=arguments.out, prefix=".maltu-") as folder:
        directory = Path(folder)
        summary = _build(examined, plans, settings, directory)
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


def _examine(paths: Sequence[Path]) -> list[Examined]:
    with Exports(partial(opened, doing="Reading")) as files:
        return [examine(path, name=path.name, files=files, alone=len(paths) == 1) for path in paths]


def _build(
    examined: Sequence[Examined], plans: Sequence[RoomPlan], settings: PersonaSettings, directory: Path
) -> DatasetSummary:
    speaker = settings.speaker or ""
    model = base_model(settings.base_model or "")
    exports = [export for each in examined for export in each.exports]
    with Exports(partial(opened, doing="Building from")) as files:

        def read(number: int) -> Reading:
            return files.read(exports[number])

        return build_dataset(
            open_rooms(plans, speaker, read),
            speaker=speaker,
            settings=settings,
            count_tokens=open_tokenizer(model.encoding),
            masking=Masker(settings.names),
            directory=directory,
            max_example_tokens=model.max_example_tokens,
            warnings=[*(why for each in examined for why in each.warnings), *warnings_about(plans, speaker)],
        )


def _write_report(report: dict[str, Any], path: Path) -> None:
    path.write_text(json.dumps(report, ensure_ascii=False, indent=2) + "\n", "utf-8")
