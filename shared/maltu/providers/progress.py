"""How far a job is, out of what OpenAI's protocol tells of it; a host that tells nonsense tells nothing."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from maltu.providers import Steps

if TYPE_CHECKING:
    from collections.abc import Sequence

_STEP: Final = re.compile(r"Step (\d{1,9})/(\d{1,9})\b")
_LAST: Final = datetime(2100, 1, 1, tzinfo=UTC).timestamp()


def steps_of(events: Sequence[str]) -> Steps | None:
    """Find the newest step; ``events`` are the messages of a job's events, newest first."""
    found = next(filter(None, map(_STEP.match, events)), None)
    steps = Steps(int(found[1]), int(found[2])) if found else None
    return steps if steps and steps.done <= steps.total else None


def finish_of(seconds: object) -> datetime | None:
    """When a job should end, in UTC; ``seconds`` are since 1970, and the SDK does not check that they are."""
    if not isinstance(seconds, int) or not 0 < seconds < _LAST:
        return None
    return datetime.fromtimestamp(seconds, UTC)
