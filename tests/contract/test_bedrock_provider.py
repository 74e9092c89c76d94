"""What Bedrock's adapter alone does."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, cast

import boto3
import pytest

from infra.local.finetuning.bedrock import foundation
from infra.local.finetuning.bedrock.operations import service_model
from maltu.errors import (
    ModelNotReady,
    ProviderRejected,
    ProviderUnavailable,
    RateLimited,
    TrainingFailed,
)
from maltu.providers import Job, Sampling, bedrock_chat
from maltu.providers.bedrock_chat import request_of
from tests.support.adapters import ADAPTERS, BUCKET, ROLE, Adapter
from tests.support.faults import Fault, Faulty
from tests.support.runs import ANOTHER, ASK, BRIEF, PATIENCE, RUN, deployed, end_of, erase, start, stored

if TYPE_CHECKING:
    from pathlib import Path

    from botocore.model import StringShape

    from maltu.providers import Provider
    from tests.support.engines import GatedEngine

Client = Any  # boto3's stubs for Bedrock are no dependency


@pytest.fixture
def adapter() -> Adapter:
    return ADAPTERS["bedrock"]


@pytest.fixture
def model(provider: Provider, adapter: Adapter, dataset: Path, engine: GatedEngine) -> str:
    engine.gate.set()
    done = end_of(provider, start(provider, adapter, dataset))
    assert done.model is not None
    return done.model


@pytest.fixture
def control(url: str) -> Client:
    return cast("Any", boto3).client("bedrock", endpoint_url=url.removesuffix("/v1"))


def test_a_job_says_what_it_is_made_of(
    provider: Provider, adapter: Adapter, dataset: Path, control: Client
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
    provider: Provider, adapter: Adapter, dataset: Path, engine: GatedEngine
) -> None:
    job = start(provider, adapter, dataset)
    engine.started.wait(PATIENCE)
    events = provider.get_job(job.id).events
    assert events == ("training: InProgress", "dataProcessing: Completed", "validation: Completed")


def test_a_deployment_is_made_once_and_takes_a_moment(
    provider: Provider, adapter: Adapter, model: str, wire: Faulty, control: Client
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
    provider: Provider, adapter: Adapter, model: str, tmp_path: Path, control: Client
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


def test_models_wait_until_their_deployment_is_gone(provider: Provider, adapter: Adapter, model: str) -> None:
    serving = deployed(provider, adapter, Job("", "succeeded", model))
    assert provider.delete_models(RUN) == (serving,)
    with pytest.raises(ProviderUnavailable, match="still being deleted"):
        provider.delete_models(RUN)
    assert erase(provider) == [model]


def test_a_base_model_that_cannot_be_tuned_here_is_refused(
    provider: Provider, adapter: Adapter, monkeypatch: pytest.MonkeyPatch
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
    provider: Provider, adapter: Adapter, dataset: Path, wire: Faulty, said: str, permission: str
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
    provider: Provider, adapter: Adapter, model: str
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


def test_there_are_no_completions(provider: Provider) -> None:
    with pytest.raises(ProviderRejected, match="set format to bedrock"):
        provider.complete("model", "밥 먹었어?", BRIEF)


def test_every_reason_to_stop_has_one_of_openais_names() -> None:
    shape = cast("StringShape", service_model("bedrock-runtime").shape_for("StopReason"))
    assert set(bedrock_chat.FINISH_REASONS) < set(shape.enum)
    assert set(bedrock_chat.FINISH_REASONS.values()) == {"length", "content_filter"}


def test_no_version_of_a_copy_or_of_what_was_measured_stays(provider: Provider, dataset: Path) -> None:
    s3 = boto3.client("s3")
    s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    copy = provider.upload(stored(dataset, f"{RUN}-train.jsonl"))
    provider.upload(stored(dataset, f"{RUN}-train.jsonl"))
    measured = f"bedrock/output/maltu-{RUN}-1/metrics.csv"
    other = f"bedrock/output/maltu-{ANOTHER}-1/metrics.csv"
    for key in (measured, measured, other):
        s3.put_object(Bucket=BUCKET, Key=key, Body=b"step,loss")
    s3.delete_object(Bucket=BUCKET, Key=measured)
    assert provider.delete_files([f"{RUN}-train.jsonl"]) == (copy,)
    assert provider.delete_models(RUN) == (f"s3://{BUCKET}/{measured}",)
    assert provider.delete_models(RUN) == ()
    left = s3.list_object_versions(Bucket=BUCKET, Prefix="bedrock/")
    assert [each.get("Key") for each in left.get("Versions", [])] == [other]
    assert left.get("DeleteMarkers", []) == []
