"""A dropped export becomes a dataset and a run.

The export is read twice as a stream: once to see who speaks and to hash it, once to write the examples.
Everything here may be repeated for the same drop, by a duplicate event or a retry, and ends in the same
version, the same dataset and the same run.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from maltu.dataset import Room, build_dataset, default_system_prompt, open_tokenizer
from maltu.errors import LimitExceeded, MaltuError, UnknownSpeaker
from maltu.exports import choose_speaker, read_export, survey
from maltu.masking import Masker
from maltu.naming import (
    dataset_prefix,
    identity_of,
    normalised,
    parse_export_key,
    version_name,
)
from maltu.providers.base_models import base_model
from maltu.reporting import full_report
from maltu.settings import resolve_settings
from maltu.storage import HashedStream

if TYPE_CHECKING:
    from datetime import datetime

    from maltu.naming import ExportKey
    from maltu.registry import Attempt, Registry
    from maltu.settings import PersonaSettings
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


@dataclass(frozen=True, slots=True)
class _Plan:
    """What a version will be made from, known before the first example is written."""

    settings: PersonaSettings
    identity: str
    speakers: dict[str, int]
    version_id: str | None

    @property
    def named(self) -> bool:
        """Whether the others are told apart by name: in a group, not in a dialogue."""
        return len(self.speakers) > 2  # noqa: PLR2004 - the two sides of a dialogue


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
    persona = normalised(key.prefix)
    try:
        plan = _plan(drop, key, services)
    except MaltuError as error:
        nameless = hashlib.sha256(f"{drop.key}\n{drop.id}".encode()).hexdigest()
        version = version_name(drop.dropped_at, nameless)
        if services.registry.begin(persona, version, drop.id, {"export": _about(drop)}):
            _give_up(persona, version, drop, error, services)
        return None
    version = services.registry.claim_version(
        persona, plan.identity, version_name(drop.dropped_at, plan.identity)
    )
    attempt = services.registry.begin(persona, version, drop.id, {"export": _about(drop)})
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


def _plan(drop: Drop, key: ExportKey, services: Services) -> _Plan:
    persona = key.persona
    stored = services.bucket.open_export(drop.key, drop.version_id)
    settings = resolve_settings(services.bucket.persona_json(key.prefix), stored.metadata)
    content = HashedStream(stored.body)
    seen = survey(read_export(cast("BinaryIO", content), name=key.file))
    speaker = choose_speaker(seen, wanted=settings.speaker, persona=persona, file_name=key.file)
    chosen = dataclasses.replace(
        settings,
        speaker=speaker,
        system_prompt=settings.system_prompt or default_system_prompt(speaker),
        base_model=settings.base_model or services.base_model,
    )
    made_from = {**dataclasses.asdict(chosen), "provider": services.provider}
    return _Plan(
        chosen, identity_of(persona, content.hexdigest(), made_from), seen.speakers, stored.version_id
    )


def _write_dataset(persona: str, version: str, drop: Drop, plan: _Plan, services: Services) -> dict[str, Any]:
    settings = plan.settings
    if settings.speaker is None or settings.base_model is None:
        raise UnknownSpeaker("The run's speaker and base model must be known before its dataset is written.")
    model = base_model(settings.base_model)
    prefix = dataset_prefix(persona, version)
    with tempfile.TemporaryDirectory() as folder:
        directory = Path(folder)
        # The version that was surveyed, though a newer one may have replaced it meanwhile.
        body = services.bucket.open_export(drop.key, plan.version_id).body
        reading = read_export(cast("BinaryIO", body), name=drop.key.rpartition("/")[2])
        summary = build_dataset(
            [Room(messages=reading, named=plan.named, cuts_at=reading.cuts_at, skipped=(reading.skipped,))],
            speaker=settings.speaker,
            settings=settings,
            count_tokens=open_tokenizer(model.encoding),
            masking=Masker(settings.names),
            directory=directory,
            max_example_tokens=model.max_example_tokens,
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
            "settings": dataclasses.asdict(settings),
            "named": plan.named,
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


def _about(drop: Drop) -> dict[str, str]:
    return {"key": drop.key, "id": drop.id}


def _give_up(persona: str, version: str, drop: Drop, error: MaltuError, services: Services) -> None:
    services.registry.record_failure(persona, version, error=type(error).__name__, reason=str(error))
    _notify(drop, error, services)


def _notify(drop: Drop, error: MaltuError, services: Services) -> None:
    services.notifier.failed(where=drop.key, error=type(error).__name__, reason=str(error))
