"""What the functions and the state machines ask of AWS, and whether the template lets them.

moto takes every request, so what a role may do shows in no test of the chain by itself. Here each request is
kept with who made it, named as IAM names it, and held against the role's statements.
"""

from __future__ import annotations

import re
import threading
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from unittest import mock
from urllib.parse import unquote

from botocore.exceptions import ClientError
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service import (
    StateTaskService,
)

from maltu import deployment
from tests.support import cloud as support
from tests.support.aws_calls import watched
from tests.support.handlers import load_handler

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Mapping
    from concurrent.futures import Future

_ARN = "arn:aws:"
_TRANSACTED = {
    "ConditionCheck": "ConditionCheckItem", "Delete": "DeleteItem", "Put": "PutItem", "Update": "UpdateItem",
}  # fmt: skip
_S3 = {
    "HeadObject": "GetObject", "ListObjectsV2": "ListBucket", "ListObjectVersions": "ListBucketVersions",
    "CreateMultipartUpload": "PutObject", "UploadPart": "PutObject", "CompleteMultipartUpload": "PutObject",
}  # fmt: skip
_OF_BEDROCK = {
    "modelId": ":foundation-model", "modelArn": "0:custom-model",
    "customModelDeploymentIdentifier": "0:custom-model-deployment",
    "jobIdentifier": "0:model-customization-job",
    "modelIdentifier": ":foundation-model", "baseModelIdentifier": ":foundation-model",
}  # fmt: skip
# What a service asks of the owner's key in the name of whoever asks the service.
_OF_THE_KEY = {
    "dynamodb": ("Decrypt",), "s3:GetObject": ("Decrypt",), "s3:PutObject": ("GenerateDataKey",),
    "secretsmanager": ("Decrypt",), "sns": ("Decrypt", "GenerateDataKey"), "sqs:ReceiveMessage": ("Decrypt",),
}  # fmt: skip
# Who makes one of these is asked for it by the name that it will have.
_MADE_AT_BEDROCK = {
    "CreateModelCustomizationJob": ("custom-model", "model-customization-job"),
    "CreateCustomModelDeployment": ("custom-model-deployment",),
}
_WORDS_OF_EXPRESSIONS = re.compile(
    r"(?<![:\w#])(?!(?:SET|REMOVE|ADD|DELETE|AND|OR|NOT|IN|BETWEEN)\b)(#?[A-Za-z_]\w*)(?![\w(]|\s*\()"
)


@dataclass(frozen=True)
class Request:
    """One request as IAM sees it.

    Attributes:
        action: with its service, as in a policy.
        resource: its ARN, or ``*`` where the action knows none.
        about: what conditions ask for: condition keys and their values.
    """

    action: str
    resource: str
    about: tuple[tuple[str, tuple[str, ...]], ...] = ()


