"""Whatever dies, and wherever: a run leaves one job, one version and no files, or the next drop mends it."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, get_args

import pytest

from tests.support.chain import Chain, open_chain
from tests.support.dialogues import export
from tests.support.effects import Death, Effects, When
from tests.support.outcome import assert_one_of_each, jobs_of

if TYPE_CHECKING:
    from collections.abc import Iterator

# Everything that a run changes outside itself, in order: who causes it, and what it is.
EFFECTS = (
    "preprocess: PutItem exports",
    "preprocess: PutItem versions",
    "preprocess: PutObject report.json",
    "preprocess: PutObject train.jsonl",
    "preprocess: PutObject validation.jsonl",
    "preprocess: UpdateItem versions",
    "preprocess: UpdateItem turns",
    "preprocess: StartExecution",
    "CheckAccess: invoke",
    "TakeTurn: updateItem",
    "RecordUploading: updateItem",
    "UploadDataset: invoke",
    "upload_dataset: POST /v1/files",
    "upload_dataset: POST /v1/files",
    "CreateFineTune: invoke",
    "create_fine_tune: POST /v1/fine_tuning/jobs",
    "RecordTraining: updateItem",
    "CheckStatus: invoke",
    "RecordDeploying: updateItem",
    "EnsureDeployed: invoke",
    "CleanUp: invoke",
    "clean_up: DELETE /v1/files/…",
    "clean_up: DELETE /v1/files/…",
    "RecordSucceeded: updateItem",
    "Promote: updateItem",
    "ReleaseTurn: updateItem",
    "PublishOutcome: putEvents",
    "NotifySucceeded: publish",
)
EVERY_EFFECT = [pytest.param(number, id=f"{number} {what}") for number, what in enumerate(EFFECTS, 1)]
FILE = "KakaoTalk_Chat_하준_2026-10-18-22-41-07.csv"
ENDED = {"succeeded", "failed", "cancelled"}
PATIENCE = 10.0


@dataclass
class Watched:
    """A chain whose effects are counted; every test has a persona of its own in it."""

    chain: Chain
    effects: Effects

    def drop(self, persona: str, death: Death | None = None) -> None:
        """Drop the export and see the run to its end."""
        self.effects.begin(death)
        self.chain.cloud.drop(f"exports/{persona}/{FILE}", export())
        self.chain.cloud.settle()

    def assert_one_of_each(self, persona: str) -> str:
        """See :func:`tests.support.outcome.assert_one_of_each`."""
        return assert_one_of_each(self.chain.cloud, self.chain.provider, persona)


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    effects = Effects()
    folder = tmp_path_factory.mktemp("provider")
    with pytest.MonkeyPatch.context() as patch, open_chain(folder, patch, effects=effects) as chain:

        def until_nothing_trains() -> None:
            # One look at a job instead of some: a run has the same effects every time.
            deadline = time.monotonic() + PATIENCE
            while not ENDED.issuperset(chain.jobs()):
                assert time.monotonic() < deadline, "a job does not end"
                time.sleep(0.005)

        chain.cloud.wait = until_nothing_trains
        yield Watched(chain, effects)


def test_these_are_all_effects_of_a_run(watched: Watched) -> None:
    watched.drop("undisturbed")
    assert tuple(watched.effects.made) == EFFECTS
    watched.assert_one_of_each("undisturbed")


@pytest.mark.parametrize("when", get_args(When))
@pytest.mark.parametrize("number", EVERY_EFFECT)
def test_one_death_costs_the_owner_nothing(watched: Watched, number: int, when: When) -> None:
    persona = f"{when}-{number}"
    watched.drop(persona, Death(number, when))
    assert watched.effects.made[number - 1] == EFFECTS[number - 1]
    version = watched.assert_one_of_each(persona)
    assert jobs_of(watched.chain.provider, version) == ["succeeded"], "none was paid for in vain"


@pytest.mark.parametrize("when", get_args(When))
@pytest.mark.parametrize("number", EVERY_EFFECT)
def test_the_next_drop_mends_what_an_outage_broke(watched: Watched, number: int, when: When) -> None:
    persona = f"outage-{when}-{number}"
    watched.drop(persona, Death(number, when, lasting=True))
    watched.drop(persona)
    watched.assert_one_of_each(persona)
