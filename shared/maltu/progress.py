"""How far a version is at its provider, asked while a person looks on."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from typing_extensions import TypedDict

from maltu.providers.words import LEFT_OUT

if TYPE_CHECKING:
    from collections.abc import Callable

    from maltu.providers import Inference, Job
    from maltu.table import Item

# A page that asks every second or two must not make as many questions to the provider.
FRESH_SECONDS: Final = 5.0
_EVENTS: Final = 5
# A persona is what callers know by name; jobs, files and models are the vendor's.
_VENDORS_IDS: Final = re.compile(r"\b(?:ft:|ftjob-|file-|arn:aws)[^\s,;]*")
_MOST_KEPT: Final = 100


class StepsDone(TypedDict):
    """How many of the provider's own steps are done."""

    done: int
    total: int


class Progress(TypedDict):
    """How a job is doing: its status, and what the provider tells beyond it, in its own words."""

    status: str
    steps: StepsDone | None
    events: list[str]
    estimated_finish: str | None


@dataclass(frozen=True, slots=True)
class Watch:
    """Asks the provider about jobs, and remembers its answer for some seconds.

    Attributes:
        provider: the name of the one that this deployment speaks to.
        open_inference: gives what asks it.
    """

    provider: str
    open_inference: Callable[[], Inference]
    _seen: dict[str, tuple[float, Progress | None]] = field(
        default_factory=dict[str, tuple[float, Progress | None]]
    )

    def progress(self, version: Item) -> Progress | None:
        """How a version's job is doing; None where it is not under way, or nobody can tell now."""
        job: str | None = version.get("job_id")
        if version["status"] != "training" or version.get("provider") != self.provider or job is None:
            return None
        asked_at, told = self._seen.get(job, (float("-inf"), None))
        if time.monotonic() - asked_at > FRESH_SECONDS:
            told = self._ask(job)
            if len(self._seen) >= _MOST_KEPT:
                self._seen.clear()
            self._seen[job] = (time.monotonic(), told)
        return told

    def _ask(self, job: str) -> Progress | None:
        try:
            return _shown(self.open_inference().glance(job))
        except Exception:  # noqa: BLE001 - whatever keeps the provider from telling, the rest is told
            return None


def _shown(job: Job) -> Progress:
    return {
        "status": job.status,
        "steps": {"done": job.steps.done, "total": job.steps.total} if job.steps else None,
        "events": [_VENDORS_IDS.sub(LEFT_OUT, event) for event in job.events[:_EVENTS]],
        "estimated_finish": f"{job.finish_at:%Y-%m-%dT%H:%M:%SZ}" if job.finish_at else None,
    }
