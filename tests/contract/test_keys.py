"""Who may ask what: keys, their scopes, the personas they reach, and how often they may ask."""

from __future__ import annotations

import hashlib
import json
import logging
import re
import time
import unicodedata
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote

import boto3
import pytest

from infra.local.finetuning import create_app, serve
from maltu.keys import REVOKED_DAYS
from maltu.usage import Limits, Usage
from tests.support.cloud import API_KEY, TABLE, cloud
from tests.support.dialogues import ANSWERED, export
from tests.support.events import function_for, request_event, routes
from tests.support.handlers import Context, load_handler, sample_event

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.cloud import Cloud

CHAT = "/v1/chat/completions"
SAID = [{"role": "user", "content": "밥 먹었어?"}]
BOUND, OTHER, NOBODY = "하준", "서준", "아무개"
# What the gateway answers by itself, whoever is refused.
UNAUTHORIZED = (401, "invalid_api_key")

# What a key for chats opens; every other route is for those who manage.
CHATS = {
    ("POST", CHAT),
    ("POST", "/v1/completions"),
    ("GET", "/v1/models"),
    ("GET", "/v1/models/base"),
    ("GET", "/v1/models/{model}"),
}
# What any key opens.
ANY = {("GET", "/v1/keys/self")}
# Routes that ask for no key, and why.
PUBLIC = {
    ("POST", "/kakao/{persona}"): "Kakao sends no key; the function compares a secret of its own",
    ("GET", "/"): "whoever opens the page has not signed in yet",
    ("GET", "/static/{file+}"): "files that are the same for everybody",
    ("GET", "/v1/openapi.json"): "the API's description, the same for everybody",
}


@pytest.fixture(scope="module")
def up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    app = create_app(tmp_path_factory.mktemp("provider"))
    with pytest.MonkeyPatch.context() as patch, serve(app) as url, cloud(patch, url) as opened:
        for persona in (BOUND, OTHER):
            opened.drop(f"exports/{persona}/chat.csv", export(persona=persona))
        assert [run["status"] for run in opened.finish()] == ["SUCCEEDED"] * 2
        yield opened


def respond(key: str, method: str, path: str, body: object = None) -> dict[str, Any]:
    """Answer as the gateway does: the authorizer is asked, and then the function."""
    headers = {"Authorization": f"Bearer {key}"}
    try:
        allowed = load_handler("authorizer")({**sample_event("authorizer"), "headers": headers}, Context())
    except Exception as error:  # noqa: BLE001 - the gateway goes by its text alone
        assert str(error) == "Unauthorized"  # noqa: PT017 - same
        return {"statusCode": 401, "body": json.dumps({"error": {"code": "invalid_api_key"}})}
    event = request_event(method, path, body if isinstance(body, str) or body is None else json.dumps(body))
    # The gateway hands on strings, and the principal among them.
    assert all(isinstance(value, str) for value in allowed["context"].values())
    event["requestContext"]["authorizer"] = {**allowed["context"], "principalId": allowed["principalId"]}
    return load_handler(function_for(method, path))(event, Context())


def ask(key: str, method: str, path: str, body: object = None) -> tuple[int, Any]:
    answer = respond(key, method, path, body)
    return answer["statusCode"], json.loads(answer["body"])


def refusal(key: str, method: str, path: str, body: object = None) -> tuple[int, str | None]:
    status, answer = ask(key, method, path, body)
    assert answer.keys() == {"error"}
    return status, answer["error"]["code"]


def make(**fields: Any) -> dict[str, Any]:  # noqa: ANN401 - what a caller sends
    status, key = ask(API_KEY, "POST", "/v1/keys", {"name": "phone", **fields})
    assert status == 201, key
    return key


def chat(model: str = BOUND) -> dict[str, Any]:
    return {"model": model, "messages": SAID, "temperature": 0}


def stored() -> str:
    return json.dumps(boto3.client("dynamodb").scan(TableName=TABLE)["Items"], ensure_ascii=False)


# -------------------------------------------------------------------------- making, listing, revoking


