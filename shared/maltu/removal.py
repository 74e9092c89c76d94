"""Removing: a run that somebody cancelled, a model that a newer one replaced, a persona with all it ever was.

A removal is a state machine (``infra/remove.asl.json``) that asks :func:`remove` again and again until a pass
finds nothing more: what was still being written while one pass ran is found by the next. A pass may be
repeated at any point; what is gone already is no error.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from maltu.approval import end_waiting
from maltu.errors import ProviderRejected, TrainingCancelled
from maltu.naming import file_names
from maltu.registry import UNFINISHED, run_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from maltu.approval import Approvals
    from maltu.line import Line
    from maltu.providers import Provider
    from maltu.registry import Registry
    from maltu.removals import Removals
    from maltu.storage import Bucket
    from maltu.table import Item
    from maltu.turns import Turns
    from maltu.uploads import Uploads
    from maltu.workflow import Notifier, Workflow


# Something that comes back after so many passes does so for ever; the receipt says that it did.
MAX_PASSES = 30


@dataclass(frozen=True, slots=True)
class Places:
    """Everything that may hold something of a persona; ``provider`` is the name of the one that is open."""

    bucket: Bucket
    registry: Registry
    turns: Turns
    line: Line
    approvals: Approvals
    removals: Removals
    uploads: Uploads
    workflow: Workflow
    notifier: Notifier
    provider: str
    open_provider: Callable[[], Provider]


@dataclass(slots=True)
class Pass:
    """What one pass found: counts of what it removed, what it was refused, and the run that it ended."""

    removed: Counter[str] = field(default_factory=Counter[str])
    refused: list[str] = field(default_factory=list[str])
    cancelled: dict[str, str] | None = None


def identified(request: Mapping[str, Any], workflow: Workflow) -> Mapping[str, Any]:
    """Add persona, version and run to the request of a rule, which knows of a run only its ``execution``."""
    if "execution" not in request:
        return request
    started = workflow.started_with(request["execution"])
    return {**request, **{name: started[name] for name in ("persona", "version", "run")}}


def remove(request: Mapping[str, Any], places: Places) -> dict[str, Any]:
    """Make one pass.

    Args:
        request: ``id``, ``reason`` (``cancel``, ``retire`` or ``erase``), ``persona``, ``by``; except for
            ``erase`` the ``version``, and for ``cancel`` the ``run``; ``passes`` that were made before this
            one; and the ``execution`` of a run that was stopped from outside.
        places: where to look.

    Returns:
        ``removed``: how many things this pass removed; ``done``: whether no other pass is needed;
        ``cancelled``: persona, version and run, where a run was.

    Raises:
        ProviderError: the provider cannot be asked now; the pass must be made again.
    """
    if "execution" in request and request["passes"] == 0 and not _broke_off(request, places):
        return {"removed": 0, "done": True}
    about = {name: request[name] for name in ("persona", "version", "run", "reason", "by") if name in request}
    places.removals.open(request["id"], about)
    found = Pass()
    match request["reason"]:
        case "cancel":
            _cancel(request, places, found)
        case "retire":
            _retire(request, places, found)
        case _:
            _erase(request, places, found)
    counts = {what: count for what, count in found.removed.items() if count}
    places.removals.add(request["id"], counts, found.refused)
    # One empty pass proves nothing: what was under way while it looked could still write.
    finished = not counts and request["passes"] > 0
    complete = finished and not found.refused
    if finished and request["reason"] == "erase":
        places.notifier.erased(persona=request["persona"], removal=request["id"], complete=complete)
    done = finished or request["passes"] >= MAX_PASSES
    if done:
        places.removals.close(request["id"], complete=complete)
    return {
        "removed": found.removed.total(),
        "done": done,
        **({"cancelled": found.cancelled} if found.cancelled else {}),
    }


def _broke_off(request: Mapping[str, Any], places: Places) -> bool:
    """Whether a run's end stands nowhere, and nobody is removing it already."""
    item = places.registry.version(request["persona"], request["version"])
    return (
        item is not None
        and run_of(item) == request["run"]
        and item["status"] in UNFINISHED
        and "cancelled" not in item
    )


