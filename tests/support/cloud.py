"""The deployed parts on moto: bucket, table, secrets, topic and the real state machine, from the template."""

from __future__ import annotations

import json
import string
import threading
import time
from collections import Counter
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Protocol

import boto3
from moto import mock_aws
from moto.stepfunctions.parser.models import stepfunctions_parser_backends

from tests.support.adapters import OPENAI, ROLE, Adapter
from tests.support.events import drop_event, function_for, request_event
from tests.support.handlers import ROOT, Context, FunctionDied, load_handler
from tests.support.interpreter import FUNCTIONS, interpreter, parsed_once
from tests.support.template import TEMPLATE

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from contextlib import AbstractContextManager

    import pytest
    from mypy_boto3_stepfunctions.type_defs import DescribeExecutionOutputTypeDef


class Parties(Protocol):
    """Who runs the handlers, and watches or disturbs what the parties of a run do."""

    def invoke(self, function: str, event: Any) -> Any:  # noqa: ANN401 - JSON
        """Call ``functions/<function>``."""
        ...

    def installed(self) -> AbstractContextManager[None]:
        """Take the place between the parties and what they act upon."""
        ...


BUCKET = "maltu-bucket"
TABLE = "maltu-table"
ACCOUNT = "123456789012"
API_KEY = "the-endpoints-key"
ENDED = 30.0
TRIES = TEMPLATE["Resources"]["Drops"]["Properties"]["RedrivePolicy"]["maxReceiveCount"]


def invoke_handler(function: str, event: Any) -> Any:  # noqa: ANN401 - JSON
    """Call ``functions/<function>``."""
    return load_handler(function)(event, Context(function))


def yield_to_others() -> None:
    """What a Wait comes down to."""
    time.sleep(0.02)


@dataclass
class Cloud:
    """What a test drops into and looks at; nothing waits for days while ``long_waits`` is set.

    Attributes:
        waits: the seconds of every Wait, none of which is waited.
        naps: the seconds after which every run that waited in line was to wake by itself.
        nap: after how many it does.
    """

    queue: str
    state_machine: str
    removal_machine: str
    waits: list[float] = field(default_factory=list)
    naps: list[float] = field(default_factory=list)
    nap: float = 0.02
    long_waits: threading.Event = field(default_factory=threading.Event)
    invoked: Counter[str] = field(default_factory=Counter)
    invoke: Callable[[str, Any], Any] = invoke_handler
    wait: Callable[[], None] = yield_to_others
    retried: type[Exception] = FunctionDied
    unhandled: list[dict[str, Any]] = field(default_factory=list)

    def drop(self, key: str, content: bytes | str, **metadata: str) -> dict[str, Any]:
        """Put an object and deliver its event once; return the event."""
        event = self.put(key, content, **metadata)
        self.deliver(event)
        return event

    def put(self, key: str, content: bytes | str, **metadata: str) -> dict[str, Any]:
        """Put an object; return its event, as the queue of drops holds it."""
        body = content.encode() if isinstance(content, str) else content
        boto3.client("s3").put_object(Bucket=BUCKET, Key=key, Body=body, Metadata=metadata)
        return drop_event(key, datetime.now(UTC))

    def deliver(self, event: dict[str, Any]) -> str | None:
        """Deliver an event, as the queue may do more than once; return the run it started, if any.

        After a failure that is ``retried`` the event is handed out again as often as the template has it, and
        then the event is kept among the ``unhandled``.
        """
        for _ in range(TRIES):
            try:
                (run,) = self.invoke("preprocess", event)["runs"]
            except self.retried:
                continue
            return run
        self.unhandled.append(event)
        return None

    def finish(self) -> list[DescribeExecutionOutputTypeDef]:
        """Wait until no execution is under way; return every one, oldest first."""
        self.settle()
        sfn = boto3.client("stepfunctions")
        listed = sfn.list_executions(stateMachineArn=self.state_machine)["executions"]
        ended = [sfn.describe_execution(executionArn=each["executionArn"]) for each in listed]
        return sorted(ended, key=lambda each: each["startDate"])

    def settle(self) -> None:
        """Wait until no execution is under way."""
        # Asking over the API takes more of the processor than what is waited for.
        backend = stepfunctions_parser_backends[ACCOUNT]["us-east-1"]
        machines = [backend.describe_state_machine(arn) for arn in (self.state_machine, self.removal_machine)]
        deadline = time.monotonic() + ENDED
        while running := [
            each for machine in machines for each in list(machine.executions) if _is_running(each)
        ]:
            while any(_is_running(each) for each in running):
                if time.monotonic() > deadline:
                    raise TimeoutError("a run did not end")
                time.sleep(0.005)

    def notifications(self) -> list[str]:
        """The texts that the owner was sent so far."""
        messages: list[str] = []
        sqs = boto3.client("sqs")
        while batch := sqs.receive_message(QueueUrl=self.queue, MaxNumberOfMessages=10).get("Messages"):
            messages += [each.get("Body", "") for each in batch]
        return messages

    def get(self, path: str) -> tuple[int, Any]:
        """Ask the endpoint's function."""
        return self._request("GET", path, None)

    def post(self, path: str, body: object = None) -> tuple[int, Any]:
        """Ask the endpoint's function."""
        return self._request("POST", path, body)

    def delete(self, path: str) -> tuple[int, Any]:
        """Ask the endpoint's function."""
        return self._request("DELETE", path, None)

    def _request(self, method: str, path: str, body: object) -> tuple[int, Any]:
        text = body if isinstance(body, str) or body is None else json.dumps(body, ensure_ascii=False)
        event = request_event(method, path, text)
        function = function_for(method, path)
        answer = load_handler(function)(event, Context(function))
        return answer["statusCode"], json.loads(answer["body"])

    def version(self, persona: str) -> dict[str, Any]:
        """The newest version's story, as the endpoint tells it."""
        status, body = self.get(f"/v1/personas/{persona}")
        assert status == 200, body
        return body["versions"][0]


