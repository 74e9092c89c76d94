"""The local server's Bedrock, asked by boto3; every answer is held against botocore's model of it."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any, cast

import boto3
import httpx2
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from moto import mock_aws
from openai import OpenAI

from infra.local.finetuning import create_app, serve
from infra.local.finetuning.bedrock.app import create_bedrock
from infra.local.finetuning.bedrock.constraints import violations
from infra.local.finetuning.bedrock.operations import service_model
from tests.support.aws_shapes import Checked, wrong_error, wrong_output
from tests.support.engines import GatedEngine

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from starlette.routing import Route

BASE = "maltu.retrieval-1"
BUCKET = "bucket"
ACCOUNT = "arn:aws:bedrock:us-east-1:123456789012"
NO_RETRIES = Config(retries={"total_max_attempts": 1})
ANSWERS = {"밥 먹었어?": "ㅇㅇ 라면", "뭐해?": "누워있음 ㅋㅋ", "내일 봐": "ㄱㄱ"}


def line(asked: str, answered: str, **instead: object) -> str:
    messages = [
        {"role": "user", "content": [{"text": asked}]},
        {"role": "assistant", "content": [{"text": answered}]},
    ]
    record = {"schemaVersion": "bedrock-conversation-2024", "system": [{"text": "s"}], "messages": messages}
    return json.dumps({**record, **instead}, ensure_ascii=False)


DATASET = "\n".join(line(asked, answered) for asked, answered in list(ANSWERS.items()) * 4)


class Local:
    """A server, and boto3's clients for it."""

    def __init__(self, url: str, checked: Checked, engine: GatedEngine, data: Path) -> None:
        self.url, self.checked, self.engine, self.data = url.removesuffix("/v1"), checked, engine, data
        self.bedrock = self.client("bedrock")
        self.runtime = self.client("bedrock-runtime")

    def client(self, service: str, region: str = "us-east-1") -> Any:  # noqa: ANN401 - no stubs for these
        made = cast("Any", boto3).client
        return made(service, region_name=region, endpoint_url=self.url, config=NO_RETRIES)

    def put(self, content: str, key: str = "bedrock/input/train.jsonl") -> str:
        boto3.client("s3").put_object(Bucket=BUCKET, Key=key, Body=content.encode())
        return f"s3://{BUCKET}/{key}"

    def create(self, name: str = "job-1", *, content: str = DATASET, **instead: object) -> str:
        request: dict[str, Any] = {
            "jobName": name,
            "customModelName": name,
            "roleArn": "arn:aws:iam::123456789012:role/bedrock",
            "baseModelIdentifier": BASE,
            "trainingDataConfig": {"s3Uri": self.put(content)},
            "outputDataConfig": {"s3Uri": f"s3://{BUCKET}/bedrock/output/"},
            "hyperParameters": {"epochCount": "2"},
            **instead,
        }
        return self.bedrock.create_model_customization_job(**request)["jobArn"]

    def job(self, job: str) -> dict[str, Any]:
        return self.bedrock.get_model_customization_job(jobIdentifier=job)

    def until(self, job: str, *statuses: str) -> dict[str, Any]:
        deadline = time.monotonic() + 10
        while (found := self.job(job))["status"] not in (statuses or ("Completed", "Failed", "Stopped")):
            assert time.monotonic() < deadline, found["status"]
            time.sleep(0.01)
        return found

    def trained(self, name: str = "job-1") -> str:
        self.engine.gate.set()
        return self.until(self.create(name), "Completed")["outputModelArn"]

    def deployment(self, deployment: str) -> dict[str, Any]:
        return self.bedrock.get_custom_model_deployment(customModelDeploymentIdentifier=deployment)

    def deploy(self, model: str, name: str = "deployment-1") -> str:
        made = self.bedrock.create_custom_model_deployment(modelDeploymentName=name, modelArn=model)
        return made["customModelDeploymentArn"]

    def settled(self, deployment: str) -> dict[str, Any]:
        deadline = time.monotonic() + 10
        while (found := self.deployment(deployment))["status"] == "Creating":
            assert time.monotonic() < deadline
            time.sleep(0.02)
        return found

    def gone(self, deployment: str) -> None:
        deadline = time.monotonic() + 10
        while self.bedrock.list_custom_model_deployments()["modelDeploymentSummaries"]:
            assert time.monotonic() < deadline, deployment
            time.sleep(0.02)

    def ask(self, model: str, *messages: tuple[str, str], **more: object) -> dict[str, Any]:
        said = [{"role": role, "content": [{"text": text}]} for role, text in messages]
        return self.runtime.converse(modelId=model, messages=said, **more)