def _cancel(request: Mapping[str, Any], places: Places, found: Pass) -> None:
    """A version that was tried again since, or that ended before it could be stopped, stays."""
    persona, version, run = request["persona"], request["version"], request["run"]
    item = places.registry.version(persona, version)
    if item is None or run_of(item) != run:
        return
    found.removed["runs"] += _stop(run, places)
    places.turns.release(persona, version)
    places.line.forget(persona, version)
    item = places.registry.version(persona, version) or item
    if item["status"] not in UNFINISHED | {"cancelled"}:
        return
    _remove_from_provider(persona, item, places, found)
    if places.registry.record_cancelled(persona, version):
        found.cancelled = {"persona": persona, "version": version, "run": run}
        by = item.get("cancelled", request)["by"]
        places.notifier.cancelled(persona=persona, run=run, by=by)


def _retire(request: Mapping[str, Any], places: Places, found: Pass) -> None:
    """Rolled back to meanwhile, a version stays."""
    persona, version = request["persona"], request["version"]
    places.registry.retire(persona, version)
    item = places.registry.version(persona, version)
    if item is not None and item["status"] == "retired":
        _remove_from_provider(persona, item, places, found)


def _erase(request: Mapping[str, Any], places: Places, found: Pass) -> None:
    persona, registry = request["persona"], places.registry
    found.removed["registry"] += registry.begin_erasing(persona, request["by"])
    found.removed["registry"] += places.line.forget(persona)
    found.removed["objects"] += places.bucket.erase(persona) + places.uploads.erase(persona)
    for item in registry.versions(persona, limit=None):
        one = Pass()
        one.removed["runs"] += _stop(run_of(item), places)
        _remove_from_provider(persona, item, places, one)
        if not one.removed.total() and not one.refused:
            # Only what a pass found nothing of at the provider may be forgotten: its name leads there.
            one.removed["registry"] += registry.forget_version(persona, item["version"])
        found.removed += one.removed
        found.refused += one.refused
    if not registry.versions(persona, limit=1):
        found.removed["registry"] += registry.forget_exports(persona) + places.turns.forget(persona)
        found.removed["registry"] += places.uploads.forget(persona)


def _stop(run: str, places: Places) -> int:
    reason = "The run was cancelled before it was approved."
    end_waiting(run, TrainingCancelled, reason, approvals=places.approvals, workflow=places.workflow)
    return places.workflow.stop(run)


def _remove_from_provider(persona: str, item: Item, places: Places, found: Pass) -> None:
    version = item["version"]
    trained_by = item.get("provider")
    if trained_by is None:  # it never came so far as to have a dataset
        return
    refused: list[str] = []
    if trained_by == places.provider:
        for what, count in ASKED.items():
            try:
                found.removed[what] += count(places.open_provider(), version)
            except ProviderRejected as refusal:
                refused.append(f"{version}: {refusal}")
    else:
        refused.append(
            f"{version} was trained by {trained_by}, and this deployment speaks to {places.provider}: "
            f"remove the files and models named after {version} there (job {item.get('job_id', 'unknown')})."
        )
    if found.removed["jobs"]:
        places.line.call_next()
    if refused:
        places.registry.record_leftovers(persona, version, refused)
        found.refused += refused
    if found.removed["models"]:
        # The same exports make a new version from now on: this one's job has no model to be found.
        found.removed["registry"] += places.registry.forget_exports(persona, version)


ASKED: Mapping[str, Callable[[Provider, str], int]] = {
    "jobs": lambda provider, version: provider.cancel_job(version),
    "files": lambda provider, version: len(provider.delete_files(file_names(version))),
    "models": lambda provider, version: len(provider.delete_models(version)),
}