@dataclass
class Requests:
    """Who asked for what: the logical names of functions and state machines."""

    by: defaultdict[str, set[Request]] = field(default_factory=lambda: defaultdict(set))
    _stacks: defaultdict[int, list[str]] = field(default_factory=lambda: defaultdict(list))

    @contextmanager
    def kept(self) -> Generator[None]:
        """Keep every request of the block."""
        with (
            watched(self._call),
            mock.patch.object(support, "load_handler", self._loaded),
            mock.patch.object(StateTaskService, "_eval_execution", self._of_machine()),
            mock.patch.object(ThreadPoolExecutor, "submit", self._submitting()),
        ):
            yield

    def _call(self, service: str, operation: str, asked: Mapping[str, Any], make: Callable[[], Any]) -> Any:  # noqa: ANN401 - JSON
        party = self._party()
        refused = None
        try:
            return make()
        except ClientError as error:
            refused = error.response.get("Error", {}).get("Code")
            raise
        finally:
            if party:
                self.by[party] |= set(_named(service, operation, asked, refused))
            if party and operation == "CreateModelCustomizationJob":
                self.by["Bedrock"] |= set(_as_bedrock(asked))

    def _loaded(self, folder: str) -> Callable[[Any, Any], Any]:
        name = "".join(word.title() for word in folder.split("_")) + "Function"

        def run(event: object, context: object) -> object:
            caller = self._stacks[threading.get_ident()]
            if caller:
                self.by[caller[-1]].add(Request("lambda:InvokeFunction", name))
            # Each function is a process of its own, which reads its secrets itself.
            deployment.forget()
            with self._acting(name):
                return load_handler(folder)(event, context)

        return run

    def _of_machine(self) -> Callable[..., None]:
        real: Callable[..., None] = vars(StateTaskService)["_eval_execution"]

        def task(state: Any, env: Any) -> None:  # noqa: ANN401 - moto's own
            name = env.states.context_object.context_object_data["StateMachine"]["Name"]
            machine = {"fine_tune": "FineTuneStateMachine", "remove": "RemoveStateMachine"}[name]
            with self._acting(machine):
                real(state, env)

        return task

    @contextmanager
    def _acting(self, party: str) -> Generator[None]:
        stack = self._stacks[threading.get_ident()]
        stack.append(party)
        try:
            yield
        finally:
            stack.pop()

    def _submitting(self) -> Callable[..., Future[Any]]:
        """What a function has done in another thread, it does itself."""
        real: Callable[..., Future[Any]] = vars(ThreadPoolExecutor)["submit"]

        def submit(pool: Any, work: Callable[..., Any], /, *args: Any, **named: Any) -> Future[Any]:  # noqa: ANN401 - any pool's, for any work
            party = self._party()
            if party is None:
                return real(pool, work, *args, **named)

            def run() -> Any:  # noqa: ANN401 - any work's result
                with self._acting(party):
                    return work(*args, **named)

            return real(pool, run)

        return submit

    def _party(self) -> str | None:
        stack = self._stacks.get(threading.get_ident())
        return stack[-1] if stack else None


def _named(service: str, operation: str, params: Mapping[str, Any], refused: str | None) -> Iterator[Request]:
    match service:
        case "s3":
            yield from _of_s3(operation, params, refused)
        case "dynamodb":
            yield from _of_dynamodb(operation, params)
        case "bedrock" | "bedrock-runtime":
            yield from _of_bedrock(operation, params)
        case "events":
            for entry in params["Entries"]:
                about = (("events:source", (entry["Source"],)),)
                yield Request("events:PutEvents", f"{_ARN}events:::event-bus/default", about)
        case "secretsmanager":
            yield Request("secretsmanager:GetSecretValue", params["SecretId"])
        case "stepfunctions":
            # Who answers a task asks it of the machine that the task's token belongs to.
            named = params.get("stateMachineArn") or params.get("executionArn") or "FineTuneStateMachine"
            yield Request(f"states:{operation}", named)
        case "lambda":
            yield Request("lambda:InvokeFunction", params["FunctionName"])
        case _:
            yield Request(f"{service}:{operation}", params.get("TopicArn", "*"))


def _of_s3(operation: str, params: Mapping[str, Any], refused: str | None) -> Iterator[Request]:
    bucket = f"{_ARN}s3:::{params['Bucket']}"
    if operation == "DeleteObjects":
        for each in params["Delete"]["Objects"]:
            # S3 asks for the first even where every object comes with its version.
            yield Request("s3:DeleteObject", f"{bucket}/{each['Key']}")
            if each.get("VersionId"):
                yield Request("s3:DeleteObjectVersion", f"{bucket}/{each['Key']}")
        return
    action = _S3.get(operation, operation)
    if action in {"ListBucket", "ListBucketVersions"}:
        yield Request(f"s3:{action}", bucket, (("s3:prefix", (params.get("Prefix", ""),)),))
        return
    if operation == "CopyObject":
        # botocore has made a path of it by now.
        yield Request("s3:GetObject", f"{_ARN}s3:::{unquote(params['CopySource']).partition('?')[0]}")
        action = "PutObject"
    if operation == "DeleteObject" and params.get("VersionId"):
        yield Request("s3:DeleteObjectVersion", f"{bucket}/{params['Key']}")
    yield Request(f"s3:{action}", f"{bucket}/{params['Key']}")
    if refused in {"NoSuchKey", "404"}:
        # Without it S3 says «forbidden» of what is not there.
        yield Request("s3:ListBucket", bucket, (("s3:prefix", (params["Key"],)),))


