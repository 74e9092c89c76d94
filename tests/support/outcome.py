"""What a persona must look like in the end, whatever happened on the way."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import boto3

from tests.support.cloud import BUCKET, TABLE
from tests.support.dialogues import ANSWERED

if TYPE_CHECKING:
    import openai

    from tests.support.cloud import Cloud


def assert_one_of_each(cloud: Cloud, provider: openai.OpenAI, persona: str) -> str:
    """One version, live and answering, made by one job, and no files at the provider; return the version."""
    version = assert_one_live(cloud, persona)
    assert_one_at_openai(provider, version)
    return version


def assert_one_live(cloud: Cloud, persona: str) -> str:
    """One version with one dataset, live and answering; return it."""
    status, told = cloud.get(f"/v1/personas/{persona}")
    assert status == 200, told
    (version,) = told["versions"]
    name = version["version"]
    assert (version["status"], told["live_version"]) == ("succeeded", name), version["failure"]
    assert version["failure"] is None
    assert _versions_under(f"exports#{persona}") == [name]
    files = (
        "replies.jsonl", "report.json", "style.html", "style.json", "train.jsonl", "validation.jsonl"
    )  # fmt: skip
    assert _objects_under(f"datasets/{persona}/") == [f"{name}/{file}" for file in files]
    question: Any = {"model": persona, "messages": [{"role": "user", "content": "밥 먹었어?"}]}
    status, answer = cloud.post("/v1/chat/completions", question)
    assert status == 200, answer
    assert answer["choices"][0]["message"]["content"] in ANSWERED
    return name


def assert_one_at_openai(provider: openai.OpenAI, version: str) -> None:
    """One job that was not cancelled, and no files."""
    assert [status for status in jobs_of(provider, version) if status != "cancelled"] == ["succeeded"]
    assert [file.filename for file in provider.files.list() if version in file.filename] == []


def jobs_of(provider: openai.OpenAI, version: str) -> list[str]:
    """The statuses of the version's jobs."""
    return [job.status for job in provider.fine_tuning.jobs.list(limit=100) if version in str(job.metadata)]


def assert_one_at_bedrock(bedrock: Any, version: str) -> None:  # noqa: ANN401 - the client has no types here
    """One job that was not stopped, one model, one deployment of it, and no copy of the dataset.

    Args:
        bedrock: boto3's client of that name.
        version: whose they are.
    """
    assert [status for status in jobs_at_bedrock(bedrock, version) if status != "Stopped"] == ["Completed"]
    (model,) = bedrock.list_custom_models(nameContains=version)["modelSummaries"]
    (deployment,) = bedrock.list_custom_model_deployments(nameContains=version)["modelDeploymentSummaries"]
    assert (deployment["status"], deployment["modelArn"]) == ("Active", model["modelArn"])
    stored = boto3.client("s3").list_object_versions(Bucket=BUCKET, Prefix=f"bedrock/input/{version}")
    assert not {"Versions", "DeleteMarkers"} & {*stored}


def jobs_at_bedrock(bedrock: Any, version: str) -> list[str]:  # noqa: ANN401 - see above
    """The statuses of the version's jobs."""
    listed = bedrock.list_model_customization_jobs(nameContains=version)["modelCustomizationJobSummaries"]
    return [job["status"] for job in listed]


def _versions_under(pk: str) -> list[str]:
    items = boto3.client("dynamodb").query(
        TableName=TABLE,
        KeyConditionExpression="pk = :pk",
        ExpressionAttributeValues={":pk": {"S": pk}},
    )["Items"]
    return [item["version"].get("S", "") for item in items]


def _objects_under(prefix: str) -> list[str]:
    listed = boto3.client("s3").list_objects_v2(Bucket=BUCKET, Prefix=prefix).get("Contents", [])
    return [item.get("Key", "").removeprefix(prefix) for item in listed]