@pytest.fixture
def local(tmp_path: Path) -> Iterator[Local]:
    engine = GatedEngine()
    checked = Checked(create_app(tmp_path, engine=engine, api_key="key"))
    with mock_aws():
        boto3.client("s3").create_bucket(Bucket=BUCKET)
        with serve(checked) as url:
            yield Local(url, checked, engine, tmp_path)
    assert checked.wrong == []


def refused(code: str) -> Any:  # noqa: ANN401 - pytest's context
    return pytest.raises(ClientError, match=rf"\({code}\)")


def test_a_job_ends_with_a_model_that_is_deployed_and_answers(local: Local) -> None:
    local.engine.gate.set()
    validators = {"validators": [{"s3Uri": local.put(DATASET, "bedrock/input/validation.jsonl")}]}
    job = local.create(validationDataConfig=validators)
    done = local.until(job)
    assert done["status"] == "Completed"
    assert {stage["status"] for stage in done["statusDetails"].values()} == {"Completed"}
    assert done["endTime"] >= done["creationTime"]
    assert done["validationDataConfig"] == validators
    assert done["hyperParameters"] == {"epochCount": "2"}
    assert done["trainingMetrics"]["trainingLoss"] >= 0
    assert done["validationMetrics"][0]["validationLoss"] >= 0
    model = local.bedrock.get_custom_model(modelIdentifier=done["outputModelArn"])
    assert (model["jobArn"], model["modelName"], model["modelStatus"]) == (job, "job-1", "Active")
    deployment = local.deploy(done["outputModelArn"])
    assert local.deployment(deployment)["status"] == "Creating"
    with refused("ModelNotReadyException"):
        local.ask(deployment, ("user", "뭐해?"))
    assert local.settled(deployment)["status"] == "Active"
    answer = local.ask(deployment, ("user", "뭐해?"), inferenceConfig={"temperature": 0})
    assert answer["output"]["message"] == {"role": "assistant", "content": [{"text": ANSWERS["뭐해?"]}]}
    assert answer["stopReason"] == "end_turn"
    usage = answer["usage"]
    assert usage["totalTokens"] == usage["inputTokens"] + usage["outputTokens"]
    assert (
        local.ask(deployment, ("user", "뭐해?"), inferenceConfig={"maxTokens": 1})["stopReason"]
        == "max_tokens"
    )
    config = {"temperature": 0, "stopSequences": ["있음"]}
    stopped = local.ask(deployment, ("user", "뭐해?"), inferenceConfig=config, system=[{"text": "s"}])
    assert (stopped["stopReason"], stopped["output"]["message"]["content"]) == (
        "stop_sequence",
        [{"text": "누워"}],
    )


def test_a_job_is_trained_by_the_one_trainer_and_seen_through_both_protocols(local: Local) -> None:
    first, second = local.create("job-1"), local.create("job-2")
    local.until(first, "InProgress")
    with OpenAI(base_url=f"{local.url}/v1", api_key="key") as client:
        deadline = time.monotonic() + 10
        while [job.status for job in client.fine_tuning.jobs.list()] != ["queued", "running"]:
            assert time.monotonic() < deadline
            time.sleep(0.01)
        assert local.job(second)["statusDetails"]["trainingDetails"]["status"] == "NotStarted"
        assert local.job(first)["statusDetails"]["trainingDetails"]["status"] == "InProgress"
        local.engine.gate.set()
        assert local.until(second)["status"] == "Completed"
        assert [job.status for job in client.fine_tuning.jobs.list()] == ["succeeded", "succeeded"]
        for model in list(client.models.list())[1:]:
            client.models.delete(model.id)
    assert local.bedrock.list_custom_models()["modelSummaries"] == []