@contextmanager
def cloud(  # noqa: PLR0913 - what is deployed, and what tests vary
    monkeypatch: pytest.MonkeyPatch,
    provider_url: str,
    *,
    adapter: Adapter = OPENAI,
    api_key: str = "local",
    deadline_hours: int = 72,
    parties: Parties | None = None,
) -> Generator[Cloud]:
    """Bring everything up against the provider at ``provider_url``."""
    with mock_aws(config={"stepfunctions": {"execute_state_machine": True}}), parsed_once():
        _make_bucket_and_table()
        topic, queue = _make_topic()
        removals = _make_state_machine("remove", {"SettleSeconds": "960", "TableName": TABLE})
        machine = _make_state_machine(
            "fine_tune",
            {
                "TableName": TABLE,
                "TopicArn": topic,
                "PollSeconds": "30",
                "MaxPollSeconds": "120",
                "DeadlineHours": str(deadline_hours),
                "KeepModelsDays": "30",
                "RemoveStateMachine": removals,
            },
        )
        secrets = boto3.client("secretsmanager")
        provider_key = json.dumps({"api_key": api_key})
        for name, value in {
            "BUCKET_NAME": BUCKET,
            "TABLE_NAME": TABLE,
            "STATE_MACHINE_ARN": machine,
            "REMOVAL_MACHINE_ARN": removals,
            "KEEP_MODELS_DAYS": "30",
            "TOPIC_ARN": topic,
            "PROVIDER": adapter.name,
            "BASE_MODEL": adapter.base_model,
            "BEDROCK_ROLE_ARN": ROLE,
            "PROVIDER_BASE_URL": provider_url,
            "PROVIDER_SECRET_ARN": secrets.create_secret(Name="provider", SecretString=provider_key)["ARN"],
            "API_KEY_SECRET_ARN": secrets.create_secret(Name="endpoint", SecretString=API_KEY)["ARN"],
        }.items():
            monkeypatch.setenv(name, value)
        adapter.set_up(provider_url, monkeypatch)
        up = Cloud(queue, machine, removals, invoke=parties.invoke if parties else invoke_handler)
        up.long_waits.set()
        with interpreter(up), parties.installed() if parties else nullcontext():
            try:
                yield up
            finally:
                up.long_waits.set()
            up.finish()


def _is_running(execution: Any) -> bool:  # noqa: ANN401 - moto's own
    return execution.status == "RUNNING"


def _make_bucket_and_table() -> None:
    s3 = boto3.client("s3")
    s3.create_bucket(Bucket=BUCKET)
    s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    shape = TEMPLATE["Resources"]["Table"]["Properties"]
    wanted = ("BillingMode", "AttributeDefinitions", "KeySchema")
    boto3.client("dynamodb").create_table(TableName=TABLE, **{name: shape[name] for name in wanted})


def _make_topic() -> tuple[str, str]:
    """The owner's topic, and a queue that is told what the owner is told."""
    sns, sqs = boto3.client("sns"), boto3.client("sqs")
    topic = sns.create_topic(Name="maltu-topic")["TopicArn"]
    queue = sqs.create_queue(QueueName="owner")["QueueUrl"]
    about = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])
    # In its envelope, moto would sign every message with a key made for it, which takes longer than a run.
    sns.subscribe(
        TopicArn=topic,
        Protocol="sqs",
        Endpoint=about["Attributes"]["QueueArn"],
        Attributes={"RawMessageDelivery": "true"},
    )
    return topic, queue


def _make_state_machine(name: str, values: dict[str, str]) -> str:
    arn = f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:"
    functions = {function: arn + function for function in FUNCTIONS}
    definition = string.Template((ROOT / "infra" / f"{name}.asl.json").read_text("utf-8"))
    return boto3.client("stepfunctions").create_state_machine(
        name=name,
        # A name that is not given stays as it stands, as do the variables of JSONata.
        definition=definition.safe_substitute(values | functions),
        roleArn=f"arn:aws:iam::{ACCOUNT}:role/state-machine",
    )["stateMachineArn"]


def partition(pk: str) -> list[dict[str, Any]]:
    """The items under ``pk``, as DynamoDB writes them."""
    return boto3.client("dynamodb").query(
        TableName=TABLE,
        KeyConditionExpression="pk = :pk",
        ExpressionAttributeValues={":pk": {"S": pk}},
        ConsistentRead=True,
    )["Items"]  # pyright: ignore[reportReturnType] - its types know bytes as well
