"""What every provider adapter does, against a real server: the same cases for each adapter."""

from __future__ import annotations

import time
from contextlib import nullcontext
from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast, get_args

import boto3
import pytest
from moto import mock_aws
from openai.types.fine_tuning import FineTuningJob

from infra.local.finetuning import create_app, serve
from infra.local.finetuning.bedrock import foundation
from infra.local.finetuning.bedrock.operations import service_model
from maltu.errors import (
    InvalidSettings,
    ModelNotReady,
    ProviderRejected,
    ProviderUnavailable,
    RateLimited,
    TrainingFailed,
)
from maltu.providers import DatasetFile, Job, JobStatus, Sampling, bedrock, bedrock_chat, open_provider
from maltu.providers import openai as openai_adapter
from maltu.providers.bedrock_chat import request_of
from tests.support.adapters import ADAPTERS, BUCKET, ROLE, Adapter
from tests.support.aws_shapes import Checked
from tests.support.engines import GatedEngine
from tests.support.faults import Fault, Faulty

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from botocore.model import StringShape

    from maltu.providers import Provider

Client = Any  # boto3's stubs for Bedrock are no dependency

RUN = "20261018t134107000-3f9a1c2b4d5e"
ANOTHER = "20261018t134107000-another00000"
ASK = [{"role": "system", "content": "s"}, {"role": "user", "content": "밥 먹었어?"}]
BRIEF = Sampling(max_tokens=50, temperature=0)
PATIENCE = 20


@pytest.fixture
def engine() -> GatedEngine:
    return GatedEngine()


@pytest.fixture
def wire(tmp_path: Path, engine: GatedEngine) -> Iterator[Faulty]:
    checked = Checked(create_app(tmp_path / "state", engine=engine, api_key="key"))
    yield Faulty(checked)
    assert checked.wrong == []


@pytest.fixture(params=ADAPTERS)
def adapter(request: pytest.FixtureRequest) -> Adapter:
    return ADAPTERS[request.param]


@pytest.fixture
def url(wire: Faulty) -> Iterator[str]:
    with mock_aws():
        boto3.client("s3").create_bucket(Bucket=BUCKET)
        with serve(wire) as served:
            yield served


@pytest.fixture
def provider(adapter: Adapter, url: str, monkeypatch: pytest.MonkeyPatch) -> Provider:
    return adapter.open(url, monkeypatch)


@pytest.fixture
def dataset(tmp_path: Path, adapter: Adapter) -> Path:
    path = tmp_path / "train.jsonl"
    path.write_text("".join(adapter.line % (n, n) for n in range(12)), "utf-8")
    return path


def stored(dataset: Path, name: str) -> DatasetFile:
    """Put a dataset into our bucket, under a persona whose name is not ASCII."""
    key = f"datasets/하준/v/{name}"
    boto3.client("s3").put_object(Bucket=BUCKET, Key=key, Body=dataset.read_bytes())
    return DatasetFile(name, f"s3://{BUCKET}/{key}", lambda: nullcontext(dataset))


def start(provider: Provider, adapter: Adapter, dataset: Path, run: str = RUN) -> Job:
    training = provider.upload(stored(dataset, f"{run}-train.jsonl"))
    return provider.create_job(
        run=run, base_model=adapter.base_model, training=training, validation=None, n_epochs=1
    )


def end_of(provider: Provider, job: Job) -> Job:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        seen = provider.get_job(job.id)
        if seen.status not in {"pending", "running"}:
            return seen
        time.sleep(0.01)
    raise TimeoutError(job.id)


def deployed(provider: Provider, adapter: Adapter, done: Job, run: str = RUN) -> str:
    assert done.model is not None
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        model = provider.ensure_deployed(run=run, base_model=adapter.base_model, model=done.model)
        if model is not None:
            return model
        time.sleep(0.02)
    raise TimeoutError(done.model)


def erase(provider: Provider, run: str = RUN) -> list[str]:
    """Ask until nothing is left, as whoever erases a persona does."""
    gone: list[str] = []
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        try:
            deleted = provider.delete_models(run)
        except ProviderUnavailable:
            time.sleep(0.02)
            continue
        if not deleted:
            return gone
        gone += deleted
    raise TimeoutError(run)