def test_a_key_is_shown_once_and_answers_at_once(up: Cloud) -> None:
    del up
    made = respond(API_KEY, "POST", "/v1/keys", {"name": " 서연의 휴대폰 "})
    assert (made["statusCode"], made["multiValueHeaders"]["Cache-Control"]) == (201, ["no-store"])
    key = json.loads(made["body"])
    secret = key.pop("key")
    assert re.fullmatch(r"maltu-[A-Za-z0-9_-]{43}", secret)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", key["created_at"])
    assert key == {
        "id": f"key_{hashlib.sha256(secret.encode()).hexdigest()[:16]}",
        "object": "key",
        "name": "서연의 휴대폰",
        "scopes": ["chat"],
        "personas": None,
        "requests_per_minute": 60,
        "requests_per_month": 20_000,
        "created_at": key["created_at"],
        "created_by": "owner",
    }
    status, answer = ask(secret, "POST", CHAT, chat())
    assert (status, answer["choices"][0]["message"]["content"]) == (200, ANSWERED[0])

    status, listed = ask(API_KEY, "GET", "/v1/keys")
    assert (status, listed["object"]) == (200, "list")
    assert [each for each in listed["data"] if each["id"] == key["id"]] == [
        {**key, "used_this_month": 1, "revoked": None}
    ]
    assert secret not in json.dumps(listed)


def test_a_key_stands_in_the_table_as_its_hash_alone(up: Cloud) -> None:
    del up
    secret = make(name="비밀")["key"]
    assert ask(secret, "GET", "/v1/models")[0] == 200
    everything = stored()
    assert secret not in everything
    assert secret.removeprefix("maltu-")[:12] not in everything
    assert hashlib.sha256(secret.encode()).hexdigest() in everything
    assert API_KEY not in everything


def test_a_key_is_never_logged(
    up: Cloud, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    del up
    root = logging.getLogger()
    before = root.level, logging.getLogger("maltu").level
    for name in (None, "maltu"):
        logging.getLogger(name).setLevel("DEBUG")
    try:
        secret = make(personas=[BOUND])["key"]
        ask(secret, "POST", CHAT, chat())
        refusal(secret, "GET", "/v1/keys")
        refusal(secret, "POST", CHAT, chat(OTHER))
    finally:
        for name, level in zip((None, "maltu"), before, strict=True):
            logging.getLogger(name).setLevel(level)
    logged = "".join(capfd.readouterr()) + caplog.text
    assert "request refused" in logged
    assert secret not in logged


def test_two_keys_may_have_one_name_and_a_name_64_letters(up: Cloud) -> None:
    del up
    twins = [make(name="밥" * 64) for _ in range(2)]
    assert {key["name"] for key in twins} == {"밥" * 64}
    assert len({key["id"] for key in twins}) == len({key["key"] for key in twins}) == 2


def test_a_revoked_key_is_a_key_that_never_was(up: Cloud) -> None:
    del up
    key = make()
    assert ask(API_KEY, "DELETE", f"/v1/keys/{key['id']}") == (
        200,
        {"id": key["id"], "object": "key", "deleted": True},
    )
    never = "maltu-" + "x" * 43
    events = [
        {**sample_event("authorizer"), "headers": {"x-api-key": shown}} for shown in (key["key"], never)
    ]
    told: list[tuple[type[Exception], tuple[object, ...]]] = []
    for event in events:
        with pytest.raises(Exception, match="Unauthorized") as refused:
            load_handler("authorizer")(event, Context())
        told.append((refused.type, refused.value.args))
    assert told[0] == told[1]
    assert refusal(key["key"], "GET", "/v1/models") == UNAUTHORIZED

    again, unknown = (
        respond(API_KEY, "DELETE", f"/v1/keys/{each}") for each in (key["id"], f"key_{'0' * 16}")
    )
    assert again["statusCode"] == unknown["statusCode"] == 404
    assert again["body"].replace(key["id"], "") == unknown["body"].replace(f"key_{'0' * 16}", "")
    assert json.loads(again["body"])["error"]["code"] == "key_not_found"


def test_who_made_and_who_revoked_a_key_is_told_for_a_while(up: Cloud) -> None:
    del up
    manager = make(scopes=["manage"])
    status, theirs = ask(manager["key"], "POST", "/v1/keys", {"name": "theirs"})
    assert (status, theirs["created_by"]) == (201, manager["id"])
    ask(manager["key"], "DELETE", f"/v1/keys/{theirs['id']}")
    (told,) = (each for each in ask(API_KEY, "GET", "/v1/keys")[1]["data"] if each["id"] == theirs["id"])
    assert told["revoked"]["by"] == manager["id"]
    assert datetime.fromisoformat(told["revoked"]["at"])
    assert told["name"] == "theirs"
    (item,) = (
        each for each in boto3.client("dynamodb").scan(TableName=TABLE)["Items"]
        if each["pk"] == {"S": "keys"} and "revoked" in each and each["name"] == {"S": "theirs"}
    )  # fmt: skip
    days = (int(item["expires_at"].get("N", "0")) - time.time()) / 86_400
    assert REVOKED_DAYS - 0.1 < days <= REVOKED_DAYS


def test_a_key_is_told_what_it_is_for(up: Cloud) -> None:
    del up
    made = make(scopes=["manage"], personas=[OTHER, BOUND], requests_per_minute=7)
    assert ask(made["key"], "GET", "/v1/keys/self") == (
        200,
        {
            "id": made["id"], "object": "key", "scopes": ["manage"], "personas": sorted([BOUND, OTHER]),
            "requests_per_minute": 7, "requests_per_month": 20_000,
        },
    )  # fmt: skip
    assert ask(make()["key"], "GET", "/v1/keys/self")[1]["personas"] is None
    assert ask(API_KEY, "GET", "/v1/keys/self")[1] == {
        "id": "owner", "object": "key", "scopes": ["chat", "manage"], "personas": None,
        "requests_per_minute": None, "requests_per_month": None,
    }  # fmt: skip


@pytest.mark.parametrize(
    "wrong", ["owner", "self", "key_", "key_0", "key_" + "0" * 17, "key_%", "x" * 2_000, "열쇠"]
)
def test_what_is_no_id_revokes_nothing(up: Cloud, wrong: str) -> None:
    del up
    make()
    before = ask(API_KEY, "GET", "/v1/keys")
    assert refusal(API_KEY, "DELETE", f"/v1/keys/{wrong}") == (404, "key_not_found")
    assert ask(API_KEY, "GET", "/v1/keys") == before


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"name": ""}, "name"),
        ({"name": "   "}, "name"),
        ({"name": "x" * 65}, "name"),
        ({"name": None}, "name"),
        ({"name": 7}, "name"),
        ({"scopes": []}, "scopes"),
        ({"scopes": ["admin"]}, "scopes.0"),
        ({"scopes": ["chat", "*"]}, "scopes.1"),
        ({"scopes": "chat"}, "scopes"),
        ({"scopes": None}, "scopes"),
        ({"personas": []}, "personas"),
        ({"personas": ["하준", "a/b"]}, "personas.1"),
        ({"personas": ["*"]}, "personas.0"),
        ({"personas": ["하준@1"]}, "personas.0"),
        ({"personas": ["x" * 65]}, "personas.0"),
        ({"personas": ["x" * 5_000]}, "personas.0"),
        ({"personas": [str(n) for n in range(9)]}, "personas"),
        ({"personas": "하준"}, "personas"),
        ({"requests_per_minute": 0}, "requests_per_minute"),
        ({"requests_per_minute": 1_201}, "requests_per_minute"),
        ({"requests_per_month": -1}, "requests_per_month"),
        ({"requests_per_month": 10_000_001}, "requests_per_month"),
        ({"requests_per_month": None}, "requests_per_month"),
        ({"persona": ["하준"]}, "persona"),
    ],
)
def test_a_key_that_is_asked_for_wrongly_is_not_made(up: Cloud, fields: dict[str, Any], param: str) -> None:
    del up
    before = stored()
    status, answer = ask(API_KEY, "POST", "/v1/keys", {"name": "phone", **fields})
    assert (status, answer["error"]["param"]) == (400, param)
    assert len(answer["error"]["message"]) < 300
    assert stored() == before


