"""What hosts tell of a job's progress, nonsense included."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, cast

import pytest

from maltu.progress import Watch
from maltu.providers import Job
from maltu.providers.progress import finish_of, steps_of

if TYPE_CHECKING:
    from maltu.providers import Inference, Steps


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


class Told:
    def __init__(self, job: Job) -> None:
        self.job = job

    def glance(self, job: str) -> Job:
        assert job == self.job.id
        return self.job


TRAINS = {"status": "training", "provider": "openai", "job_id": "ftjob-1"}


def nowhere() -> Inference:
    raise OSError("as the test wants")


def test_whatever_keeps_a_provider_from_telling_is_no_fault_of_the_version() -> None:
    assert Watch("openai", nowhere).progress(TRAINS) is None


@pytest.mark.parametrize("other", [{"status": "deploying"}, {"provider": "bedrock"}, {"job_id": None}])
def test_nobody_is_asked_of_what_does_not_train_there(other: dict[str, str | None]) -> None:
    asked: list[str] = []

    def open_inference() -> Inference:
        asked.append("")
        raise OSError

    watch = Watch("openai", open_inference)
    assert watch.progress({**TRAINS, **other}) is None
    assert not asked
    assert watch.progress(TRAINS) is None
    assert asked


def test_no_vendors_id_is_told() -> None:
    said = (
        "Created ftjob-Ab1 from file-9z, done: ft:gpt-4.1-mini:acme:x:Bq",
        "Validating file-9z",
        "profile-1",
    )
    job = Job("ftjob-1", "running", events=said)
    progress = Watch("openai", lambda: cast("Inference", Told(job))).progress(TRAINS)
    assert progress
    assert progress["events"] == ["Created … from …, done: …", "Validating …", "profile-1"]


def test_a_moment_is_in_utc() -> None:
    assert finish_of(1792331400) == datetime(2026, 10, 18, 13, 50, tzinfo=UTC)
