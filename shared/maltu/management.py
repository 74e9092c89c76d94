"""What an owner does with personas and runs, apart from dropping exports."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from typing_extensions import TypedDict

from maltu import approval
from maltu.errors import PersonaNotFound, RunConflict, RunNotFound
from maltu.naming import MAX_KEY_BYTES, as_asked
from maltu.registry import UNFINISHED, run_of

if TYPE_CHECKING:
    from maltu.approval import Approvals
    from maltu.registry import Registry
    from maltu.removals import Receipt, Removals
    from maltu.table import Item
    from maltu.workflow import Workflow


class Decision(TypedDict):
    """What was decided about a run that waited for it, and by which key."""

    persona: str
    run: str
    approved: bool
    by: str


class LiveChange(TypedDict):
    """Which version is live now, which was before, if any was, and whose key changed it."""

    persona: str
    live_version: str
    previous_version: str | None
    by: str


@dataclass(frozen=True, slots=True)
class Desk:
    """What management works with; ``keep_models_days`` is how long a replaced model stays for a way back."""

    registry: Registry
    approvals: Approvals
    removals: Removals
    workflow: Workflow
    keep_models_days: int


def decide(name: str, run: str, *, approved: bool, by: str, desk: Desk) -> Decision:
    """Let a run that waits for approval go on, or end it.

    Raises:
        RunNotFound: there is no such run.
        RunConflict: it does not wait for approval.
    """
    persona = as_asked(name)
    item = _item_of(persona, run, desk)
    current = run_of(item)
    approval.decide(
        persona, current, approved=approved, by=by,
        approvals=desk.approvals, registry=desk.registry, workflow=desk.workflow,
    )  # fmt: skip
    return {"persona": persona, "run": current, "approved": approved, "by": by}


def cancel(name: str, run: str, *, by: str, desk: Desk) -> Receipt:
    """Start ending a run: its job is cancelled, and its files leave the provider.

    Raises:
        RunNotFound: there is no such run.
        RunConflict: it has ended.
    """
    persona = as_asked(name)
    item = _item_of(persona, run, desk)
    if item["status"] not in UNFINISHED or not desk.registry.ask_to_cancel(persona, item["version"], by):
        raise RunConflict(f"The run {run!r} of {persona!r} has ended; only one under way can be cancelled.")
    current = run_of(item)
    about = {"reason": "cancel", "persona": persona, "version": item["version"], "run": current, "by": by}
    return _start(f"cancel-{current}", about, desk)


def roll_back(name: str, version: str | None, *, by: str, desk: Desk) -> LiveChange:
    """Make an earlier version live again.

    Args:
        name: the persona.
        version: which one; None takes the newest that is older than the live one and can answer.
        by: who wants it.
        desk: what to work with.

    Raises:
        PersonaNotFound: nothing is live under that name.
        RunConflict: there is no such version, or its model is gone.
    """
    persona = as_asked(name)
    live = (desk.registry.persona(persona) or {}).get("live_version")
    if live is None:
        raise PersonaNotFound(f"{persona!r} has no live version to go back from.")
    target = version or _before(live, persona, desk)
    if target == live:
        raise RunConflict(f"{target} is live already.")
    if not desk.registry.point_at(persona, target, seen=live):
        raise RunConflict(
            f"{persona!r} cannot go back to {target}: there is no such version, or its model is gone, or "
            f"another version became live this moment. GET /v1/personas/{persona} lists those that succeeded."
        )
    _retire_later(persona, live, by, desk)
    return {"persona": persona, "live_version": target, "previous_version": live, "by": by}


def promote(name: str, version: str, *, by: str, desk: Desk) -> LiveChange:
    """Make a candidate live, or any version whose model is still there.

    Raises:
        RunNotFound: the persona has no such version.
        RunConflict: it is live already, or has no model to answer with.
    """
    persona = as_asked(name)
    item = desk.registry.version(persona, version) if len(version.encode()) <= MAX_KEY_BYTES else None
    if item is None:
        raise RunNotFound(
            f"{persona!r} has no version {version!r}; GET /v1/personas/{persona} lists those it has."
        )
    live = (desk.registry.persona(persona) or {}).get("live_version")
    if version == live:
        raise RunConflict(f"{version} is live already.")
    desk.registry.accept(persona, version, by)
    if not desk.registry.point_at(persona, version, seen=live):
        raise RunConflict(
            f"{version} cannot become live: it has no model to answer with (it is {item['status']}), or "
            f"another version became live this moment. GET /v1/personas/{persona} shows both."
        )
    if live is not None:
        _retire_later(persona, live, by, desk)
    return {"persona": persona, "live_version": version, "previous_version": live, "by": by}


def erase(name: str, *, by: str, desk: Desk) -> Receipt:
    """Start removing everything that there is of a persona.

    A persona that has nothing here is erased as well: what stands in the bucket alone has no version yet.
    """
    persona = as_asked(name)
    moment = datetime.now(UTC)
    # The name of an execution is ASCII, which a persona's is not.
    whose = hashlib.sha256(persona.encode()).hexdigest()[:12]
    removal = f"erase-{whose}-{moment:%Y%m%dt%H%M%S}"
    return _start(removal, {"reason": "erase", "persona": persona, "by": by}, desk)


def _retire_later(persona: str, version: str, by: str, desk: Desk) -> None:
    """Keep what is no longer live for a while, for a way back."""
    moment = f"{datetime.now(UTC):%Y%m%dt%H%M%S}"
    about = {"reason": "retire", "persona": persona, "version": version, "by": by,
             "after_seconds": desk.keep_models_days * 86_400}  # fmt: skip
    desk.workflow.remove(f"retire-{version}-{moment}", about)


def _start(removal: str, about: dict[str, Any], desk: Desk) -> Receipt:
    desk.removals.open(removal, about)
    desk.workflow.remove(removal, about)
    return desk.removals.receipt(removal)


def _item_of(persona: str, run: str, desk: Desk) -> Item:
    """The version of a run, which may be named by its version as well."""
    named = [run, run.rpartition("-")[0]] if len(run.encode()) <= MAX_KEY_BYTES else []
    found = (desk.registry.version(persona, version) for version in named if version)
    item = next(filter(None, found), None)
    if item is None or run not in {item["version"], run_of(item)}:
        raise RunNotFound(
            f"{persona!r} has no run {run!r} under way; GET /v1/personas/{persona} lists its versions."
        )
    return item


def _before(live: str, persona: str, desk: Desk) -> str:
    for item in desk.registry.versions(persona, limit=None):
        if item["version"] < live and item["status"] == "succeeded":
            return item["version"]
    raise RunConflict(f"{persona!r} has no earlier version whose model is still there.")
