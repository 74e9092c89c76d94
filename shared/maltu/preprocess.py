"""A drop becomes a dataset and a run.

A version is trained on every export that stands under the persona's prefix when its run starts. They are
copied to this machine's disk, looked through once to see who speaks and which are of one room, and read again
to write the examples. Everything here may be repeated for the same drop, by a duplicate event or a retry,
and ends in the same version, the same dataset and the same run. Of a burst of drops only the newest does
anything: whoever looks at it sees the others.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import tempfile
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

from maltu.approval import give_way, needs_approval
from maltu.dataset import (
    build_dataset,
    open_rooms,
    open_tokenizer,
    warnings_about,
)
from maltu.deadline import Deadline
from maltu.errors import LimitExceeded, MaltuError, UnreadableExport
from maltu.exports import Exports
from maltu.masking import Masker
from maltu.naming import (
    dataset_prefix,
    normalised,
    parse_export_key,
    version_name,
)
from maltu.planning import Plan, look_through, plan_version
from maltu.providers.base_models import base_model
from maltu.reporting import estimate_of, full_report

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from maltu.approval import Approvals
    from maltu.exports import Reading
    from maltu.line import Line
    from maltu.naming import ExportKey
    from maltu.registry import Attempt, Registry
    from maltu.storage import Bucket, Copy
    from maltu.turns import Turns
    from maltu.workflow import Notifier, Workflow


@dataclass(frozen=True, slots=True)
class Services:
    """What preprocessing works with; provider, host and base model are the deployment's choices.

    ``seconds_left`` tells how long the function may go on.
    """

    bucket: Bucket
    registry: Registry
    turns: Turns
    line: Line
    approvals: Approvals
    workflow: Workflow
    notifier: Notifier
    provider: str
    host: str | None
    base_model: str
    seconds_left: Callable[[], float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Handled:
    """What became of a drop; nothing at all where a newer drop's own event sees to it.

    Attributes:
        version: what it is, or would have been, trained as.
        run: the run that was started.
        error: by its class, why nothing can be made of it.
        numbers: of the dataset: ``messages``, ``examples``, ``skipped`` (what of the exports is not trained),
            ``tokens`` of the training file, and ``estimate_usd``, None where nobody knows the price.
    """

    version: str | None = None
    run: str | None = None
    error: str | None = None
    numbers: Mapping[str, float | None] = field(default_factory=dict[str, "float | None"])

    @property
    def outcome(self) -> Literal["started", "refused", "ignored"]:
        """Whether a run was started, nothing can be made of it, or nothing was to be done."""
        return "started" if self.run else "refused" if self.error else "ignored"


NOTHING: Final = Handled()
# As much as setting the validation apart and storing gigabytes take.
STORING_SECONDS: Final = 120


def preprocess(dropped: str, at: datetime, services: Services) -> Handled:
    """Make a dataset of all that stands beside a dropped object, and start its run.

    Args:
        dropped: the key of the object.
        at: when it was there, to the second. What the bucket lists as its time is when its upload began.
        services: what to work with.

    Returns:
        What became of it. Where it cannot be used, its reason stands in the registry and the owner was told.
    """
    try:
        key = parse_export_key(dropped)
    except MaltuError as error:
        _notify(dropped, error, services)
        return Handled(error=type(error).__name__)
    if key is None:
        return NOTHING
    listed = services.bucket.exports(key.prefix)
    there_still = any(export.key == dropped for export in listed)
    if there_still and any(export.at.replace(microsecond=0) > at for export in listed):
        return NOTHING
    with tempfile.TemporaryDirectory() as folder:
        copies = (
            services.bucket.copy_export(export, Path(folder) / str(number))
            for number, export in enumerate(listed)
        )
        there = [copy for copy in copies if copy is not None]
        return _preprocess(key, dropped, there, services) if there else NOTHING


def _preprocess(key: ExportKey, dropped: str, copies: Sequence[Copy], services: Services) -> Handled:
    newest = copies[-1]
    try:
        persona = key.persona
        looked = look_through(copies, _deadline(copies, services))
        for each in looked[:-1]:
            if each.copy.key == dropped and isinstance(each.found, UnreadableExport):
                _refuse(key, each.copy, each.found, services)
        while isinstance(error := looked[-1].found, UnreadableExport):
            _refuse(key, newest, error, services)
            # Those that were dropped before it may still wait for their run.
            looked.pop()
            if not looked:
                return Handled(error=type(error).__name__)
            newest = looked[-1].copy
        plan = plan_version(
            looked,
            persona=persona,
            persona_json=services.bucket.persona_json(key.prefix),
            provider=services.provider,
            default=services.base_model,
        )
    except MaltuError as error:
        _refuse(key, newest, error, services)
        return Handled(error=type(error).__name__)
    # The present, not the drop's time: whoever looked later saw at least as many exports.
    proposed = version_name(datetime.now(UTC), plan.identity)
    version = services.registry.claim_version(persona, plan.identity, proposed)
    attempt = _begin(persona, version, newest, services)
    if attempt is None:
        return Handled(version=version)
    try:
        written = _write_dataset(persona, version, newest, plan, services)
    except MaltuError as error:
        _give_up(persona, version, newest, error, services)
        return Handled(version=version, error=type(error).__name__)
    except Exception:
        # Whoever asks sees that it stopped; the trigger tries the same drop again.
        reason = "Preprocessing broke off and is tried again; if this stays, look into the function's log."
        services.registry.record_failure(persona, version, error="InternalError", reason=reason)
        raise
    if written is None:
        return Handled(version=version)
    about, numbers = written
    services.turns.announce(persona, attempt)
    give_way(
        persona,
        version,
        approvals=services.approvals,
        registry=services.registry,
        workflow=services.workflow,
    )
    services.line.call(persona)
    services.workflow.start(attempt.run, {**about, "run": attempt.run})
    return Handled(version=version, run=attempt.run, numbers=numbers)


def _write_dataset(
    persona: str, version: str, newest: Copy, plan: Plan, services: Services
) -> tuple[dict[str, Any], dict[str, float | None]] | None:
    """Store the dataset and record what it is; give what its run is started with, and its numbers.

    None where somebody cancelled the version meanwhile.
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
            masking=_deadline(plan.copies, services).over_all_of(Masker(settings.names)),
            directory=directory,
            max_example_tokens=model.max_example_tokens,
            warnings=[*plan.warnings, *warnings_about(plan.rooms, plan.speaker)],
        )
        report = full_report(summary, settings, model, today=newest.dropped_at.date())
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
    return about, numbers


