"""A job as OpenAI's protocol tells it, read from its JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from maltu.providers import Job, JobStatus
from maltu.providers.progress import finish_of, steps_of
from maltu.providers.words import repeatable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from maltu.providers.hosts import HostProfile

EVENTS: Final = 5
STATUSES: Final[Mapping[str, JobStatus]] = {
    "validating_files": "pending",
    "queued": "pending",
    "running": "running",
    "succeeded": "succeeded",
    "failed": "failed",
    "cancelled": "cancelled",
}


def job_of(told: Mapping[str, Any], host: HostProfile, events: Sequence[Mapping[str, Any]] = ()) -> Job:
    """Read a job and its latest events, in whatever order the host lists these."""
    error: Mapping[str, Any] = told.get("error") or {}
    said = [str(part) for part in (error.get("code"), error.get("message")) if part]
    newest = sorted(events, key=lambda event: event.get("created_at") or 0, reverse=True)
    messages = tuple(repeatable(event["message"]) for event in newest[:EVENTS])
    # Where something else than the job's model is deployed, the job may name none.
    deployed = told["id"] if told["status"] == "succeeded" and host.deploy != "none" else None
    return Job(
        id=told["id"],
        status=STATUSES.get(told["status"], "running"),
        model=told.get("fine_tuned_model") or deployed,
        reason=repeatable(": ".join(said)) or None,
        trained_tokens=told.get("trained_tokens"),
        events=messages,
        steps=steps_of(messages),
        finish_at=finish_of(told.get("estimated_finish")),
    )