def test_a_job_is_stopped_and_takes_a_moment(local: Local) -> None:
    job = local.create()
    local.until(job, "InProgress")
    local.bedrock.stop_model_customization_job(jobIdentifier="job-1")
    assert local.job(job)["status"] == "Stopping"
    with refused("ConflictException"):
        local.bedrock.stop_model_customization_job(jobIdentifier=job)
    stopped = local.until(job)
    assert stopped["status"] == "Stopped"
    assert "outputModelArn" not in stopped


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("not json\n" * 9, "Line 1: not valid JSON"),
        (line("a", "b"), "has 1 record(s), but must have at least 8"),
        (DATASET + "\n" + line("a", "b", schemaVersion="2023"), "Line 13: 'schemaVersion'"),
        (DATASET + "\n" + line("a", "User: b"), "Line 13: message 2 holds a reserved word"),
        (DATASET + "\n" + line("a", " "), "Line 13: message 2: every block"),
        (DATASET + "\n" + line("a", "b", messages=[]), "Line 13: 'messages'"),
        (DATASET + "\n" + line("a", "b", system="s"), "Line 13: system: the content must be an array"),
        (
            DATASET + "\n" + line("a", "b", messages=[{"role": "assistant", "content": [{"text": "b"}]}]),
            "Line 13: message 1 must be the user's",
        ),
        (
            DATASET + "\n" + line("a", "b", messages=[{"role": "user", "content": [{"text": "a"}]}]),
            "Line 13: the last message",
        ),
    ],
)
def test_a_dataset_that_bedrock_refuses_fails_its_job(local: Local, content: str, said: str) -> None:
    failed = local.until(local.create(content=content))
    assert failed["status"] == "Failed"
    assert said in failed["failureMessage"]
    assert failed["statusDetails"]["validationDetails"]["status"] == "Failed"
    assert failed["statusDetails"]["trainingDetails"] == {"status": "NotStarted"}


def test_a_dataset_that_is_not_there_fails_its_job(local: Local) -> None:
    failed = local.until(local.create(trainingDataConfig={"s3Uri": f"s3://{BUCKET}/nothing.jsonl"}))
    assert failed["status"] == "Failed"
    assert "S3 answered 404" in failed["failureMessage"]


def test_a_token_makes_a_request_one_and_must_not_change(local: Local) -> None:
    local.engine.gate.set()
    job = local.create(clientRequestToken="token")
    assert local.create(clientRequestToken="token") == job
    with refused("ConflictException"):
        local.create(clientRequestToken="token", hyperParameters={"epochCount": "3"})
    model = local.until(job)["outputModelArn"]

    def deploy(**instead: str) -> str:
        request = {"modelDeploymentName": "d", "modelArn": model, "clientRequestToken": "t", **instead}
        return local.bedrock.create_custom_model_deployment(**request)["customModelDeploymentArn"]

    assert deploy() == deploy()
    with refused("ValidationException"):
        deploy(description="another")


def test_names_are_used_once(local: Local) -> None:
    local.create()
    for changed in ({}, {"jobName": "job-2"}):
        with refused("ConflictException"):
            local.create(**changed)
    model = local.trained("job-3")
    local.deploy(model)
    with refused("ValidationException"):
        local.deploy(model)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        (
            {"trainingDataConfig": {"s3Uri": "s3://bucket/datasets/하준/train.jsonl"}},
            "trainingDataConfig.s3Uri",
        ),
        ({"jobName": "job 1"}, "jobName"),
        ({"customModelName": "a" * 64}, "customModelName"),
        ({"customizationType": "DISTILLATION"}, "FINE_TUNING only"),
        ({"baseModelIdentifier": "amazon.nova-micro-v1:0:128k"}, "model identifier is invalid"),
        ({"hyperParameters": {"epochCount": "51"}}, "at most 50"),
        ({"hyperParameters": {"epochCount": "many"}}, "whole number"),
        ({"hyperParameters": {"epochs": "3"}}, "no hyperparameters epochs"),
        ({"trainingDataConfig": {}}, "s3Uri is missing"),
    ],
)
def test_a_wrong_request_is_refused_as_aws_does(local: Local, changed: dict[str, Any], said: str) -> None:
    with pytest.raises(ClientError, match=said) as caught:
        local.create(**changed)
    assert "(ValidationException)" in str(caught.value)
    assert "하준" not in str(caught.value), "values are not repeated"


