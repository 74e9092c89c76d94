"""The real state machine with Bedrock: no key, no file that leaves the account, a deployment at the end."""

from __future__ import annotations

import json
import threading
from collections import defaultdict
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import boto3
import pytest

from tests.support import cloud as support
from tests.support.adapters import BEDROCK
from tests.support.aws_calls import watched
from tests.support.cloud import BUCKET
from tests.support.dialogues import ANSWERED, export
from tests.support.engines import GatedEngine, broken_engine
from tests.support.faults import Fault
from tests.support.handlers import load_handler
from tests.support.template import TEMPLATE

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator

    from tests.support.chain import Chain, OpenChain

KEY = "exports/하준/chat.csv"
CHAT = "/v1/chat/completions"


@pytest.fixture
def chain_with(chain_with: OpenChain, monkeypatch: pytest.MonkeyPatch) -> Iterator[OpenChain]:
    """Open chains in which no function asks for more of Bedrock than the template lets it."""
    asked: dict[str, set[str]] = defaultdict(set)
    running = threading.local()  # a run's functions follow preprocessing before it has returned

    def noted(service: str, operation: str, _: object, make: Callable[[], Any]) -> Any:  # noqa: ANN401 - JSON
        if service.startswith("bedrock") and hasattr(running, "name"):
            asked[running.name].add(f"bedrock:{'InvokeModel' if operation == 'Converse' else operation}")
        return make()

    @contextmanager
    def open_watched(*arguments: Any, **options: Any) -> Generator[Chain]:  # noqa: ANN401 - as it is opened
        with chain_with(*arguments, **options) as opened:

            def load(name: str) -> Callable[[Any, Any], Any]:
                def run(event: object, context: object) -> object:
                    running.name = name
                    try:
                        return load_handler(name)(event, context)
                    finally:
                        del running.name

                return run

            monkeypatch.setattr(support, "load_handler", load)
            yield opened

    with watched(noted):
        yield open_watched
    assert asked["check_access"] == {"bedrock:GetFoundationModel"}
    for name, needed in asked.items():
        assert needed <= granted(name), name


def granted(function: str) -> set[str]:
    """What the template lets a function ask of Bedrock; ``function`` is its folder's name."""
    role = {"Ref": f"{function.title().replace('_', '')}FunctionRole"}
    policies = [
        each["Properties"] for each in TEMPLATE["Resources"].values() if each["Type"] == "AWS::IAM::Policy"
    ]
    statements = [
        each
        for policy in policies
        if role in policy["Roles"]
        for each in policy["PolicyDocument"]["Statement"]
    ]
    actions = [each["Action"] for each in statements]
    return {action for each in actions for action in ([each] if isinstance(each, str) else each)}


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


def test_an_erased_persona_leaves_nothing_at_bedrock(chain: Chain) -> None:
    for persona in ("하준", "지우"):
        chain.cloud.drop(f"exports/{persona}/chat.csv", export(persona=persona))
        chain.cloud.finish()
    answer = chain.cloud.delete("/v1/personas/하준")[1]
    chain.cloud.finish()
    receipt = chain.cloud.get(f"/v1/removals/{answer['id']}")[1]
    assert (receipt["status"], receipt["refused"]) == ("finished", [])
    assert receipt["removed"]["models"] == 2, "the deployment, then the model"
    assert kept("bedrock/") == []
    kept_models = [model.id for model in chain.provider.models.list()][1:]
    assert len(kept_models) == 1, "the other persona's"
    said = [{"role": "user", "content": "뭐해~"}]
    assert chain.cloud.post(CHAT, {"model": "지우", "messages": said})[0] == 200
