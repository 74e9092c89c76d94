"""A version's dataset: made from the exports of its plan, stored, and recorded."""

from __future__ import annotations

import dataclasses
import json
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from maltu.approval import needs_approval
from maltu.dataset import build_dataset, open_rooms, open_tokenizer, warnings_about
from maltu.errors import LimitExceeded
from maltu.exports import Exports
from maltu.masking import Masker
from maltu.naming import dataset_prefix
from maltu.providers.base_models import base_model
from maltu.reporting import estimate_of, full_report

if TYPE_CHECKING:
    from collections.abc import Mapping

    from maltu.deadline import Deadline
    from maltu.exports import Reading
    from maltu.planning import Plan
    from maltu.preprocess import Services


@dataclass(frozen=True, slots=True)
class Written:
    """A dataset in the bucket.

    Attributes:
        about: what its run is started with.
        numbers: as :class:`maltu.preprocess.Handled` has them.
    """

    about: Mapping[str, Any]
    numbers: Mapping[str, float | None]


def write_dataset(
    persona: str, version: str, plan: Plan, deadline: Deadline, services: Services
) -> Written | None:
    """Make a version's dataset, store it, and record what it is; None where somebody cancelled it meanwhile.

    Raises:
        ExportError: there is too little to learn from.
        LimitExceeded: the provider does not take such a dataset, or there is no time to write it.
    """
    settings = plan.settings
    model = base_model(plan.base_model, host=services.host)
    prefix = dataset_prefix(persona, version)
    with tempfile.TemporaryDirectory() as folder, Exports() as files:

        def read(number: int) -> Reading:
            return files.read(plan.exports[number])

        directory = Path(folder)
        summary = build_dataset(
            open_rooms(plan.rooms, plan.speaker, read),
            speaker=plan.speaker,
            settings=settings,
            count_tokens=open_tokenizer(model.encoding),
            masking=deadline.over_all_of(Masker(settings.names)),
            directory=directory,
            max_example_tokens=model.max_example_tokens,
            warnings=[*plan.warnings, *warnings_about(plan.rooms, plan.speaker)],
        )
        report = full_report(summary, settings, model, today=plan.copies[-1].dropped_at.date())
        if report["errors"]:
            raise LimitExceeded(" ".join(report["errors"]))
        # The bucket's report shows three examples; the registry's holds no chat text.
        shown = {**report, "samples": list(summary.samples)}
        (directory / "report.json").write_text(json.dumps(shown, ensure_ascii=False, indent=2), "utf-8")
        for file in sorted(directory.iterdir()):
            kind = "application/json" if file.suffix == ".json" else "application/jsonl"
            services.bucket.store(f"{prefix}/{file.name}", file, content_type=kind)
        has_validation = (directory / "validation.jsonl").exists()
    estimate = estimate_of(report)
    recorded = services.registry.record_dataset(
        persona,
        version,
        {
            # Without the names of people outside the chat: what is answered with them is the dataset alone.
            "settings": dataclasses.asdict(dataclasses.replace(settings, names=(), aliases={})),
            "exports": [copy.key for copy in plan.copies],
            "named": all(room.named for room in plan.own_rooms),
            "provider": services.provider,
            "report": report,
            "estimate_usd": estimate,
            "budget_usd": settings.budget_usd,
        },
    )
    if not recorded:
        return None
    about = {
        "persona": persona,
        "version": version,
        "base_model": model.id,
        "host": services.host,
        "n_epochs": settings.n_epochs,
        "training_key": f"{prefix}/train.jsonl",
        "validation_key": f"{prefix}/validation.jsonl" if has_validation else None,
        "estimate_usd": estimate,
        "budget_usd": settings.budget_usd,
        "needs_approval": needs_approval(estimate, settings),
    }
    numbers = {
        "messages": report["messages"],
        "examples": sum(report["examples"].values()),
        "skipped": sum(report["skipped"].values()),
        "tokens": report["tokens"]["train"],
        "estimate_usd": estimate,
    }
    return Written(about, numbers)
