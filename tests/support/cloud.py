"""The deployed parts on moto: bucket, table, secrets, topic and the real state machine, from the template."""

from __future__ import annotations

import copy
import io
import json
import string
import time
from collections import Counter
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any, Protocol
from unittest import mock

import boto3
import moto.stepfunctions.parser.asl.component.common.retry.retrier_decl as moto_retry
import moto.stepfunctions.parser.asl.component.state.exec.state_task.lambda_eval_utils as moto_lambda
import moto.stepfunctions.parser.asl.component.state.wait.wait_function.wait_function as moto_wait
import moto.stepfunctions.parser.asl.jsonata.jsonata as moto_jsonata
from jsonata.jsonata import Jsonata
from moto import mock_aws
from moto.stepfunctions.parser.asl.parse.asl_parser import AmazonStateLanguageParser
from moto.stepfunctions.parser.models import stepfunctions_parser_backends
from samtranslator.yaml_helper import yaml_parse  # pyright: ignore[reportUnknownVariableType]  # it has no types

from tests.support.handlers import ROOT, Context, FunctionDied, load_handler, sample_event

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
TEMPLATE: dict[str, Any] = yaml_parse((ROOT / "template.yaml").read_text("utf-8"))
FUNCTIONS = {
    "UploadDatasetFunction": "upload_dataset",
    "CreateFineTuneFunction": "create_fine_tune",
    "CheckStatusFunction": "check_status",
    "EnsureDeployedFunction": "ensure_deployed",
    "CleanUpFunction": "clean_up",
}
ENDED = 30.0
TRIES = (
    1 + TEMPLATE["Resources"]["PreprocessFunction"]["Properties"]["EventInvokeConfig"]["MaximumRetryAttempts"]
)


def invoke_handler(function: str, event: Any) -> Any:  # noqa: ANN401 - JSON
    """Call ``functions/<function>``."""
    return load_handler(function)(event, Context())


def yield_to_others() -> None:
    """What a Wait comes down to."""
    time.sleep(0.02)


@dataclass
class Cloud:
    """What a test drops into and looks at."""

    queue: str
    state_machine: str
    waits: list[float] = field(default_factory=list)
    invoked: Counter[str] = field(default_factory=Counter)
    invoke: Callable[[str, Any], Any] = invoke_handler
    wait: Callable[[], None] = yield_to_others
    retried: type[Exception] = FunctionDied
    unhandled: list[dict[str, Any]] = field(default_factory=list)

    def drop(self, key: str, content: bytes | str, **metadata: str) -> dict[str, Any]:
        """Put an object and deliver its event once; return the event."""
        body = content.encode() if isinstance(content, str) else content
        put = boto3.client("s3").put_object(Bucket=BUCKET, Key=key, Body=body, Metadata=metadata)
        event = sample_event("preprocess")
        event["detail"]["object"] |= {"key": key, "version-id": put["VersionId"], "size": len(body)}
        self.deliver(event)
        return event

    def deliver(self, event: dict[str, Any]) -> str | None:
        """Deliver an event, as EventBridge may do more than once; return the run it started, if any.

        After a failure that is ``retried`` the function is called again as often as the template has it, and
        then the event is kept among the ``unhandled``.
        """
        for _ in range(TRIES):
            try:
                return self.invoke("preprocess", event)["run"]
            except self.retried:
                continue
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
        executions = backend.describe_state_machine(self.state_machine).executions
        deadline = time.monotonic() + ENDED
        while any(each.status == "RUNNING" for each in list(executions)):
            if time.monotonic() > deadline:
                raise TimeoutError("a run did not end")
            time.sleep(0.005)

    def notifications(self) -> list[str]:
        """The texts that the owner was sent so far."""
        messages: list[str] = []
        sqs = boto3.client("sqs")
        while batch := sqs.receive_message(QueueUrl=self.queue, MaxNumberOfMessages=10).get("Messages"):
            messages += [json.loads(each.get("Body", "{}"))["Message"] for each in batch]
        return messages

    def get(self, path: str) -> tuple[int, Any]:
        """Ask the endpoint's function."""
        return self._request("GET", path, None)

    def post(self, path: str, body: object) -> tuple[int, Any]:
        """Ask the endpoint's function."""
        return self._request("POST", path, body)

    def _request(self, method: str, path: str, body: object) -> tuple[int, Any]:
        text = body if isinstance(body, str) or body is None else json.dumps(body, ensure_ascii=False)
        event = {**sample_event("completion"), "path": path, "httpMethod": method, "body": text}
        answer = load_handler("completion")(event, Context())
        return answer["statusCode"], json.loads(answer["body"])

    def version(self, persona: str) -> dict[str, Any]:
        """The newest version's story, as the endpoint tells it."""
        status, body = self.get(f"/v1/personas/{persona}")
        assert status == 200, body
        return body["versions"][0]


