"""The real state machine with Bedrock: no key, no file that leaves the account, a deployment at the end."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import boto3
import pytest

from tests.support.adapters import BEDROCK
from tests.support.cloud import BUCKET
from tests.support.dialogues import ANSWERED, export
from tests.support.engines import GatedEngine, broken_engine
from tests.support.faults import Fault

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from tests.workflow.conftest import Chain

    OpenChain = Callable[..., AbstractContextManager[Chain]]

KEY = "exports/하준/chat.csv"
CHAT = "/v1/chat/completions"


@pytest.fixture
def chain(chain_with: OpenChain) -> Iterator[Chain]:
    with chain_with(adapter=BEDROCK, key="") as opened:
        yield opened


def kept(prefix: str) -> list[str]:
    listed = boto3.client("s3").list_objects_v2(Bucket=BUCKET, Prefix=prefix).get("Contents", [])
    return [each.get("Key", "").rpartition("/")[2] for each in listed]


def ask(chain: Chain, *messages: tuple[str, str]) -> tuple[int, Any]:
    said = [{"role": role, "content": content} for role, content in messages]
    return chain.cloud.post(CHAT, {"model": "하준", "messages": said, "temperature": 0})


def test_a_dropped_export_becomes_a_persona_that_answers(chain: Chain) -> None:
    chain.cloud.drop(KEY, export())
    (run,) = chain.cloud.finish()
    assert run["status"] == "SUCCEEDED", run.get("cause")
    version = chain.cloud.version("하준")
    assert [entry["state"] for entry in version["timeline"]] == [
        "preparing", "uploading", "training", "deploying", "succeeded",
    ]  # fmt: skip
    assert chain.jobs() == ["succeeded"]
    status, answer = ask(chain, ("user", "밥 먹었어?"))
    assert (status, answer["choices"][0]["message"]["content"] in ANSWERED) == (200, True)
    # What a client may send and Bedrock would refuse: the persona first, twice in a row, nothing said.
    status, answer = ask(chain, ("assistant", "야"), ("user", "지금"), ("user", " "), ("user", "뭐해~"))
    assert (status, answer["choices"][0]["message"]["content"] in ANSWERED) == (200, True)
    status, answer = chain.cloud.post("/v1/completions", {"model": "하준", "prompt": "퇴근했어?"})
    assert (status, answer["choices"][0]["text"] in ANSWERED) == (200, True)


def test_the_dataset_is_in_bedrocks_format_and_its_copy_goes(chain: Chain) -> None:
    chain.cloud.drop(KEY, export())
    chain.cloud.finish()
    version = chain.cloud.version("하준")["version"]
    key = f"datasets/하준/{version}/train.jsonl"
    first = json.loads(boto3.client("s3").get_object(Bucket=BUCKET, Key=key)["Body"].readline())
    assert first["schemaVersion"] == "bedrock-conversation-2024"
    assert [message["role"] for message in first["messages"]] == ["user", "assistant"] * 2
    assert kept("bedrock/input/") == []


@pytest.mark.parametrize("message", ["", " "])
def test_nothing_said_is_a_wrong_request(chain: Chain, message: str) -> None:
    chain.cloud.drop(KEY, export())
    chain.cloud.finish()
    status, answer = ask(chain, ("assistant", "야"), ("user", message))
    assert (status, answer["error"]["param"]) == (400, "messages")


@pytest.mark.parametrize(
    "fault",
    [
        Fault("POST", "-jobs", status=400, code="ServiceQuotaExceededException", times=2),
        Fault("POST", "-jobs", action="lose_answer"),
        Fault("POST", "-deployments", status=429, code="ThrottlingException", times=2),
        Fault("POST", "-deployments", action="lose_answer"),
    ],
    ids=["no quota", "job's answer lost", "throttled", "deployment's answer lost"],
)
def test_jobs_and_deployments_are_made_once_whatever_the_wire_does(chain: Chain, fault: Fault) -> None:
    chain.wire.faults.append(fault)
    chain.cloud.drop(KEY, export())
    (run,) = chain.cloud.finish()
    assert run["status"] == "SUCCEEDED", run.get("cause")
    assert chain.jobs() == ["succeeded"]
    assert chain.wire.served.count("POST /model-customization-jobs") == 1
    assert chain.wire.served.count("POST /model-customization/custom-model-deployments") == 1


def test_a_missing_permission_is_told_and_the_copies_go(chain: Chain) -> None:
    said = "User: u is not authorized to perform: iam:PassRole on resource: r"
    chain.wire.faults.append(
        Fault("POST", "-jobs", status=403, code="AccessDeniedException", message=said, times=99)
    )
    chain.cloud.drop(KEY, export())
    (run,) = chain.cloud.finish()
    assert run.get("error") == "ProviderRejected"
    assert "AWS does not allow iam:PassRole" in chain.cloud.version("하준")["failure"]["reason"]
    assert kept("bedrock/input/") == []


def test_a_failed_version_is_tried_again_when_its_export_is_dropped_again(chain_with: OpenChain) -> None:
    with chain_with(broken_engine(), adapter=BEDROCK) as chain:
        chain.cloud.drop(KEY, export())
        chain.cloud.finish()
        assert chain.cloud.version("하준")["failure"]["error"] == "TrainingFailed"
        chain.cloud.drop(KEY, export())
        first, second = chain.cloud.finish()
        assert (first["status"], second["status"]) == ("FAILED", "SUCCEEDED")
        assert chain.jobs() == ["succeeded", "failed"]


def test_a_job_that_never_ends_is_stopped_at_the_deadline(chain_with: OpenChain) -> None:
    with chain_with(GatedEngine(), adapter=BEDROCK, deadline_hours=0) as chain:
        chain.cloud.drop(KEY, export())
        (run,) = chain.cloud.finish()
        assert run.get("error") == "DeadlineExceeded"
        assert chain.jobs() == ["cancelled"]
        assert kept("bedrock/input/") == []


def test_a_base_model_that_bedrock_does_not_have_is_told_as_such(chain: Chain) -> None:
    boto3.client("s3").put_object(
        Bucket=BUCKET, Key="exports/하준/persona.json", Body=b'{"base_model": "amazon.nova-micro-v1:0:128k"}'
    )
    chain.cloud.drop(KEY, export())
    chain.cloud.finish()
    failure = chain.cloud.version("하준")["failure"]
    assert failure["error"] == "ProviderRejected"
    assert "Bedrock in us-east-1 has no base model 'amazon.nova-micro-v1:0:128k'" in failure["reason"]
    assert kept("bedrock/") == []
