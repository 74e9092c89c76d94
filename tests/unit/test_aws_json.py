"""What is asked of AWS without a client of botocore's, held against what its clients ask and do."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, cast

import pytest
from botocore.awsrequest import AWSResponse
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectionClosedError,
    EndpointConnectionError,
    NoCredentialsError,
    NoRegionError,
    ReadTimeoutError,
)
from botocore.httpsession import URLLib3Session

from maltu import aws_json
from maltu.answering import Answering
from maltu.aws_json import (
    BEDROCK_RUNTIME,
    DYNAMODB,
    LAMBDA,
    SECRETS_MANAGER,
    Client,
    Patience,
    Service,
)
from tests.support import boto

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from botocore.awsrequest import AWSPreparedRequest

Answer = Exception | tuple[int, dict[str, str], bytes]

MODEL = "arn:aws:bedrock:us-east-1:123456789012:custom-model-deployment/abc"
CONVERSE = f"/model/{MODEL.replace(':', '%3A').replace('/', '%2F')}/converse"
SAID = [{"role": "user", "content": [{"text": "뭐해? ㅋㅋ"}]}]
THREE = Patience(connect=0.1, read=0.1, tries=3)
SCOPE = re.compile(r"Credential=(?P<key>[^/]+)/\d+/(?P<scope>[^,]+),")


class Wire:
    """Answers what is sent with ``answers`` in turn, and with the last of them from then on."""

    def __init__(self, *answers: Answer) -> None:
        self.answers = list(answers)
        self.sent: list[AWSPreparedRequest] = []

    def send(self, _: URLLib3Session, request: AWSPreparedRequest) -> AWSResponse:
        self.sent.append(request)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        status, headers, body = answer
        return AWSResponse(request.url, status, cast("Any", headers), cast("Any", Body(body)))


class Body:
    """A body as urllib3 hands it out."""

    def __init__(self, content: bytes) -> None:
        self.content = content

    def stream(self) -> Iterator[bytes]:
        yield self.content


@pytest.fixture
def wire(monkeypatch: pytest.MonkeyPatch) -> Wire:
    wire = Wire(raw(200, b'{"a": 1}'))

    def send(session: URLLib3Session, request: AWSPreparedRequest) -> AWSResponse:
        return wire.send(session, request)

    monkeypatch.setattr(URLLib3Session, "send", send)
    monkeypatch.setattr(aws_json, "PAUSE_SECONDS", 0.0)
    return wire


def raw(status: int, body: bytes, headers: dict[str, str] | None = None) -> Answer:
    return status, headers or {}, body


def answered(status: int, code: str, **fields: object) -> Answer:
    return raw(status, json.dumps({"__type": code, **fields}).encode())


def header(request: AWSPreparedRequest, name: str) -> str:
    value: str | bytes = request.headers[name]
    return value.decode() if isinstance(value, bytes) else value


@pytest.mark.parametrize(
    ("service", "operation", "asked", "path", "method", "more"),
    [
        (DYNAMODB, "GetItem", {"TableName": "t", "Key": {"pk": {"S": "하준"}}}, "/", "get_item", {}),
        (SECRETS_MANAGER, "GetSecretValue", {"SecretId": "s"}, "/", "get_secret_value", {}),
        (BEDROCK_RUNTIME, "Converse", {"messages": SAID}, CONVERSE, "converse", {"modelId": MODEL}),
    ],
    ids=["dynamodb", "secretsmanager", "bedrock-runtime"],
)
@pytest.mark.parametrize(
    "region_and_address", [("us-east-1", ""), ("cn-north-1", ""), ("eu-west-1", "http://127.0.0.1:1")]
)
def test_what_is_asked_is_what_botocores_client_asks(  # noqa: PLR0913, PLR0917 - the fixtures and the case
    wire: Wire,
    monkeypatch: pytest.MonkeyPatch,
    service: Service,
    operation: str,
    asked: dict[str, Any],
    path: str,
    method: str,
    more: dict[str, str],
    region_and_address: tuple[str, str],
) -> None:
    region, address = region_and_address
    monkeypatch.setenv("AWS_DEFAULT_REGION", region)
    monkeypatch.setenv("AWS_SESSION_TOKEN", "token")
    if address:
        monkeypatch.setenv(service.variable, address)
        monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:2")
    assert Client(service, THREE).call(operation, asked, path) == {"a": 1}
    getattr(boto.unshared(service.host), method)(**asked, **more)
    ours, botocores = wire.sent
    assert (ours.method, ours.url) == (botocores.method, botocores.url)
    assert json.loads(cast("bytes", ours.body)) == json.loads(cast("bytes", botocores.body))
    for name in ("X-Amz-Target", "Content-Type", "X-Amz-Security-Token"):
        assert (name in ours.headers) == (name in botocores.headers)
        assert name not in ours.headers or header(ours, name) == header(botocores, name)
    signed = [SCOPE.search(header(each, "Authorization")) for each in (ours, botocores)]
    assert signed[0]
    assert signed[1]
    assert signed[0].groupdict() == signed[1].groupdict()


def test_a_function_is_invoked_as_botocores_client_does(wire: Wire) -> None:
    Answering(Client(LAMBDA, THREE), "maltu-answer").later("하준", "뭐해?", "https://bot-api.kakao.com/t")
    payload = cast("bytes", wire.sent[0].body)
    boto.unshared("lambda").invoke(FunctionName="maltu-answer", InvocationType="Event", Payload=payload)
    ours, botocores = wire.sent
    assert (ours.method, ours.url, ours.body) == (botocores.method, botocores.url, botocores.body)
    assert header(ours, "X-Amz-Invocation-Type") == header(botocores, "X-Amz-Invocation-Type") == "Event"
    assert json.loads(payload) == {
        "persona": "하준",
        "text": "뭐해?",
        "callback": "https://bot-api.kakao.com/t",
    }


def test_an_answer_that_cannot_be_read_is_botocores_error(wire: Wire) -> None:
    wire.answers = [raw(200, b"<html>")]
    with pytest.raises(BotoCoreError):
        Client(DYNAMODB, THREE).call("GetItem", {})


@pytest.mark.parametrize(
    "failure",
    [
        answered(400, "com.amazon.coral.availability#ThrottlingException"),
        answered(400, "com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException"),
        answered(500, "InternalServerError"),
        raw(502, b"<html>"),
        raw(429, b"{}", {"x-amzn-errortype": "TooManyRequestsException"}),
        ConnectionClosedError(endpoint_url="u"),
        EndpointConnectionError(endpoint_url="u"),
        ReadTimeoutError(endpoint_url="u"),
    ],
)
def test_what_may_pass_is_asked_again_a_few_times(wire: Wire, failure: Answer) -> None:
    wire.answers[:0] = [failure, failure]
    assert Client(DYNAMODB, THREE).call("GetItem", {}) == {"a": 1}
    assert len(wire.sent) == THREE.tries
    wire.answers = [failure]
    wire.sent.clear()
    with pytest.raises(type(failure) if isinstance(failure, Exception) else ClientError):
        Client(DYNAMODB, THREE).call("GetItem", {})
    assert len(wire.sent) == THREE.tries
    wire.sent.clear()
    with pytest.raises(type(failure) if isinstance(failure, Exception) else ClientError):
        Client(DYNAMODB, Patience(0.1, 0.1, tries=1)).call("GetItem", {})
    assert len(wire.sent) == 1


@pytest.mark.parametrize(
    ("answer", "code", "message"),
    [
        (answered(400, "a.b#ConditionalCheckFailedException", message="no", Item={"n": 1}),
         "ConditionalCheckFailedException", "no"),
        (raw(403, b'{"Message": "no"}', {"x-amzn-errortype": "AccessDeniedException:http://b/"}),
         "AccessDeniedException", "no"),
        (raw(404, b"not JSON"), "404", ""),
        (raw(400, b"[]"), "400", ""),
    ],
)  # fmt: skip
def test_a_refusal_is_told_as_botocore_tells_it_and_asked_once(
    wire: Wire, answer: Answer, code: str, message: str
) -> None:
    wire.answers = [answer]
    with pytest.raises(ClientError) as raised:
        Client(DYNAMODB, THREE).call("PutItem", {})
    response: Any = raised.value.response
    assert response["Error"] == {"Code": code, "Message": message}
    assert response["ResponseMetadata"]["HTTPStatusCode"] in {400, 403, 404}
    assert raised.value.operation_name == "PutItem"
    assert response.get("Item") == ({"n": 1} if "Conditional" in code else None)
    assert len(wire.sent) == 1


def test_pauses_grow_and_stay_short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("random.uniform", max)
    assert [vars(aws_json)["_pause"](tried) for tried in (1, 2)] == [0.25, 0.5]


def test_credentials_are_looked_for_wherever_botocore_does(
    wire: Wire, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    with pytest.raises(NoCredentialsError):
        Client(DYNAMODB, THREE)
    file = tmp_path / "credentials"
    file.write_text("[default]\naws_access_key_id = of-the-file\naws_secret_access_key = s\n", "utf-8")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(file))
    Client(DYNAMODB, THREE).call("GetItem", {})
    assert "Credential=of-the-file/" in header(wire.sent[0], "Authorization")


def test_credentials_that_expire_are_read_again(wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_CREDENTIAL_EXPIRATION", "2020-01-01T00:00:00Z")
    client = Client(DYNAMODB, THREE)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "of-today")
    monkeypatch.setenv("AWS_CREDENTIAL_EXPIRATION", "2099-01-01T00:00:00Z")
    client.call("GetItem", {})
    assert "Credential=of-today/" in header(wire.sent[0], "Authorization")


def test_a_region_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    with pytest.raises(NoRegionError):
        Client(DYNAMODB, THREE)