def test_a_job_trains_a_model_that_answers(
    provider: Provider, adapter: Adapter, dataset: Path, engine: GatedEngine
) -> None:
    job = start(provider, adapter, dataset)
    assert job.status in {"pending", "running"}
    engine.gate.set()
    done = end_of(provider, job)
    assert (done.status, done.reason) == ("succeeded", None)
    assert bool(done.trained_tokens) is adapter.counts_tokens
    model = deployed(provider, adapter, done)
    assert deployed(provider, adapter, done) == model
    replies = provider.chat(model, ASK, BRIEF)
    assert replies.choices[0].text.startswith("ㅇㅇ")
    assert replies.choices[0].finish_reason == "stop"
    assert replies.prompt_tokens > 0
    assert replies.completion_tokens > 0
    assert len(provider.chat(model, ASK, Sampling(max_tokens=50, n=3)).choices) == 3
    assert provider.chat(model, ASK, Sampling(max_tokens=1)).choices[0].finish_reason == "length"
    stopped = provider.chat(model, ASK, replace(BRIEF, stop=("ㅇ ",))).choices[0]
    assert (stopped.text, stopped.finish_reason) == ("ㅇ", "stop")


def test_a_run_finds_its_file_and_its_job_again(provider: Provider, adapter: Adapter, dataset: Path) -> None:
    assert provider.upload(stored(dataset, "a.jsonl")) == provider.upload(stored(dataset, "a.jsonl"))
    first = start(provider, adapter, dataset)
    assert start(provider, adapter, dataset).id == first.id
    assert start(provider, adapter, dataset, run=ANOTHER).id != first.id


def test_a_file_of_the_same_name_and_another_size_is_read_as_it_is_now(
    provider: Provider, adapter: Adapter, dataset: Path, url: str
) -> None:
    provider.upload(stored(dataset, "a.jsonl"))
    dataset.write_text(dataset.read_text("utf-8") + adapter.line % (99, 99), "utf-8")
    second = provider.upload(stored(dataset, "a.jsonl"))
    assert adapter.content(url, second) == dataset.read_bytes()


def test_a_cancelled_job_ends_and_the_run_may_start_another(
    provider: Provider, adapter: Adapter, dataset: Path
) -> None:
    first = start(provider, adapter, dataset)
    provider.cancel_job(RUN)
    assert end_of(provider, first).status == "cancelled"
    provider.cancel_job(RUN)
    provider.cancel_job(ANOTHER)
    second = start(provider, adapter, dataset)
    assert second.id != first.id
    assert start(provider, adapter, dataset).id == second.id


def test_a_failed_job_says_why_and_the_run_may_start_another(
    provider: Provider, adapter: Adapter, dataset: Path
) -> None:
    whole = dataset.read_text("utf-8")
    dataset.write_text("not json\n" * 12, "utf-8")
    failed = end_of(provider, start(provider, adapter, dataset))
    assert failed.status == "failed"
    assert failed.reason is not None
    assert "ine 1" in failed.reason
    assert failed.events
    dataset.write_text(whole, "utf-8")
    second = start(provider, adapter, dataset)
    assert second.id != failed.id
    assert start(provider, adapter, dataset).id == second.id


def test_what_was_uploaded_is_deleted_by_name_and_deleting_again_is_no_error(
    provider: Provider, adapter: Adapter, dataset: Path, wire: Faulty, url: str
) -> None:
    first = provider.upload(stored(dataset, "a.jsonl"))
    other = provider.upload(stored(dataset, "b.jsonl"))
    assert provider.delete_files(["a.jsonl", "never.jsonl"]) == (first,)
    assert provider.delete_files(["a.jsonl"]) == ()
    assert sum(line.startswith("DELETE") for line in wire.served) == adapter.file_deletions
    assert adapter.content(url, first) is None
    assert adapter.content(url, other) == dataset.read_bytes()
    again = provider.upload(stored(dataset, "a.jsonl"))
    assert adapter.content(url, again) == dataset.read_bytes()


def test_what_a_run_trained_is_deleted_and_deleting_again_is_no_error(
    provider: Provider, adapter: Adapter, dataset: Path, engine: GatedEngine
) -> None:
    engine.gate.set()
    others = end_of(provider, start(provider, adapter, dataset, run=ANOTHER))
    done = end_of(provider, start(provider, adapter, dataset))
    serving = deployed(provider, adapter, done)
    other_serving = deployed(provider, adapter, others, run=ANOTHER)
    assert set(erase(provider)) == {done.model, serving}
    assert erase(provider) == []
    with pytest.raises(ModelNotReady):
        provider.chat(serving, ASK, BRIEF)
    assert provider.chat(other_serving, ASK, BRIEF).choices[0].text