# -------------------------------------------------------------------------- scopes


def path_of(pattern: str, persona: str = NOBODY) -> str:
    return re.sub(r"\{\w+\}", "x", pattern.replace("{persona}", persona))


@pytest.mark.parametrize("route", sorted(routes()), ids=lambda route: f"{route[0]} {route[1]}")
def test_every_route_needs_a_scope_or_is_public_for_a_reason(up: Cloud, route: tuple[str, str, str]) -> None:
    del up
    method, pattern, function = route
    if (method, pattern) in PUBLIC:
        return
    told = {"principalId": "key_1", "personas": "", "requests_per_minute": "", "requests_per_month": ""}
    answers: dict[str, str | None] = {}
    for scopes in ("", "chat", "manage", "owner *"):
        # Neither a body that is wrong nor one that is missing tells anything before the scope does.
        event = request_event(method, path_of(pattern), "{")
        event["requestContext"]["authorizer"] = {**told, "scopes": scopes}
        body = json.loads(load_handler(function)(event, Context())["body"])
        answers[scopes] = body.get("error", {}).get("code")
    refused = {scopes for scopes, code in answers.items() if code == "insufficient_scope"}
    needed = set[str]() if (method, pattern) in ANY else {"manage" if (method, pattern) in CHATS else "chat"}
    assert refused == {"", "owner *", *needed}


