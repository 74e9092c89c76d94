"""Bodies that are no JSON, too large or made to break a parser: refused in the envelope, no fault of ours."""

from __future__ import annotations

import base64
import json
import re
from typing import Any

import pytest

from tests.support.cloud import API_KEY
from tests.support.gateway import Answer, ask
from tests.support.handlers import Context, load_handler, sample_event

CHAT = "/v1/chat/completions"
OWNER: dict[str, Any] = {"principalId": "owner", "context": {"scopes": "chat manage", "personas": ""}}
MEGABYTE = 1_000_000


def post(body: bytes, path: str = CHAT, **headers: str) -> Answer:
    shown = {"Authorization": f"Bearer {API_KEY}", "Content-Type": "application/json", **headers}
    return ask("POST", path, headers=shown, body=body, authorize=lambda _: OWNER)


def refusal_of(answer: Answer) -> tuple[int, str | None, str | None]:
    error = json.loads(answer.body)["error"]
    assert error["message"]
    assert error["type"] == "invalid_request_error"
    return answer.status, error["code"], error["param"]


def chat(**fields: object) -> bytes:
    asked = {"model": "m", "messages": [{"role": "user", "content": "x"}], **fields}
    return json.dumps(asked).encode()


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"\x00",
        b'{"model": NaN}',
        b'{"model": Infinity, "messages": -Infinity}',
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b'{"seed": ' + b"9" * 5_000 + b"}",
        b"\xff\xfe{",
        b"null",
        b"[]",
        b'"text"',
        b"1",
    ],
)
def test_what_is_no_json_or_no_object_is_refused(body: bytes) -> None:
    answer = post(body)
    status, code, param = refusal_of(answer)
    assert (status, code, param) == (400, None, None)
    assert re.search("JSON object|in UTF-8", json.loads(answer.body)["error"]["message"])


@pytest.mark.parametrize(
    ("body", "param"),
    [
        (chat(n="1"), "n"),
        (chat(n=True), "n"),
        (chat(n=1.5), "n"),
        (chat(max_tokens="10"), "max_tokens"),
        (chat(temperature="1"), "temperature"),
        (chat(temperature=1e400).replace(b"Infinity", b"1e400"), "temperature"),
        (chat(seed=2**63), "seed"),
        (chat(stream="true"), "stream"),
        (chat(stream=1), "stream"),
        (chat(model=1), "model"),
        (chat(model="m" * 201), "model"),
        (chat(messages=[{"role": "user", "content": "\ud800"}]), "messages.0.content"),
        (chat(messages=[{"role": "user", "content": "x" * 20_001}]), "messages.0.content"),
        (chat(messages=[{"role": "user", "content": ["x"]}]), "messages.0.content"),
        (chat(messages=[{"role": "user", "content": "x"}] * 201), "messages"),
        (chat(messages={"role": "user"}), "messages"),
    ],
)
def test_a_wrong_field_is_named(body: bytes, param: str) -> None:
    assert refusal_of(post(body)) == (400, None, param)


@pytest.mark.parametrize("path", [CHAT, "/v1/completions", "/v1/personas/a/rollback"])
def test_a_body_over_a_megabyte_is_refused_before_it_is_read(path: str) -> None:
    assert refusal_of(post(b"[" * (MEGABYTE + 1), path)) == (413, "request_too_large", None)
    # As many bytes, in fewer characters.
    assert refusal_of(post("말".encode() * (MEGABYTE // 3 + 1), path)) == (413, "request_too_large", None)


def test_a_body_of_a_megabyte_is_read() -> None:
    assert refusal_of(post(b"[" * MEGABYTE)) == (400, None, None)


def test_what_the_gateway_itself_does_not_take_is_refused_alike() -> None:
    assert refusal_of(post(b"x" * (10 * 2**20 + 1))) == (413, "request_too_large", None)


@pytest.mark.parametrize(
    "kind",
    ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "multipart/form-data; x"],
)
def test_a_form_is_told_to_be_json(kind: str) -> None:
    answer = post(chat(), **{"Content-Type": kind})
    assert refusal_of(answer) == (400, None, None)
    assert "Content-Type: application/json" in answer.body.decode()


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (base64.b64encode(b"{"), 400),
        (base64.b64encode(b"\xff"), 400),
        (b"no base64", 400),
        (base64.b64encode(b"[" * (MEGABYTE + 1)), 413),
    ],
)
def test_a_body_in_base64_is_judged_by_what_it_holds(body: bytes, status: int) -> None:
    event = {**sample_event("completion"), "path": CHAT, "body": body.decode(), "isBase64Encoded": True}
    assert load_handler("completion")(event, Context())["statusCode"] == status


def test_an_integer_may_be_written_as_json_writes_numbers() -> None:
    # Past the body: what is wrong is the field behind it.
    assert refusal_of(post(chat(n=1.0, max_tokens=2e2, seed=7.0, top_p=2)))[2] == "top_p"