def test_a_base_model_that_the_account_may_tune_passes_the_check(
    provider: Provider, adapter: Adapter
) -> None:
    provider.check_access(adapter.base_model)


def test_a_base_model_that_is_not_there_is_refused_before_anything_leaves(provider: Provider) -> None:
    with pytest.raises(ProviderRejected, match=r"gpt\.0"):
        provider.check_access("gpt.0")


@pytest.mark.parametrize(
    ("adapter", "fault", "error"),
    [(name, *each) for name, adapter in ADAPTERS.items() for each in adapter.refusals],
    indirect=["adapter"],
)
def test_creating_is_never_repeated_by_itself(  # noqa: PLR0913, PLR0917 - the fixtures and the case
    provider: Provider, adapter: Adapter, dataset: Path, wire: Faulty, fault: Fault, error: type[Exception]
) -> None:
    now = replace(fault)
    wire.faults.append(now)
    with pytest.raises(error) as raised:
        start(provider, adapter, dataset)
    assert raised.type is error
    assert now.times == 0
    created = f"POST {adapter.jobs}"
    assert wire.served.count(created) == (fault.action == "lose_answer")
    found = start(provider, adapter, dataset)
    assert wire.served.count(created) == 1, "a later try finds what was made, or makes it"
    assert start(provider, adapter, dataset).id == found.id


def test_asking_is_repeated_by_itself(
    provider: Provider, adapter: Adapter, dataset: Path, wire: Faulty
) -> None:
    job = start(provider, adapter, dataset)
    wire.faults.append(Fault("GET", job.id, status=503, times=2))
    assert provider.get_job(job.id).id == job.id


def test_a_model_that_is_not_there_yet(provider: Provider, adapter: Adapter) -> None:
    with pytest.raises(ModelNotReady):
        provider.chat(adapter.nowhere, ASK, BRIEF)


def test_a_host_that_is_not_there(adapter: Adapter, monkeypatch: pytest.MonkeyPatch) -> None:
    provider = adapter.open("http://127.0.0.1:9/v1", monkeypatch)
    with pytest.raises(ProviderUnavailable, match="could not be reached"):
        provider.chat(adapter.nowhere, ASK, BRIEF)


def test_an_unknown_adapter_is_refused_with_those_there_are() -> None:
    with pytest.raises(InvalidSettings, match=f"there are: {', '.join(ADAPTERS)}"):
        open_provider("mistral", str)


def test_the_statuses_that_the_vendors_know_are_all_mapped_and_others_run_on() -> None:
    known = FineTuningJob.model_fields["status"].annotation
    assert set(openai_adapter.STATUSES) == set(get_args(known))
    shape = cast("StringShape", service_model("bedrock").shape_for("ModelCustomizationJobStatus"))
    assert set(bedrock.STATUSES) == set(shape.enum)
    for statuses in (openai_adapter.STATUSES, bedrock.STATUSES):
        assert set(statuses.values()) <= set(get_args(JobStatus))