def test_without_the_authorizer_no_route_answers(up: Cloud) -> None:
    del up
    for method, pattern, function in routes():
        if (method, pattern) not in PUBLIC:
            event = request_event(method, path_of(pattern), "{}")
            event["requestContext"].pop("authorizer")
            assert load_handler(function)(event, Context())["statusCode"] == 403, pattern


def test_a_key_for_both_does_both_and_one_for_chats_manages_nothing(up: Cloud) -> None:
    del up
    both, chats, manages = (
        make(scopes=scopes)["key"] for scopes in (["manage", "chat", "chat"], ["chat"], ["manage"])
    )
    told = {key: (ask(key, "POST", CHAT, chat())[0], ask(key, "GET", f"/v1/personas/{BOUND}")[0])
            for key in (both, chats, manages)}  # fmt: skip
    assert list(told.values()) == [(200, 200), (200, 403), (403, 200)]
    assert refusal(chats, "POST", "/v1/keys", {"name": "more", "scopes": ["manage"]}) == (
        403,
        "insufficient_scope",
    )
    assert ask(manages, "GET", "/v1/keys")[0] == 200


# -------------------------------------------------------------------------- personas


@pytest.fixture(scope="module")
def bound(up: Cloud) -> str:
    del up
    # As a Mac writes it, and as everybody else does.
    personas = [unicodedata.normalize("NFD", BOUND), BOUND, NOBODY]
    key = make(scopes=["chat", "manage"], personas=personas)
    assert key["personas"] == sorted([BOUND, NOBODY])
    return key["key"]


@pytest.mark.parametrize("path", [CHAT, "/v1/completions"])
def test_a_bound_key_asks_its_personas_and_knows_of_no_other(up: Cloud, bound: str, path: str) -> None:
    def body(name: str) -> dict[str, Any]:
        return chat(name) if path == CHAT else {"model": name, "prompt": "뭐해?"}

    for name in (BOUND, unicodedata.normalize("NFD", BOUND)):
        assert ask(bound, "POST", path, body(name))[0] == 200
    version = up.version(OTHER)["version"]
    assert ask(API_KEY, "POST", path, body(f"{OTHER}@{version}"))[0] == 200
    for name in (OTHER, f"{OTHER}@{version}"):
        theirs = respond(bound, "POST", path, body(name))
        # What the owner is told of a persona that does not exist.
        absent = respond(API_KEY, "POST", path, body(name.replace(OTHER, "없는이")))
        assert theirs["statusCode"] == absent["statusCode"] == 404
        assert theirs["body"] == absent["body"].replace("없는이", OTHER)
        assert theirs["multiValueHeaders"] == absent["multiValueHeaders"]


def test_a_bound_key_lists_its_personas_alone(bound: str) -> None:
    assert [model["id"] for model in ask(bound, "GET", "/v1/models")[1]["data"]] == [BOUND]
    assert {model["id"] for model in ask(API_KEY, "GET", "/v1/models")[1]["data"]} == {BOUND, OTHER}
    assert ask(bound, "GET", "/v1/models/base")[0] == 200
    assert ask(bound, "GET", f"/v1/models/{BOUND}")[0] == 200
    assert refusal(bound, "GET", f"/v1/models/{OTHER}") == (404, "model_not_found")


OF_A_PERSONA = [route[:2] for route in routes() if "{persona}" in route[1] and route[:2] not in PUBLIC]


@pytest.mark.parametrize("route", sorted(OF_A_PERSONA), ids=" ".join)
def test_a_bound_key_manages_its_personas_and_knows_of_no_other(bound: str, route: tuple[str, str]) -> None:
    method, pattern = route
    # One that is there, named plainly and as the gateway may leave it, and one that is not.
    names = (OTHER, quote(OTHER), "없는이")
    theirs = [respond(bound, method, path_of(pattern, name)) for name in names]
    told = {each["body"].replace(unquote(name), "") for each, name in zip(theirs, names, strict=True)}
    assert len(told) == 1
    assert json.loads(told.pop())["error"]["code"] == "model_not_found"
    own = ask(bound, method, path_of(pattern, NOBODY if method == "DELETE" else BOUND))[1]
    assert own.get("error", {}).get("code") != "model_not_found"