def test_lists_are_filtered_sorted_and_paged(local: Local) -> None:
    local.engine.gate.set()
    for name in ("a-1", "a-2", "b-1"):
        local.trained(name)
    listed = local.bedrock.get_paginator("list_model_customization_jobs").paginate
    names = [
        [job["jobName"] for job in page["modelCustomizationJobSummaries"]]
        for page in listed(PaginationConfig={"PageSize": 2})
    ]
    assert names == [["b-1", "a-2"], ["a-1"]]

    def models(**asked: object) -> list[str]:
        return [each["modelName"] for each in local.bedrock.list_custom_models(**asked)["modelSummaries"]]

    assert models(nameContains="a-", sortOrder="Ascending") == ["a-1", "a-2"]
    assert models(maxResults=1) == ["b-1"]
    assert models(creationTimeAfter="2999-01-01T00:00:00Z") == []
    assert models(isOwned=True, modelStatus="Failed") == []
    jobs = local.bedrock.list_model_customization_jobs(statusEquals="Stopped")
    assert jobs["modelCustomizationJobSummaries"] == []
    with refused("ValidationException"):
        local.bedrock.list_custom_models(nextToken="nowhere")
    kept = local.bedrock.list_foundation_models(byCustomizationType="FINE_TUNING")["modelSummaries"]
    assert [each["modelId"] for each in kept] == [BASE]
    assert local.bedrock.list_foundation_models(byInferenceType="PROVISIONED")["modelSummaries"] == []


def test_a_model_goes_after_its_deployment(local: Local) -> None:
    model = local.trained()
    deployment = local.deploy(model)
    local.settled(deployment)
    (listed,) = local.bedrock.list_custom_model_deployments(modelArnEquals=model)["modelDeploymentSummaries"]
    assert listed["customModelDeploymentArn"] == deployment
    with refused("ConflictException"):
        local.bedrock.delete_custom_model(modelIdentifier=model)
    local.bedrock.delete_custom_model_deployment(customModelDeploymentIdentifier="deployment-1")
    with refused("ConflictException"):
        local.bedrock.delete_custom_model_deployment(customModelDeploymentIdentifier=deployment)
    with refused("ModelNotReadyException"):
        local.ask(deployment, ("user", "뭐해?"))
    local.gone(deployment)
    local.bedrock.delete_custom_model(modelIdentifier=model)
    for call in (local.bedrock.get_custom_model, local.bedrock.delete_custom_model):
        with refused("ResourceNotFoundException"):
            call(modelIdentifier=model)
    with refused("ResourceNotFoundException"):
        local.ask(deployment, ("user", "뭐해?"))
    assert not list((local.data / "models").iterdir())


def test_a_model_whose_files_are_broken_fails_to_deploy(local: Local) -> None:
    model = local.trained()
    for path in (local.data / "models").rglob("*"):
        if path.is_file():
            path.write_bytes(b"broken")
    failed = local.settled(local.deploy(model))
    assert failed["status"] == "Failed"
    assert "could not be loaded" in failed["failureMessage"]


@pytest.mark.parametrize(
    ("messages", "said"),
    [
        ([], "must start with a user message"),
        ([("assistant", "a")], "must start with a user message"),
        ([("user", "a"), ("user", "b")], "must alternate"),
        ([("user", " ")], "messages.0.content.0 is blank"),
        ([("user", "a"), ("system", "b")], "messages.1 must be user or assistant"),
    ],
)
def test_a_dialogue_that_bedrock_refuses(local: Local, messages: list[tuple[str, str]], said: str) -> None:
    deployment = local.deploy(local.trained())
    local.settled(deployment)
    with pytest.raises(ClientError, match=said):
        local.ask(deployment, *messages)