class TestOpenAI:
    """What this protocol alone has."""

    @pytest.fixture
    def adapter(self) -> Adapter:
        return ADAPTERS["openai"]

    def test_a_completion_is_continued(
        self, provider: Provider, adapter: Adapter, dataset: Path, engine: GatedEngine
    ) -> None:
        engine.gate.set()
        model = end_of(provider, start(provider, adapter, dataset)).model
        assert model is not None
        assert provider.complete(model, "밥 먹었어?", BRIEF).choices[0].text.startswith("ㅇㅇ")

    def test_a_wrong_key_is_refused(
        self, adapter: Adapter, url: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with pytest.raises(ProviderRejected, match="refused the key"):
            adapter.open(url, monkeypatch, api_key="wrong").get_job("ftjob-1")


class TestBedrock:
    """What this protocol alone has."""

    @pytest.fixture
    def adapter(self) -> Adapter:
        return ADAPTERS["bedrock"]

    @pytest.fixture
    def model(self, provider: Provider, adapter: Adapter, dataset: Path, engine: GatedEngine) -> str:
        engine.gate.set()
        done = end_of(provider, start(provider, adapter, dataset))
        assert done.model is not None
        return done.model

    @pytest.fixture
    def control(self, url: str) -> Client:
        return cast("Any", boto3).client("bedrock", endpoint_url=url.removesuffix("/v1"))

    def test_a_job_says_what_it_is_made_of(
        self, provider: Provider, adapter: Adapter, dataset: Path, control: Client
    ) -> None:
        training, validation = (
            provider.upload(stored(dataset, f"{RUN}-{part}.jsonl")) for part in ("train", "validation")
        )
        job = provider.create_job(
            run=RUN, base_model=adapter.base_model, training=training, validation=validation, n_epochs=None
        )
        made = control.get_model_customization_job(jobIdentifier=job.id)
        assert made["jobName"] == made["outputModelName"] == made["clientRequestToken"] == f"maltu-{RUN}-1"
        assert made["trainingDataConfig"] == {"s3Uri": f"s3://{BUCKET}/bedrock/input/{RUN}-train.jsonl"}
        assert made["validationDataConfig"] == {"validators": [{"s3Uri": validation}]}
        assert made["outputDataConfig"] == {"s3Uri": f"s3://{BUCKET}/bedrock/output/maltu-{RUN}-1/"}
        assert (made["roleArn"], made["hyperParameters"]) == (ROLE, {})
        provider.cancel_job(RUN)
        end_of(provider, job)
        again = provider.create_job(
            run=RUN, base_model=adapter.base_model, training=training, validation=None, n_epochs=4
        )
        made = control.get_model_customization_job(jobIdentifier=again.id)
        assert made["jobName"] == f"maltu-{RUN}-2"
        assert (made["hyperParameters"], made["validationDataConfig"]) == (
            {"epochCount": "4"},
            {"validators": []},
        )

    def test_a_jobs_stages_are_its_events(
        self, provider: Provider, adapter: Adapter, dataset: Path, engine: GatedEngine
    ) -> None:
        job = start(provider, adapter, dataset)
        engine.started.wait(PATIENCE)
        events = provider.get_job(job.id).events
        assert events == ("training: InProgress", "dataProcessing: Completed", "validation: Completed")

    def test_a_deployment_is_made_once_and_takes_a_moment(
        self, provider: Provider, adapter: Adapter, model: str, wire: Faulty, control: Client
    ) -> None:
        path = "/model-customization/custom-model-deployments"
        wire.faults.append(Fault("POST", path, action="lose_answer"))
        with pytest.raises(ProviderUnavailable):
            provider.ensure_deployed(run=RUN, base_model=adapter.base_model, model=model)
        assert provider.ensure_deployed(run=RUN, base_model=adapter.base_model, model=model) is None
        assert deployed(provider, adapter, Job("", "succeeded", model))
        assert len(control.list_custom_model_deployments()["modelDeploymentSummaries"]) == 1
        assert wire.served.count(f"POST {path}") == 1

    def test_a_deployment_that_fails_says_why_and_the_next_attempt_makes_another(
        self, provider: Provider, adapter: Adapter, model: str, tmp_path: Path, control: Client
    ) -> None:
        folder = tmp_path / "state" / "models"
        hidden = folder.rename(tmp_path / "hidden")
        with pytest.raises(TrainingFailed, match=r"could not deploy it: The model could not be loaded"):
            deployed(provider, adapter, Job("", "succeeded", model))
        deadline = time.monotonic() + PATIENCE
        while control.list_custom_model_deployments()["modelDeploymentSummaries"]:
            assert time.monotonic() < deadline
            time.sleep(0.02)
        hidden.rename(folder)
        serving = deployed(provider, adapter, Job("", "succeeded", model))
        assert provider.chat(serving, ASK, BRIEF).choices[0].text

    def test_models_wait_until_their_deployment_is_gone(
        self, provider: Provider, adapter: Adapter, model: str
    ) -> None:
        serving = deployed(provider, adapter, Job("", "succeeded", model))
        assert provider.delete_models(RUN) == (serving,)
        with pytest.raises(ProviderUnavailable, match="still being deleted"):
            provider.delete_models(RUN)
        assert erase(provider) == [model]

    def test_a_base_model_that_cannot_be_tuned_here_is_refused(
        self, provider: Provider, adapter: Adapter, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        known = "arn:aws:bedrock:us-east-1::foundation-model/a.bc"
        described: dict[str, object] = {"modelArn": known, "modelId": adapter.base_model}
        described["customizationsSupported"] = []

        def describe(_: object) -> dict[str, object]:
            return described

        monkeypatch.setattr(foundation, "_details", describe)
        with pytest.raises(ProviderRejected, match=r"us-east-1 has no base model .* that can be tuned"):
            provider.check_access(adapter.base_model)

    @pytest.mark.parametrize(
        ("said", "permission"),
        [
            ("User: x is not authorized to perform: iam:PassRole on resource: y", "iam:PassRole"),
            ("", "bedrock:CreateModelCustomizationJob"),
        ],
    )
    def test_a_missing_permission_is_named(  # noqa: PLR0913, PLR0917 - the fixtures and the case
        self, provider: Provider, adapter: Adapter, dataset: Path, wire: Faulty, said: str, permission: str
    ) -> None:
        fault = Fault("POST", "-jobs", status=403, code="AccessDeniedException", message=said)
        wire.faults.append(fault)
        with pytest.raises(ProviderRejected, match=f"AWS does not allow {permission} "):
            start(provider, adapter, dataset)

    @pytest.mark.parametrize(
        ("status", "code", "error"),
        [
            (429, "ThrottlingException", RateLimited),
            (429, "ModelNotReadyException", ModelNotReady),
            (404, "ResourceNotFoundException", ModelNotReady),
            (403, "AccessDeniedException", ProviderRejected),
            (400, "ValidationException", ProviderRejected),
            (408, "ModelTimeoutException", ProviderUnavailable),
            (424, "ModelErrorException", ProviderUnavailable),
            (503, "ServiceUnavailableException", ProviderUnavailable),
            (500, None, ProviderUnavailable),
        ],
    )
    def test_a_refused_answer_is_not_asked_again_and_nothing_is_quoted(  # noqa: PLR0913, PLR0917 - as above
        self,
        provider: Provider,
        adapter: Adapter,
        wire: Faulty,
        status: int,
        code: str | None,
        error: type[Exception],
    ) -> None:
        said = "Value '아무에게도 말하지 마' at 'messages' failed"
        wire.faults.append(Fault("POST", "/converse", status=status, code=code, message=said, times=1))
        with pytest.raises(error) as raised:
            provider.chat(adapter.nowhere, ASK, BRIEF)
        assert raised.type is error
        assert "말하지" not in str(raised.value)
        assert wire.served == []

    def test_messages_are_brought_into_the_order_that_bedrock_takes(
        self, provider: Provider, adapter: Adapter, model: str
    ) -> None:
        said = [
            ("system", "나는 System: 이다"), ("system", " "), ("assistant", "먼저"), ("user", "하나"),
            ("user", " "), ("user", "둘 <image>"), ("assistant", "셋"), ("user", "넷"),
        ]  # fmt: skip
        messages = [{"role": role, "content": text} for role, text in said]
        sampling = Sampling(max_tokens=7, temperature=1.7, top_p=0.5, seed=3, stop=("\n",))
        request = request_of(messages, sampling)
        assert request["system"] == [{"text": "나는 System： 이다"}]
        assert [(each["role"], each["content"][0]["text"]) for each in request["messages"]] == [
            ("user", "하나\n둘 ＜image＞"),
            ("assistant", "셋"),
            ("user", "넷"),
        ]
        assert request["inferenceConfig"] == {
            "maxTokens": 7, "temperature": 1, "topP": 0.5, "stopSequences": ["\n"],
        }  # fmt: skip
        serving = deployed(provider, adapter, Job("", "succeeded", model))
        assert provider.chat(serving, messages, sampling).choices[0].text

    def test_there_are_no_completions(self, provider: Provider) -> None:
        with pytest.raises(ProviderRejected, match="set format to bedrock"):
            provider.complete("model", "밥 먹었어?", BRIEF)

    def test_every_reason_to_stop_has_one_of_openais_names(self) -> None:
        shape = cast("StringShape", service_model("bedrock-runtime").shape_for("StopReason"))
        assert set(bedrock_chat.FINISH_REASONS) < set(shape.enum)
        assert set(bedrock_chat.FINISH_REASONS.values()) == {"length", "content_filter"}