@contextmanager
def cloud(
    monkeypatch: pytest.MonkeyPatch,
    provider_url: str,
    *,
    api_key: str = "local",
    deadline_hours: int = 72,
    parties: Parties | None = None,
) -> Generator[Cloud]:
    """Bring everything up against the provider at ``provider_url``."""
    with (
        mock_aws(config={"stepfunctions": {"execute_state_machine": True}}),
        mock.patch.object(AmazonStateLanguageParser, "parse", _parse_again),
    ):
        _make_bucket_and_table()
        topic, queue = _make_topic()
        machine = _make_state_machine(topic, deadline_hours)
        secrets = boto3.client("secretsmanager")
        provider_key = json.dumps({"api_key": api_key})
        for name, value in {
            "BUCKET_NAME": BUCKET,
            "TABLE_NAME": TABLE,
            "STATE_MACHINE_ARN": machine,
            "TOPIC_ARN": topic,
            "PROVIDER": "openai",
            "BASE_MODEL": "maltu-retrieval-1",
            "PROVIDER_BASE_URL": provider_url,
            "PROVIDER_SECRET_ARN": secrets.create_secret(Name="provider", SecretString=provider_key)["ARN"],
            "API_KEY_SECRET_ARN": secrets.create_secret(Name="endpoint", SecretString=API_KEY)["ARN"],
        }.items():
            monkeypatch.setenv(name, value)
        up = Cloud(queue, machine, invoke=parties.invoke if parties else invoke_handler)
        with _engine(up), parties.installed() if parties else nullcontext():
            yield up
            up.finish()


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
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=about["Attributes"]["QueueArn"])
    return topic, queue


def _make_state_machine(topic: str, deadline_hours: int) -> str:
    arn = f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:"
    values = {
        "TableName": TABLE,
        "TopicArn": topic,
        "PollSeconds": "30",
        "MaxPollSeconds": "120",
        "DeadlineHours": str(deadline_hours),
        **{name: arn + name for name in FUNCTIONS},
    }
    definition = string.Template((ROOT / "infra" / "fine_tune.asl.json").read_text("utf-8"))
    return boto3.client("stepfunctions").create_state_machine(
        name="fine-tune",
        # A name that is not given stays as it stands, as do the variables of JSONata.
        definition=definition.safe_substitute(values),
        roleArn=f"arn:aws:iam::{ACCOUNT}:role/state-machine",
    )["stateMachineArn"]


@contextmanager
def _engine(up: Cloud) -> Generator[None]:
    """moto's interpreter of the state machine, with what it lacks: JSONata, our handlers, and no waiting."""

    def invoke(parameters: dict[str, Any], region: str, state_credentials: object) -> dict[str, Any]:
        del region, state_credentials
        name = parameters["FunctionName"].rpartition(":")[2]
        payload = parameters.get("Payload", b"{}")
        text = payload.read() if isinstance(payload, io.IOBase) or hasattr(payload, "read") else payload
        up.invoked[name] += 1
        try:
            result = up.invoke(FUNCTIONS[name], json.loads(text))
        except FunctionDied as death:
            thrown = {"errorType": death.error_type, "errorMessage": str(death)}
            return {"StatusCode": 200, "FunctionError": "Unhandled", "Payload": thrown}
        except Exception as error:  # noqa: BLE001 - as Lambda reports whatever is thrown
            thrown = {"errorType": type(error).__name__, "errorMessage": str(error), "stackTrace": ["..."]}
            return {"StatusCode": 200, "FunctionError": "Unhandled", "Payload": thrown}
        return {"StatusCode": 200, "Payload": json.loads(json.dumps(result))}

    def note_wait(self: object, env: object, wait_seconds: float) -> None:
        del self, env
        up.waits.append(wait_seconds)
        up.wait()

    with (
        mock.patch.object(moto_jsonata, "_eval_jsonata", _evaluate),
        mock.patch.object(moto_lambda, "_invoke_lambda_function", invoke),
        mock.patch.object(moto_wait.WaitFunction, "_wait_interval", note_wait),
        mock.patch.object(moto_retry, "time", _NoSleep(up.waits)),
    ):
        yield


_parse = cache(AmazonStateLanguageParser.parse)


def _parse_again(definition: str) -> tuple[Any, Any]:
    """Parse as moto does for every execution, which costs more than the execution."""
    program, tree = _parse(definition)
    return copy.deepcopy(program), tree


def _evaluate(expression: str) -> Any:  # noqa: ANN401 - whatever JSON the expression gives
    return Jsonata(expression).evaluate(None)


class _NoSleep:
    """The retrier's clock."""

    def __init__(self, waits: list[float]) -> None:
        self._waits = waits

    def sleep(self, seconds: float) -> None:
        self._waits.append(seconds)
