"""Whatever dies, and wherever: a run leaves one of each and no files, or the next drop mends it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, cast, get_args

import boto3
import pytest

from infra.local.finetuning.bedrock import deployments
from maltu import deployment
from tests.support.adapters import BEDROCK, OPENAI, Adapter
from tests.support.chain import Chain, open_chain
from tests.support.cloud import BUCKET
from tests.support.dialogues import export
from tests.support.effects import Death, Effects, When
from tests.support.outcome import (
    assert_one_at_bedrock,
    assert_one_at_openai,
    assert_one_live,
    jobs_at_bedrock,
    jobs_of,
)
from tests.support.waiting import until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PREPARING = (
    "preprocess: PutItem exports",
    "preprocess: UpdateItem personas",
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
)
MEASURING = (
    "Interview: invoke",
    "interview: PutObject replies.jsonl",
    "StyleReport: invoke",
    "style_report: PutObject style.json",
    "style_report: PutObject style.html",
)
TELLING = (
    "RecordSucceeded: updateItem",
    "Promote: updateItem",
    "ReleaseTurn: updateItem",
    "PublishOutcome: putEvents",
    "NotifySucceeded: publish",
)
FILE = "KakaoTalk_Chat_하준_2026-10-18-22-41-07.csv"
ENDED = {"succeeded", "failed", "cancelled"}
PATIENCE = 10.0


@dataclass(frozen=True)
class Course:
    """What a run does with one provider.

    Attributes:
        adapter: the provider's.
        effects: everything that a run changes outside itself, in order: who causes it, and what it is.
        opened: what the provider is asked through about what a run left there.
        assert_one: holds that against what there must be, given a version.
        jobs: the statuses of a version's jobs.
        succeeded: what the provider calls a job that has.
    """

    adapter: Adapter
    effects: tuple[str, ...]
    opened: Callable[[Chain], Any]
    assert_one: Callable[[Any, str], None]
    jobs: Callable[[Any, str], list[str]]
    succeeded: str


AT_OPENAI = Course(
    adapter=OPENAI,
    effects=(
        *PREPARING,
        "upload_dataset: POST /v1/files",
        "upload_dataset: POST /v1/files",
        "CreateFineTune: invoke",
        "create_fine_tune: POST /v1/fine_tuning/jobs",
        "RecordTraining: updateItem",
        "CheckStatus: invoke",
        "CallNext: invoke",
        "RecordDeploying: updateItem",
        "EnsureDeployed: invoke",
        *MEASURING,
        "CleanUp: invoke",
        "clean_up: DELETE /v1/files/…",
        "clean_up: DELETE /v1/files/…",
        *TELLING,
    ),
    opened=lambda chain: chain.provider,
    assert_one=assert_one_at_openai,
    jobs=jobs_of,
    succeeded="succeeded",
)
AT_BEDROCK = Course(
    adapter=BEDROCK,
    effects=(
        *PREPARING,
        "upload_dataset: CopyObject train.jsonl",
        "upload_dataset: CopyObject validation.jsonl",
        "CreateFineTune: invoke",
        "create_fine_tune: CreateModelCustomizationJob",
        "RecordTraining: updateItem",
        "CheckStatus: invoke",
        "CallNext: invoke",
        "RecordDeploying: updateItem",
        "EnsureDeployed: invoke",
        "ensure_deployed: CreateCustomModelDeployment",
        "RecordWaiting: updateItem",
        "EnsureDeployed: invoke",
        *MEASURING,
        "CleanUp: invoke",
        "clean_up: DeleteObject train.jsonl",
        "clean_up: DeleteObject validation.jsonl",
        *TELLING,
    ),
    opened=lambda _: cast("Any", boto3).client("bedrock"),
    assert_one=assert_one_at_bedrock,
    jobs=jobs_at_bedrock,
    succeeded="Completed",
)


@dataclass
class Watched:
    """A chain whose effects are counted; every test has a persona of its own in it."""

    course: Course
    chain: Chain
    effects: Effects
    opened: Any

    def drop(self, persona: str, death: Death | None = None) -> None:
        """Drop the export and see the run to its end."""
        self.effects.begin(death)
        self.chain.cloud.drop(f"exports/{persona}/{FILE}", export())
        self.chain.cloud.settle()

    def assert_one_of_each(self, persona: str) -> str:
        """One version, live and answering, and at the provider what belongs to one; return the version."""
        version = assert_one_live(self.chain.cloud, persona)
        self.course.assert_one(self.opened, version)
        return version


@pytest.fixture(autouse=True, scope="class")
def nothing_remembered() -> Iterator[None]:
    """What the functions remember is as good for the next test: all of a class have one chain."""
    deployment.forget()
    yield
    deployment.forget()


@pytest.fixture(scope="class")
def watched(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, nothing_remembered: None
) -> Iterator[Watched]:
    del nothing_remembered
    course: Course = cast("Any", request).cls.course
    effects = Effects()
    folder = tmp_path_factory.mktemp("provider")
    with pytest.MonkeyPatch.context() as patch:
        # Who looks again finds the deployment made: a run has the same effects every time.
        patch.setattr(deployments, "CREATING_SECONDS", 0)
        with open_chain(folder, patch, adapter=course.adapter, effects=effects) as chain:

            def until_nothing_trains() -> None:
                # One look at a job instead of some, for the same reason.
                until(lambda: chain.newest_job() in {*ENDED, None}, seconds=PATIENCE, pause=0.005)

            chain.cloud.wait = until_nothing_trains
            yield Watched(course, chain, effects, course.opened(chain))


@pytest.fixture(autouse=True)
def emptied(watched: Watched) -> Iterator[None]:
    """Leave no objects to the next test: moto copies all that a bucket holds whenever versions are listed."""
    yield
    del watched
    s3 = boto3.client("s3")
    listed = s3.list_object_versions(Bucket=BUCKET)
    held = [*listed.get("Versions", []), *listed.get("DeleteMarkers", [])]
    gone: Any = [{"Key": each.get("Key"), "VersionId": each.get("VersionId")} for each in held]
    s3.delete_objects(Bucket=BUCKET, Delete={"Objects": gone})


class Matrix:
    """Every effect of a course, and a death before and after it."""

    course: ClassVar[Course]

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        if "number" in metafunc.fixturenames:
            effects = enumerate(self.course.effects, 1)
            numbers = [pytest.param(number, id=f"{number} {what}") for number, what in effects]
            metafunc.parametrize("number", numbers)
            metafunc.parametrize("when", get_args(When))

    def test_these_are_all_effects_of_a_run(self, watched: Watched) -> None:
        watched.drop("undisturbed")
        assert tuple(watched.effects.made) == self.course.effects
        watched.assert_one_of_each("undisturbed")

    def test_one_death_costs_the_owner_nothing(self, watched: Watched, number: int, when: When) -> None:
        persona = f"{when}-{number}"
        watched.drop(persona, Death(number, when))
        assert watched.effects.made[number - 1] == self.course.effects[number - 1]
        version = watched.assert_one_of_each(persona)
        jobs = self.course.jobs(watched.opened, version)
        assert jobs == [self.course.succeeded], "none was paid for in vain"


class TestOpenAI(Matrix):
    course = AT_OPENAI

    # What the next drop finds in the registry and in Step Functions is the same at every provider.
    def test_the_next_drop_mends_what_an_outage_broke(
        self, watched: Watched, number: int, when: When
    ) -> None:
        persona = f"outage-{when}-{number}"
        watched.drop(persona, Death(number, when, lasting=True))
        watched.drop(persona)
        watched.assert_one_of_each(persona)


class TestBedrock(Matrix):
    course = AT_BEDROCK
