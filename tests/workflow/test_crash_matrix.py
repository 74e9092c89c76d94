"""Whatever dies, and wherever: a run leaves one job, one version and no files, or the next drop mends it."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, get_args

import boto3
import pytest

from tests.support.chain import Chain, open_chain
from tests.support.cloud import BUCKET, TABLE
from tests.support.dialogues import ANSWERED, export
from tests.support.effects import Death, Effects, When

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
    "preprocess: StartExecution",
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

    def is_live(self, persona: str) -> bool:
        """Whether the owner is told that the persona answers."""
        status, body = self.chain.cloud.get(f"/v1/personas/{persona}")
        return status == 200 and body["live_version"] is not None

    def jobs(self, version: str) -> list[str]:
        """The statuses of the version's jobs at the provider."""
        jobs = self.chain.provider.fine_tuning.jobs.list()
        return [job.status for job in jobs if version in str(job.metadata)]


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


def assert_one_of_each(watched: Watched, persona: str) -> str:
    """What a persona must look like in the end; return its version."""
    chain = watched.chain
    status, told = chain.cloud.get(f"/v1/personas/{persona}")
    assert status == 200, told
    (version,) = told["versions"]
    name = version["version"]
    assert (version["status"], told["live_version"]) == ("succeeded", name)
    assert version["failure"] is None
    assert [status for status in watched.jobs(name) if status != "cancelled"] == ["succeeded"]
    assert [file for file in chain.files() if name in file] == []
    assert registered(f"exports#{persona}") == [name]
    assert datasets(persona) == [f"{name}/{file}" for file in ("report.json", "train.jsonl", "validation.jsonl")]
    status, answer = chain.cloud.post(
        "/v1/chat/completions", {"model": persona, "messages": [{"role": "user", "content": "밥 먹었어?"}]}
    )
    assert status == 200, answer
    assert answer["choices"][0]["message"]["content"] in ANSWERED
    return name


def registered(pk: str) -> list[str]:
    """The versions that stand under a key of the registry."""
    items = boto3.client("dynamodb").query(
        TableName=TABLE,
        KeyConditionExpression="pk = :pk",
        ExpressionAttributeValues={":pk": {"S": pk}},
    )["Items"]
    return [item["version"].get("S", "") for item in items]


def datasets(persona: str) -> list[str]:
    prefix = f"datasets/{persona}/"
    listed = boto3.client("s3").list_objects_v2(Bucket=BUCKET, Prefix=prefix).get("Contents", [])
    return [item.get("Key", "").removeprefix(prefix) for item in listed]


def test_these_are_all_effects_of_a_run(watched: Watched) -> None:
    watched.drop("undisturbed")
    assert tuple(watched.effects.made) == EFFECTS
    assert_one_of_each(watched, "undisturbed")


@pytest.mark.parametrize("when", get_args(When))
@pytest.mark.parametrize("number", EVERY_EFFECT)
def test_one_death_costs_the_owner_nothing(watched: Watched, number: int, when: When) -> None:
    persona = f"{when}-{number}"
    watched.drop(persona, Death(number, when))
    assert watched.effects.made[number - 1] == EFFECTS[number - 1]
    version = assert_one_of_each(watched, persona)
    assert watched.jobs(version) == ["succeeded"], "none was paid for in vain"


@pytest.mark.parametrize("when", get_args(When))
@pytest.mark.parametrize("number", EVERY_EFFECT)
def test_the_next_drop_mends_what_an_outage_broke(watched: Watched, number: int, when: When) -> None:
    persona = f"outage-{when}-{number}"
    watched.drop(persona, Death(number, when, lasting=True))
    watched.drop(persona)
    assert_one_of_each(watched, persona)