def _of_dynamodb(operation: str, params: Mapping[str, Any]) -> Iterator[Request]:
    if operation == "TransactWriteItems":
        for each in params["TransactItems"]:
            ((kind, item),) = each.items()
            yield from _of_dynamodb(_TRANSACTED[kind], item)
        return
    item: dict[str, Any] = params.get("Key") or params.get("Item") or {}
    values: Mapping[str, Any] = params.get("ExpressionAttributeValues") or {}
    leading = (
        item["pk"]["S"]
        if item
        else values[re.findall(r"pk\s*=\s*(:\w+)", params["KeyConditionExpression"])[0]]["S"]
    )
    names: Mapping[str, str] = params.get("ExpressionAttributeNames") or {}
    expressions = " ".join(
        params.get(f"{kind}Expression") or "" for kind in ("Update", "Condition", "Projection")
    )
    used = {names.get(word) or word for word in map(str, _WORDS_OF_EXPRESSIONS.findall(expressions))} | set(
        item
    )
    about = (("dynamodb:LeadingKeys", (leading,)), ("dynamodb:Attributes", tuple(sorted(used))))
    yield Request(f"dynamodb:{operation}", f"{_ARN}dynamodb:::table/{params['TableName']}", about)


def _of_bedrock(operation: str, params: Mapping[str, Any]) -> Iterator[Request]:
    resource = "*"
    for name, kind in _OF_BEDROCK.items():
        identifier = str(params.get(name, ""))
        if identifier:
            is_arn = identifier.startswith("arn:")
            resource = identifier if is_arn else f"{_ARN}bedrock:us-east-1:{kind}/{identifier}"
    yield Request(f"bedrock:{'InvokeModel' if operation == 'Converse' else operation}", resource)
    for kind in _MADE_AT_BEDROCK.get(operation, ()):
        yield Request(f"bedrock:{operation}", f"{_ARN}bedrock:us-east-1:0:{kind}/made")
    if "roleArn" in params:
        yield Request(
            "iam:PassRole", params["roleArn"], (("iam:PassedToService", ("bedrock.amazonaws.com",)),)
        )


def _as_bedrock(job: Mapping[str, Any]) -> Iterator[Request]:
    """What Bedrock asks for with the role that a job gives it."""
    validators = job.get("validationDataConfig", {}).get("validators", [])
    for data in (job["trainingDataConfig"], *validators):
        file = data["s3Uri"].removeprefix("s3://")
        bucket, _, key = file.partition("/")
        yield Request("s3:GetObject", f"{_ARN}s3:::{file}")
        yield Request("s3:ListBucket", f"{_ARN}s3:::{bucket}", (("s3:prefix", (key,)),))
    output = job["outputDataConfig"]["s3Uri"].removeprefix("s3://").rstrip("/")
    yield Request("s3:PutObject", f"{_ARN}s3:::{output}/metrics.csv")


def of_the_key(request: Request, key: str) -> Iterator[Request]:
    """Give what ``request`` has its service ask of the owner's key."""
    service = request.action.partition(":")[0]
    via = (("kms:ViaService", (f"{service}.us-east-1.amazonaws.com",)),)
    for action in _OF_THE_KEY.get(request.action, _OF_THE_KEY.get(service, ())):
        yield Request(f"kms:{action}", key, via)
