"""What a KakaoTalk channel may rely on: a bubble whatever happens, at once or through its callback."""

from __future__ import annotations

import base64
import json
import time
from http.client import HTTPConnection
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

import boto3
import pytest

from infra.local.finetuning import create_app, serve
from maltu import callbacks, kakao
from maltu.aws_json import Patience
from maltu.errors import CallbackRefused
from tests.support.cloud import cloud
from tests.support.dialogues import ANSWERED, export
from tests.support.faults import Fault, Faulty
from tests.support.handlers import Context, load_handler, sample_event
from tests.support.invoking import Callbacks, Invocations
from tests.support.logs import everything_logged

if TYPE_CHECKING:
    from collections.abc import Iterator

SECRET = "what-kakao-sends-along"
CALLBACK = "https://bot-api.kakao.com/v1/bots/b0t/callback/t0ken?expire=1795343999"
QUESTION = "밥 먹었어?"
SPOKEN = {tuple(line.split("\n")) for line in ANSWERED}


@pytest.fixture(scope="module")
def wire(tmp_path_factory: pytest.TempPathFactory) -> Faulty:
    return Faulty(create_app(tmp_path_factory.mktemp("provider")))


@pytest.fixture(scope="module")
def invoked() -> Invocations:
    return Invocations("kakao_answer")


@pytest.fixture(scope="module")
def _up(wire: Faulty, invoked: Invocations) -> Iterator[None]:
    with (
        pytest.MonkeyPatch.context() as patch,
        serve(wire) as provider_url,
        serve(invoked) as lambda_url,
        cloud(patch, provider_url) as opened,
    ):
        at = urlsplit(lambda_url)
        patch.setenv("AWS_ENDPOINT_URL_LAMBDA", f"{at.scheme}://{at.netloc}")
        patch.setenv("ANSWER_FUNCTION", invoked.function)
        stored = boto3.client("secretsmanager").create_secret(Name="kakao", SecretString=SECRET)
        patch.setenv("KAKAO_SECRET_ARN", stored["ARN"])
        opened.drop("exports/하준/chat.csv", export())
        assert [run["status"] for run in opened.finish()] == ["SUCCEEDED"]
        yield


pytestmark = pytest.mark.usefixtures("_up")


@pytest.fixture
def posted_to(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callbacks]:
    kakaos = Callbacks()
    with serve(kakaos) as url:
        at = urlsplit(url)

        def connect(host: str) -> HTTPConnection:
            assert host == "bot-api.kakao.com"
            return HTTPConnection(at.hostname or "", at.port, timeout=5)

        monkeypatch.setattr(callbacks, "connect", connect)
        yield kakaos