def _deadline(copies: Sequence[Copy], services: Services) -> Deadline:
    size = sum(copy.path.stat().st_size for copy in copies)

    def too_long() -> LimitExceeded:
        return LimitExceeded(
            f"{size / 1e6:,.0f} MB of exports take longer than the 15 minutes that there are: remove exports "
            "that are old, or export a shorter part of the chat."
        )

    return Deadline(lambda: services.seconds_left() < STORING_SECONDS, too_long)


def _refuse(key: ExportKey, copy: Copy, error: MaltuError, services: Services) -> None:
    """Record, once, that nothing can be made of a drop."""
    persona = normalised(key.prefix)
    nameless = hashlib.sha256(f"{copy.key}\n{copy.drop}".encode()).hexdigest()
    version = version_name(copy.dropped_at, nameless)
    if _begin(persona, version, copy, services):
        _give_up(persona, version, copy, error, services)


def _begin(persona: str, version: str, copy: Copy, services: Services) -> Attempt | None:
    about = {"export": _about(copy)}
    return services.registry.begin(persona, version, copy.drop, about, run_status=services.workflow.status)


def _about(copy: Copy) -> dict[str, str]:
    return {"key": copy.key, "id": copy.drop}


def _give_up(persona: str, version: str, copy: Copy, error: MaltuError, services: Services) -> None:
    services.registry.record_failure(persona, version, error=type(error).__name__, reason=str(error))
    _notify(copy.key, error, services)


def _notify(key: str, error: MaltuError, services: Services) -> None:
    services.notifier.failed(where=key, error=type(error).__name__, reason=str(error))
