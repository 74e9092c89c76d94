"""A drop becomes a dataset and a run.

A version is trained on every export that stands under the persona's prefix when its run starts. They are
copied to this machine's disk, looked through once to see who speaks and which are of one room, and read again
to write the examples. Everything here may be repeated for the same drop, by a duplicate event or a retry,
and ends in the same version, the same dataset and the same run. Of a burst of drops only the newest does
anything: whoever looks at it sees the others.
"""

from __future__ import annotations

import hashlib
import tempfile
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

from maltu.approval import give_way
from maltu.deadline import Deadline
from maltu.errors import LimitExceeded, MaltuError, UnreadableExport
from maltu.naming import normalised, parse_export_key, version_name
from maltu.planning import look_through, plan_version
from maltu.version_dataset import write_dataset

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from maltu.approval import Approvals
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
    deadline = _deadline(copies, services)
    try:
        persona = key.persona
        looked = look_through(copies, deadline)
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
        written = write_dataset(persona, version, plan, deadline, services)
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
    services.turns.announce(persona, attempt)
    give_way(
        persona,
        version,
        approvals=services.approvals,
        registry=services.registry,
        workflow=services.workflow,
    )
    services.line.call(persona)
    services.workflow.start(attempt.run, {**written.about, "run": attempt.run})
    return Handled(version=version, run=attempt.run, numbers=written.numbers)


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
