"""A drop becomes a dataset and a run.

A version is trained on every export that stands under the persona's prefix when its run starts. They are
copied to this machine's disk, looked through once to see who speaks and which are of one room, and read again
to write the examples. Everything here may be repeated for the same drop, by a duplicate event or a retry, and
ends in the same version, the same dataset and the same run.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import tempfile
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from maltu.dataset import (
    build_dataset,
    open_rooms,
    open_tokenizer,
    warnings_about,
)
from maltu.errors import LimitExceeded, MaltuError
from maltu.exports import read_export
from maltu.masking import Masker
from maltu.naming import (
    dataset_prefix,
    normalised,
    parse_export_key,
    version_name,
)
from maltu.planning import Plan, plan_version
from maltu.providers.base_models import base_model
from maltu.reporting import full_report

if TYPE_CHECKING:
    from maltu.exports import Reading
    from maltu.naming import ExportKey
    from maltu.registry import Attempt, Registry
    from maltu.storage import Bucket
    from maltu.workflow import Notifier, Workflow


@dataclass(frozen=True, slots=True)
class Drop:
    """One object that was put into the bucket; not every event says which version of it."""

    key: str
    version_id: str | None
    sequencer: str
    dropped_at: datetime

    @property
    def id(self) -> str:
        """What tells this drop from every other one of the same key, however often its event comes."""
        return self.version_id or self.sequencer


@dataclass(frozen=True, slots=True)
class Services:
    """What preprocessing works with; ``provider`` and ``base_model`` are the deployment's choices."""

    bucket: Bucket
    registry: Registry
    workflow: Workflow
    notifier: Notifier
    provider: str
    base_model: str


def preprocess(drop: Drop, services: Services) -> Attempt | None:
    """Make the drop's dataset and start its run.

    Returns:
        The attempt whose run was started, or None where there was nothing to do or the drop cannot be used;
        then its reason stands in the registry and the owner was told.
    """
    try:
        key = parse_export_key(drop.key)
    except MaltuError as error:
        _notify(drop, error, services)
        return None
    if key is None:
        return None
    with tempfile.TemporaryDirectory() as folder:
        return _preprocess(drop, key, Path(folder), services)


def _preprocess(drop: Drop, key: ExportKey, folder: Path, services: Services) -> Attempt | None:
    persona = normalised(key.prefix)
    try:
        plan = plan_version(
            drop.key, key, folder, services.bucket, provider=services.provider, default=services.base_model
        )
    except MaltuError as error:
        nameless = hashlib.sha256(f"{drop.key}\n{drop.id}".encode()).hexdigest()
        version = version_name(drop.dropped_at, nameless)
        if _begin(persona, version, drop, services):
            _give_up(persona, version, drop, error, services)
        return None
    if plan is None:
        return None
    # The present, not the drop's time: whoever looked later saw at least as many exports.
    proposed = version_name(datetime.now(UTC), plan.identity)
    version = services.registry.claim_version(persona, plan.identity, proposed)
    attempt = _begin(persona, version, drop, services)
    if attempt is None:
        return None
    try:
        about = _write_dataset(persona, version, drop, plan, services)
    except MaltuError as error:
        _give_up(persona, version, drop, error, services)
        return None
    except Exception:
        # Whoever asks sees that it stopped; the trigger tries the same drop again.
        reason = "Preprocessing broke off and is tried again; if this stays, look into the function's log."
        services.registry.record_failure(persona, version, error="InternalError", reason=reason)
        raise
    services.workflow.start(attempt.run, {**about, "run": attempt.run})
    return attempt


def _write_dataset(persona: str, version: str, drop: Drop, plan: Plan, services: Services) -> dict[str, Any]:
    settings = plan.settings
    model = base_model(plan.base_model)
    prefix = dataset_prefix(persona, version)
    with tempfile.TemporaryDirectory() as folder, ExitStack() as files:

        def read(number: int) -> Reading:
            copy = plan.copies[number]
            return read_export(files.enter_context(copy.path.open("rb")), name=copy.file)

        directory = Path(folder)
        summary = build_dataset(
            open_rooms(plan.rooms, plan.speaker, read),
            speaker=plan.speaker,
            settings=settings,
            count_tokens=open_tokenizer(model.encoding),
            masking=Masker(settings.names),
            directory=directory,
            max_example_tokens=model.max_example_tokens,
            warnings=[*plan.warnings, *warnings_about(plan.rooms, plan.speaker)],
        )
        report = full_report(summary, settings, model, today=drop.dropped_at.date())
        if report["errors"]:
            raise LimitExceeded(" ".join(report["errors"]))
        # The bucket's report shows three examples; the registry's holds no chat text.
        shown = {**report, "samples": list(summary.samples)}
        (directory / "report.json").write_text(json.dumps(shown, ensure_ascii=False, indent=2), "utf-8")
        for file in sorted(directory.iterdir()):
            kind = "application/json" if file.suffix == ".json" else "application/jsonl"
            services.bucket.store(f"{prefix}/{file.name}", file, content_type=kind)
        has_validation = (directory / "validation.jsonl").exists()
    services.registry.record_dataset(
        persona,
        version,
        {
            # Without the names of people outside the chat: what is answered with them is the dataset alone.
            "settings": dataclasses.asdict(dataclasses.replace(settings, names=(), aliases={})),
            "exports": [copy.key for copy in plan.copies],
            "named": all(room.named for room in plan.own_rooms),
            "provider": services.provider,
            "report": report,
        },
    )
    return {
        "persona": persona,
        "version": version,
        "base_model": model.id,
        "n_epochs": settings.n_epochs,
        "training_key": f"{prefix}/train.jsonl",
        "validation_key": f"{prefix}/validation.jsonl" if has_validation else None,
    }


def _begin(persona: str, version: str, drop: Drop, services: Services) -> Attempt | None:
    about = {"export": _about(drop)}
    return services.registry.begin(persona, version, drop.id, about, run_status=services.workflow.status)


def _about(drop: Drop) -> dict[str, str]:
    return {"key": drop.key, "id": drop.id}


def _give_up(persona: str, version: str, drop: Drop, error: MaltuError, services: Services) -> None:
    services.registry.record_failure(persona, version, error=type(error).__name__, reason=str(error))
    _notify(drop, error, services)


def _notify(drop: Drop, error: MaltuError, services: Services) -> None:
    services.notifier.failed(where=drop.key, error=type(error).__name__, reason=str(error))