@pytest.fixture
def logged(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    with everything_logged(monkeypatch) as lines:
        yield lines


def skill(persona: str = "하준", *, secret: str | None = SECRET, **changed: object) -> dict[str, Any]:
    event = sample_event("kakao")
    body = json.loads(event["body"])
    user_request = {**body["userRequest"], "utterance": QUESTION, **changed}
    body["userRequest"] = {name: value for name, value in user_request.items() if value is not None}
    shown = {} if secret is None else {"X-Maltu-Kakao-Secret": secret}
    return {**event, "path": f"/kakao/{persona}", "headers": shown, "body": json.dumps(body)}


def ask(event: dict[str, Any]) -> dict[str, Any]:
    answer = load_handler("kakao")(event, Context())
    assert answer["statusCode"] == 200
    assert answer["headers"]["Content-Type"].startswith("application/json")
    return json.loads(answer["body"])


def texts(response: dict[str, Any]) -> tuple[str, ...]:
    assert response.keys() == {"version", "template"}
    assert response["version"] == "2.0"
    return tuple(output["simpleText"]["text"] for output in response["template"]["outputs"])


@pytest.mark.parametrize("persona", ["하준", quote("하준")])
def test_a_persona_answers_at_once_where_there_is_no_callback(persona: str, invoked: Invocations) -> None:
    before = len(invoked.payloads)
    assert texts(ask(skill(persona, callbackUrl=None))) in SPOKEN
    assert invoked.payloads[before:] == [{"persona": "하준", "text": QUESTION}]


def test_a_body_in_base64_is_read_too() -> None:
    event = skill(callbackUrl=None)
    event |= {"body": base64.b64encode(event["body"].encode()).decode(), "isBase64Encoded": True}
    assert texts(ask(event)) in SPOKEN


def test_with_a_callback_the_question_is_acknowledged_and_answered_there_once(
    invoked: Invocations, posted_to: Callbacks
) -> None:
    began = time.monotonic()
    response = ask(skill(callbackUrl=CALLBACK))
    acknowledged = time.monotonic()
    assert response == {"version": "2.0", "useCallback": True, "data": {"text": kakao.THINKING}}
    assert invoked.wait() is None
    ((target, answer, at),) = posted_to.posted
    assert target == "POST /v1/bots/b0t/callback/t0ken?expire=1795343999"
    assert texts(answer) in SPOKEN
    assert acknowledged < at
    assert at >= began + 1


@pytest.mark.parametrize("secret", [None, "", "wrong", SECRET + " ", "비밀", "\ud800"])
def test_whoever_lacks_the_secret_is_refused_in_a_bubble_and_nothing_is_asked(
    secret: str | None, invoked: Invocations, wire: Faulty
) -> None:
    before = len(invoked.payloads), len(wire.served)
    assert texts(ask(skill(secret=secret))) == (kakao.REFUSED,)
    assert (len(invoked.payloads), len(wire.served)) == before


@pytest.mark.parametrize(
    ("event", "text"),
    [
        (skill("없음", callbackUrl=None), kakao.NOBODY),
        (skill("x" * 2_000, callbackUrl=None), kakao.NOBODY),
        (skill(utterance="  "), kakao.UNREADABLE),
        (skill() | {"body": None}, kakao.UNREADABLE),
        (skill() | {"body": "{"}, kakao.UNREADABLE),
        (skill(utterance="가" * 2_001), kakao.TOO_LONG),
    ],
)
def test_what_cannot_be_answered_is_said_in_a_bubble(event: dict[str, Any], text: str) -> None:
    assert texts(ask(event)) == (text,)


@pytest.mark.parametrize(
    ("fault", "text"),
    [
        (Fault("POST", "/chat/completions", status=500), kakao.FAILED),
        (Fault("POST", "/chat/completions", status=429), kakao.BUSY),
        (Fault("POST", "/chat/completions", status=400), kakao.FAILED),
    ],
)
def test_a_provider_that_fails_is_told_in_a_bubble(wire: Faulty, fault: Fault, text: str) -> None:
    wire.faults = [fault]
    assert texts(ask(skill(callbackUrl=None))) == (text,)
    assert fault.times == 0


def test_a_callback_that_is_not_kakaos_is_never_called(invoked: Invocations, posted_to: Callbacks) -> None:
    answer = ask(skill(callbackUrl="https://evil.example/bot-api.kakao.com"))
    assert texts(answer) in SPOKEN
    assert "callback" not in invoked.payloads[-1]
    event = {"persona": "하준", "text": QUESTION, "callback": "https://evil.example/x"}
    with pytest.raises(CallbackRefused, match="nothing was posted"):
        load_handler("kakao_answer")(event, Context())
    assert posted_to.posted == []


def test_a_late_answer_is_apologised_for_and_not_asked_for_again(
    invoked: Invocations, monkeypatch: pytest.MonkeyPatch
) -> None:
    hurried = Patience(connect=1, read=0.2, tries=1)
    monkeypatch.setattr("maltu.answering.PATIENCE", hurried)
    monkeypatch.setattr(invoked, "held", 0.6)
    before = len(invoked.payloads)
    assert texts(ask(skill(callbackUrl=None))) == (kakao.LATE,)
    time.sleep(0.6)
    assert len(invoked.payloads) == before + 1


def test_an_answering_function_that_dies_is_told_in_a_bubble(
    invoked: Invocations, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(invoked, "dies", True)
    assert texts(ask(skill(callbackUrl=None))) == (kakao.FAILED,)


def test_a_secret_or_a_function_that_cannot_be_reached_is_a_bubble_too(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_LAMBDA", "http://127.0.0.1:1")
    assert texts(ask(skill())) == (kakao.FAILED,)
    monkeypatch.delenv("KAKAO_SECRET_ARN")
    assert texts(ask(skill())) == (kakao.FAILED,)


@pytest.mark.parametrize(
    ("status", "receipt"),
    [(200, {"status": "FAIL", "message": CALLBACK}), (200, {"status": "ERROR"}), (400, {}), (302, None)],
)
def test_an_answer_that_kakao_does_not_take_is_an_error_and_not_posted_again(
    invoked: Invocations, posted_to: Callbacks, status: int, receipt: object
) -> None:
    posted_to.status, posted_to.receipt = status, receipt
    ask(skill(callbackUrl=CALLBACK))
    error = invoked.wait()
    assert isinstance(error, CallbackRefused)
    assert f"HTTP {status}" in str(error)
    assert "t0ken" not in str(error)
    assert len(posted_to.posted) == 1


def test_a_host_whose_certificate_does_not_hold_is_told_nothing() -> None:
    connection = callbacks.connect("bot-api.kakao.com")
    context: Any = connection._context  # type: ignore[attr-defined] # noqa: SLF001 # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType, reportUnknownVariableType] - what the connection keeps to itself
    assert context.check_hostname
    assert context.verify_mode.name == "CERT_REQUIRED"
    assert connection.port == 443


def test_neither_words_nor_callback_nor_secret_are_logged(
    logged: list[str], invoked: Invocations, posted_to: Callbacks, wire: Faulty
) -> None:
    ask(skill(callbackUrl=CALLBACK))
    assert invoked.wait() is None
    posted_to.status, posted_to.receipt = 400, {"message": CALLBACK}
    ask(skill(callbackUrl=CALLBACK))
    assert isinstance(invoked.wait(), CallbackRefused)
    wire.faults = [Fault("POST", "/chat/completions", status=500)]
    ask(skill(callbackUrl=None))
    ask(skill("없음", callbackUrl=None))
    ask(skill(secret="wrong-secret"))
    told = "\n".join(line for line in logged if "'name': 'maltu'" in line)
    assert "ProviderUnavailable" in told
    assert "skill refused" in told
    for private in (
        QUESTION,
        "밥 먹",
        "t0ken",
        "callback/",
        SECRET,
        "wrong-secret",
        *ANSWERED[0].split("\n"),
    ):
        assert private not in told, private