def test_what_is_not_there_is_not_found(local: Local) -> None:
    for call, argument in {
        "get_model_customization_job": "jobIdentifier",
        "get_custom_model": "modelIdentifier",
        "get_custom_model_deployment": "customModelDeploymentIdentifier",
    }.items():
        with refused("ResourceNotFoundException"):
            getattr(local.bedrock, call)(**{argument: "nothing"})
    with refused("ValidationException"):
        local.bedrock.get_foundation_model(modelIdentifier="amazon.nova-micro-v1:0:128k")
    with refused("ValidationException"):
        local.ask("amazon.nova-micro-v1:0", ("user", "뭐해?"))


def test_resources_stand_in_the_callers_region_and_account(local: Local) -> None:
    found = local.client("bedrock", "us-west-2").get_foundation_model(modelIdentifier=BASE)
    arn = found["modelDetails"]["modelArn"]
    assert arn == f"arn:aws:bedrock:us-west-2::foundation-model/{BASE}"
    assert ":us-east-1:000000000000:model-customization-job/" in local.create(
        baseModelIdentifier=arn.replace("west-2", "east-1")
    )


def test_a_request_that_is_not_signed_is_denied(local: Local) -> None:
    for headers in ({}, {"Authorization": "Bearer key"}):
        answer = httpx2.get(f"{local.url}/custom-models", headers=headers)
        assert (answer.status_code, answer.headers["x-amzn-errortype"]) == (403, "AccessDeniedException")
    elsewhere = httpx2.get(f"{local.url}/custom-models", headers={"host": "evil.example"})
    assert elsewhere.status_code == 403
    local.checked.wrong.clear()  # refused before either protocol


def test_jobs_and_deployments_outlive_the_server(local: Local) -> None:
    deployment = local.deploy(local.trained())
    local.settled(deployment)
    with serve(create_app(local.data, engine=local.engine)) as url:
        again = Local(url, local.checked, local.engine, local.data)
        assert again.job("job-1")["status"] == "Completed"
        assert again.ask(deployment, ("user", "내일 봐"))["output"]["message"]["content"][0]["text"]


def test_the_check_finds_what_it_looks_for() -> None:
    model = service_model("bedrock").operation_model("GetCustomModelDeployment")
    right = {
        "customModelDeploymentArn": f"{ACCOUNT}:custom-model-deployment/abcdefghijkl",
        "modelDeploymentName": "d",
        "modelArn": f"{ACCOUNT}:custom-model/a.bc/abcdefghijkl",
        "createdAt": "2026-11-22T00:00:00Z",
        "status": "Active",
    }
    assert list(wrong_output(model, 200, right)) == []
    for broken in (
        {**right, "status": "Ready"},
        {**right, "createdAt": 1},
        {**right, "createdAt": "today"},
        {**right, "modelDeploymentName": "a--b"},
        {**right, "modelDeploymentName": "a" * 64},
        {**right, "customModelDeploymentArn": "arn"},
        {**right, "name": "d"},
        {**right, "modelArn": None},
    ):
        assert len(list(wrong_output(model, 200, broken))) == 1, broken
    assert list(wrong_output(model, 201, right)) == ["answered 201"]
    assert wrong_error(model, 404, "ResourceNotFoundException", {"message": "m"}) == []
    assert wrong_error(model, 404, "ConflictException", {"message": "m"})
    assert wrong_error(model, 404, "ResourceNotFoundException", {})
    config = service_model("bedrock-runtime").shape_for("InferenceConfiguration")
    found = violations(config, {"temperature": 1.5, "maxTokens": True, "stopSequences": [""]})
    assert [each.split(" failed to satisfy constraint: Member must ") for each in found] == [
        ["Value at 'temperature'", "have value less than or equal to 1"],
        ["Value at 'maxTokens'", "be of type integer"],
        ["Value at 'stopSequences.1.member'", "have length greater than or equal to 1"],
    ]


def test_every_operation_is_one_of_botocores() -> None:
    names = {cast("Route", route).name for route in create_bedrock().routes}
    known = {
        name for service in ("bedrock", "bedrock-runtime") for name in service_model(service).operation_names
    }
    assert len(names) == 14
    assert names <= known