def test_a_bound_key_reads_the_receipts_of_its_personas_alone(up: Cloud, bound: str) -> None:
    receipts = {name: ask(API_KEY, "DELETE", f"/v1/personas/{name}")[1]["id"] for name in (NOBODY, "없는이")}
    up.settle()
    assert ask(bound, "GET", f"/v1/removals/{receipts[NOBODY]}")[0] == 200
    theirs = respond(bound, "GET", f"/v1/removals/{receipts['없는이']}")
    absent = respond(bound, "GET", "/v1/removals/erase-000000000000-20260101t000000")
    assert theirs["statusCode"] == absent["statusCode"] == 404
    assert theirs["body"].replace(receipts["없는이"], "") == absent["body"].replace(
        "erase-000000000000-20260101t000000", ""
    )
    assert ask(API_KEY, "GET", f"/v1/removals/{receipts['없는이']}")[0] == 200


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_a_bound_key_neither_makes_nor_sees_nor_revokes_keys(bound: str, method: str) -> None:
    path = f"/v1/keys/{make()['id']}" if method == "DELETE" else "/v1/keys"
    assert refusal(bound, method, path, {"name": "more"}) == (403, "insufficient_scope")


# -------------------------------------------------------------------------- how often


class Clock(datetime):
    moment = datetime(2026, 11, 23, 12, 0, 40, tzinfo=UTC)

    @classmethod
    def now(cls, tz: object = None) -> datetime:
        assert tz is UTC
        return cls.moment


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> type[Clock]:
    load_handler("completion")
    monkeypatch.setattr("edge.datetime", Clock)
    monkeypatch.setattr(Clock, "moment", Clock.moment)
    return Clock


def retry_after(answer: dict[str, Any]) -> tuple[int, str, list[str]]:
    error = json.loads(answer["body"])["error"]
    return answer["statusCode"], error["code"], answer["multiValueHeaders"]["Retry-After"]


def test_a_key_that_has_used_up_its_minute_is_told_when_the_next_begins(
    up: Cloud, clock: type[Clock]
) -> None:
    del up
    key = make(requests_per_minute=2)["key"]
    # A request counts whatever comes of it.
    assert refusal(key, "POST", CHAT, "{") == (400, None)
    assert refusal(key, "GET", "/v1/keys") == (403, "insufficient_scope")
    limited = respond(key, "GET", "/v1/models")
    assert retry_after(limited) == (429, "rate_limit_exceeded", ["20"])
    assert json.loads(limited["body"])["error"]["type"] == "rate_limit_error"
    assert "2 requests a minute" in json.loads(limited["body"])["error"]["message"]
    clock.moment = clock.moment.replace(minute=1, second=0)
    assert ask(key, "GET", "/v1/models")[0] == 200


def test_a_key_that_has_used_up_its_month_is_told_so(up: Cloud, clock: type[Clock]) -> None:
    del up
    clock.moment = datetime(2026, 11, 30, 23, 59, 50, tzinfo=UTC)
    key = make(requests_per_month=1)
    assert ask(key["key"], "GET", "/v1/models")[0] == 200
    limited = respond(key["key"], "POST", CHAT, chat())
    assert retry_after(limited) == (429, "insufficient_quota", ["10"])
    assert json.loads(limited["body"])["error"]["type"] == "insufficient_quota"
    clock.moment = datetime(2026, 12, 1, tzinfo=UTC)
    assert ask(key["key"], "GET", "/v1/models")[0] == 200


def test_the_owners_key_is_never_used_up(up: Cloud) -> None:
    del up
    before = stored()
    for _ in range(3):
        assert ask(API_KEY, "GET", "/v1/models")[0] == 200
    assert stored() == before


def test_what_cannot_be_counted_is_not_answered(up: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    del up
    key = make()["key"]

    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("no table")

    monkeypatch.setattr(Usage, "count", broken)
    status, answer = ask(key, "POST", CHAT, chat())
    assert (status, answer["error"]["type"]) == (500, "server_error")
    assert "no table" not in str(answer)


def test_the_limits_reach_the_counter_as_they_were_asked_for(
    up: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    del up
    key = make(requests_per_minute=7, requests_per_month=11)
    counted: list[tuple[object, ...]] = []

    def note(_: Usage, id_: str, limits: Limits, *, at: datetime) -> None:
        counted.append((id_, limits, at.tzinfo))

    monkeypatch.setattr(Usage, "count", note)
    assert ask(key["key"], "GET", "/v1/models")[0] == 200
    assert counted == [(key["id"], Limits(7, 11), UTC)]


@pytest.mark.parametrize(
    "shown", ["", "maltu-", "x" * 43, "maltu-\ud800", "maltu-" + "열" * 43, "maltu-" + "x" * 10_000]
)
def test_what_is_no_key_is_unknown(up: Cloud, shown: str) -> None:
    del up
    assert refusal(shown, "GET", "/v1/models") == UNAUTHORIZED
