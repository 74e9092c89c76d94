"""What hosts tell of a job's progress, nonsense included."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from maltu.providers.progress import finish_of, steps_of

if TYPE_CHECKING:
    from maltu.providers import Steps


@pytest.mark.parametrize(
    ("events", "steps"),
    [
        ((), None),
        (("Fine-tuning job started",), None),
        (("Step 91/100: training loss=0.59", "Step 90/100: training loss=0.6"), (91, 100)),
        (("New fine-tuned model created", "Step 100/100: training loss=0.59"), (100, 100)),
        (("Step 5: training loss=0.59",), None),
        (("Steps 5/6",), None),
        (("Step 7/6: training loss=0.1",), None),
        (("Step 1/99999999999999999999",), None),
    ],
)
def test_the_newest_step_counts(events: tuple[str, ...], steps: Steps | None) -> None:
    assert steps_of(events) == steps


@pytest.mark.parametrize("said", [None, 0, -1, "1792331400", 1792331400.5, 1792331400000, 10**30])
def test_what_is_no_moment_is_none(said: object) -> None:
    assert finish_of(said) is None


def test_a_moment_is_in_utc() -> None:
    assert finish_of(1792331400) == datetime(2026, 10, 18, 13, 50, tzinfo=UTC)
