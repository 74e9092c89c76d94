"""What callers of the endpoint may rely on, asked of its function."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Any

import pytest
from openai.types import Model

from infra.local.finetuning import create_app, serve
from maltu import deployment
from maltu.providers import Replies, Reply, Sampling
from maltu.providers.base_models import base_model, base_models
from tests.support.cloud import API_KEY, cloud
from tests.support.dialogues import ANSWERED, export
from tests.support.faults import Fault, Faulty
from tests.support.handlers import Context, load_handler, sample_event

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from maltu.providers.base_models import BaseModel
    from tests.support.cloud import Cloud

    Authorize = Callable[..., dict[str, Any]]

CHAT = "/v1/chat/completions"
ASK = [{"role": "user", "content": "밥 먹었어?"}]


@pytest.fixture(scope="module")
def wire(tmp_path_factory: pytest.TempPathFactory) -> Faulty:
    return Faulty(create_app(tmp_path_factory.mktemp("provider")))


@pytest.fixture(scope="module")
def up(wire: Faulty) -> Iterator[Cloud]:
    with pytest.MonkeyPatch.context() as patch, serve(wire) as url, cloud(patch, url) as opened:
        opened.drop("exports/하준/chat.csv", export())
        assert [run["status"] for run in opened.finish()] == ["SUCCEEDED"]
        opened.drop("exports/초안/chat.csv", export())
        yield opened


def error_of(answer: tuple[int, Any]) -> tuple[int, str | None, str | None]:
    status, body = answer
    assert body.keys() == {"error"}
    assert body["error"].keys() == {"message", "type", "param", "code"}
    assert body["error"]["message"]
    return status, body["error"]["code"], body["error"]["param"]


def test_an_answer_is_shaped_as_openais(up: Cloud) -> None:
    status, body = up.post(CHAT, {"model": "하준", "messages": ASK, "temperature": 0})
    assert status == 200
    assert body["id"].startswith("chatcmpl-")
    assert (body["object"], body["model"]) == ("chat.completion", "하준")
    (choice,) = body["choices"]
    assert choice["message"] == {
        "role": "assistant",
        "content": choice["message"]["content"],
        "refusal": None,
    }
    assert choice["message"]["content"] in ANSWERED
    assert choice["finish_reason"] == "stop"
    usage = body["usage"]
    assert usage["total_tokens"] == usage["prompt_tokens"] + usage["completion_tokens"] > 0


def test_parts_unknown_fields_several_choices_and_a_pinned_version(up: Cloud) -> None:
    version = up.version("하준")["version"]
    parts = [
        {
            "role": "user",
            "name": "me",
            "content": [{"type": "text", "text": "밥 "}, {"type": "text", "text": "먹었어?"}],
        }
    ]
    status, body = up.post(
        CHAT,
        {
            "model": f"하준@{version}",
            "messages": parts,
            "n": 2,
            "user": "x",
            "presence_penalty": 1,
            "logit_bias": {},
        },
    )
    assert status == 200
    assert [choice["index"] for choice in body["choices"]] == [0, 1]


def test_a_completion_for_each_prompt(up: Cloud) -> None:
    status, body = up.post(
        "/v1/completions", {"model": "하준", "prompt": ["뭐해?", "퇴근했어?"], "temperature": 0}
    )
    assert (status, body["object"]) == (200, "text_completion")
    assert [choice["index"] for choice in body["choices"]] == [0, 1]
    assert all(choice["text"] in ANSWERED for choice in body["choices"])


def test_an_answer_is_never_longer_than_asked_for(up: Cloud) -> None:
    status, body = up.post(CHAT, {"model": "하준", "messages": ASK, "max_completion_tokens": 1})
    assert status == 200
    assert body["choices"][0]["finish_reason"] == "length"


def test_the_same_seed_gives_the_same_answer(up: Cloud) -> None:
    request = {"model": "하준", "messages": ASK, "seed": 7, "temperature": 1.5}
    answers = {up.post(CHAT, request)[1]["choices"][0]["message"]["content"] for _ in range(3)}
    assert len(answers) == 1


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ("", None),
        ("{", None),
        ("[]", None),
        ({}, "model"),
        ({"model": "하준"}, "messages"),
        ({"model": "하준", "messages": []}, "messages"),
        ({"model": "하준", "messages": [{"role": "tool", "content": "x"}]}, "messages.0.role"),
        ({"model": "하준", "messages": [{"role": "system", "content": "x"}]}, "messages"),
        ({"model": "하준", "messages": ASK * 201}, "messages"),
        ({"model": "하준", "messages": ASK, "max_tokens": 0}, "max_tokens"),
        ({"model": "하준", "messages": ASK, "temperature": 3}, "temperature"),
        ({"model": "하준", "messages": ASK, "n": 99}, "n"),
        ({"model": "하준", "messages": ASK, "stream": "maybe"}, "stream"),
        ({"model": "하준", "messages": ASK, "stream_options": {"include_usage": True}}, "stream_options"),
        ({"model": "하준", "messages": ASK, "stop": list("abcde")}, "stop"),
        ({"model": "하준", "messages": ASK, "stop": ["a", 1]}, "stop.1"),
        ({"model": "하준", "messages": ASK, "stop": ""}, "stop.0"),
        ({"model": "하준", "messages": ASK, "stop": 1}, "stop"),
        ({"model": "하준", "messages": [{"role": "user", "content": None}]}, "messages.0.content"),
        ({"model": "하준", "messages": [{"role": "user"}]}, "messages.0.content"),
    ],
)
def test_a_wrong_request_is_told_what_is_wrong(up: Cloud, body: object, param: str | None) -> None:
    status, code, where = error_of(up.post(CHAT, body))
    assert (status, code, where) == (400, None, param)


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({}, "prompt"),
        ({"prompt": []}, "prompt"),
        ({"prompt": None}, "prompt"),
        ({"prompt": [1, 2, 3]}, "prompt.0"),
        ({"prompt": [[1, 2, 3]]}, "prompt.0"),
        ({"prompt": ["x"] * 9}, "prompt"),
        ({"prompt": "x" * 20_001}, "prompt.0"),
        ({"prompt": "x", "max_tokens": 0}, "max_tokens"),
        ({"prompt": "x", "echo": "loud"}, "echo"),
        ({"prompt": "x", "stream_options": {}}, "stream_options"),
    ],
)
def test_a_wrong_completion_request_is_told_what_is_wrong(
    up: Cloud, body: dict[str, object], param: str
) -> None:
    assert error_of(up.post("/v1/completions", {"model": "하준", **body})) == (400, None, param)


TEXT = {"type": "text", "text": "밥 먹었어?"}


@pytest.mark.parametrize(
    "other",
    [
        {"type": "image_url", "image_url": {"url": "https://example.com/a.png"}},
        {"type": "input_audio", "input_audio": {"data": "", "format": "wav"}},
        {"type": "image_url", "text": "비밀"},
        {"type": "text"},
        {"type": "text", "text": ["비밀"]},
        "비밀",
        None,
    ],
)
@pytest.mark.parametrize("streamed", [False, True])
def test_a_part_that_is_no_text_is_refused_by_its_place(up: Cloud, other: object, *, streamed: bool) -> None:
    messages = [*ASK, {"role": "user", "content": [TEXT, other]}]
    answer = up.post(CHAT, {"model": "하준", "messages": messages, "stream": streamed})
    assert error_of(answer) == (400, None, "messages.1.content")
    message = answer[1]["error"]["message"]
    assert message.startswith('messages.1.content: part 1 is not {"type": "text", "text": …}')
    assert "비밀" not in message


def test_the_parts_of_a_message_are_bounded_together(up: Cloud) -> None:
    half = {"type": "text", "text": "밥" * 10_000}
    for parts, status in (([half, half], 200), ([half, half, TEXT], 400)):
        messages = [{"role": "user", "content": parts}]
        assert up.post(CHAT, {"model": "하준", "messages": messages})[0] == status


@pytest.mark.parametrize("role", ["tool", "function", "critic"])
def test_a_role_that_a_persona_does_not_know_is_refused_with_those_it_knows(up: Cloud, role: str) -> None:
    body = {"model": "하준", "messages": [*ASK, {"role": role, "content": "x", "tool_call_id": "1"}]}
    answer = up.post(CHAT, body)
    assert error_of(answer) == (400, None, "messages.1.role")
    for known in ("system", "developer", "user", "assistant"):
        assert known in answer[1]["error"]["message"]


@pytest.mark.parametrize("stop", ["\n", ["\n"], ["없는 말", "\n"]])
def test_an_answer_ends_before_a_stop(up: Cloud, stop: object) -> None:
    asked = {"model": "하준", "messages": ASK, "temperature": 0}
    whole, cut = (up.post(CHAT, body)[1]["choices"][0] for body in (asked, {**asked, "stop": stop}))
    assert whole["message"]["content"] == ANSWERED[0]
    assert (cut["message"]["content"], cut["finish_reason"]) == ("ㅇㅇ 먹음", "stop")


@pytest.mark.parametrize("unset", ["max_tokens", "max_completion_tokens", "n", "seed", "stop", "stream"])
def test_null_is_as_good_as_left_out(up: Cloud, unset: str) -> None:
    assert up.post(CHAT, {"model": "하준", "messages": ASK, unset: None})[0] == 200


@pytest.mark.parametrize("limit", ["max_tokens", "max_completion_tokens"])
def test_either_name_bounds_an_answer_and_nothing_lifts_the_bound(
    up: Cloud, wire: Faulty, monkeypatch: pytest.MonkeyPatch, limit: str
) -> None:
    del wire
    asked: list[Sampling] = []

    def note(_model: str, _messages: object, sampling: Sampling) -> Replies:
        asked.append(sampling)
        return Replies((Reply("응", "stop"),), 1, 1)

    monkeypatch.setattr(deployment.inference(), "chat", note)
    for given in ({}, {limit: 7}, {limit: 100_000}):
        assert up.post(CHAT, {"model": "하준", "messages": ASK, **given})[0] == 200
    assert [sampling.max_tokens for sampling in asked] == [256, 7, 1024]


def test_a_callers_instructions_are_added_to_the_personas_own(
    up: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: list[dict[str, str]] = []

    def note(_model: str, messages: list[dict[str, str]], _sampling: Sampling) -> Replies:
        shown.extend(messages)
        return Replies((Reply("응", "stop"),), 1, 1)

    monkeypatch.setattr(deployment.inference(), "chat", note)
    asides = [{"role": role, "content": f"as {role}"} for role in ("system", "developer")]
    assert up.post(CHAT, {"model": "하준", "messages": [*asides, {**ASK[0], "name": "서연"}]})[0] == 200
    own, *added = shown[0]["content"].split("\n\n")
    assert "하준" in own
    assert added == ["as system", "as developer"]
    assert [message["role"] for message in shown] == ["system", "user"]
    assert shown[1] == ASK[0]


@pytest.mark.parametrize("kind", ["text/plain", "application/xml"])
def test_a_body_that_is_not_called_json_is_told_so(up: Cloud, kind: str) -> None:
    del up
    event = sample_event("completion")
    headers = {**event["headers"], "Content-Type": kind}
    event |= {"headers": headers, "multiValueHeaders": {name: [each] for name, each in headers.items()}}
    answer = load_handler("completion")(event, Context())
    assert answer["statusCode"] == 400
    assert "Content-Type" in json.loads(answer["body"])["error"]["message"]


def test_a_refusal_never_repeats_what_was_said(up: Cloud) -> None:
    secret = "아무에게도-말하지-마" * 3000
    status, body = up.post(CHAT, {"model": "하준", "messages": [{"role": "user", "content": secret}]})
    assert status == 400
    assert "말하지" not in str(body)


@pytest.mark.parametrize("name", ["nobody", "하준@20000101t000000-none", "ft:maltu", "@", "../x"])
def test_an_unknown_persona_is_not_found(up: Cloud, name: str) -> None:
    assert error_of(up.post(CHAT, {"model": name, "messages": ASK})) == (404, "model_not_found", None)


def test_a_persona_that_is_not_ready_says_where_it_stands(up: Cloud) -> None:
    answer = up.post(CHAT, {"model": "초안", "messages": ASK})
    assert error_of(answer) == (409, "persona_not_ready", None)
    assert "failed (" in answer[1]["error"]["message"]
    assert "speaker" in answer[1]["error"]["message"]


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        (Fault("POST", "/chat/completions", status=429), (429, "rate_limit_exceeded", None)),
        (Fault("POST", "/chat/completions", status=500), (502, "provider_unavailable", None)),
        (
            Fault("POST", "/chat/completions", status=404, code="model_not_found"),
            (503, "model_not_ready", None),
        ),
        (Fault("POST", "/chat/completions", status=401), (502, "provider_error", None)),
    ],
)
def test_the_providers_trouble_stays_in_the_envelope_and_names_no_vendor(
    up: Cloud, wire: Faulty, fault: Fault, expected: tuple[int, str, None]
) -> None:
    wire.faults[:] = [fault]
    answer = up.post(CHAT, {"model": "하준", "messages": ASK})
    assert error_of(answer) == expected
    assert "as the test wants" not in answer[1]["error"]["message"]


def test_vendor_ids_never_appear(up: Cloud) -> None:
    everything = [
        up.get("/v1/models"),
        up.get("/v1/personas/하준"),
        up.post(CHAT, {"model": "하준", "messages": ASK}),
    ]
    assert "ft:" not in str(everything)
    assert "ftjob" not in str(everything)


def test_models_are_the_personas_that_answer(up: Cloud) -> None:
    status, body = up.get("/v1/models")
    assert (status, body["object"]) == (200, "list")
    assert [model["id"] for model in body["data"]] == ["하준"]
    assert isinstance(body["data"][0]["created"], int)
    version = up.version("하준")["version"]
    for name in ("하준", f"하준@{version}"):
        status, model = up.get(f"/v1/models/{name}")
        assert (status, model["id"], model["object"]) == (200, name, "model")
    assert error_of(up.get("/v1/models/없는이")) == (404, "model_not_found", None)
    assert error_of(up.get("/v1/models/초안")) == (409, "persona_not_ready", None)


def test_the_base_models_are_listed_as_models_with_what_is_known_of_them(up: Cloud) -> None:
    status, body = up.get("/v1/models/base")
    assert (status, body["object"]) == (200, "list")
    assert {model["id"] for model in body["data"]} == {model.id for model in base_models()}
    for model in body["data"]:
        Model.model_validate(model, strict=True)
    mini = next(model for model in body["data"] if model["id"] == "gpt-4.1-mini-2025-04-14")
    assert (mini["owned_by"], mini["formats"], mini["tokenizer"]) == ("openai", ["chat"], "o200k_base")
    assert (mini["trains_until"], mini["shutdown_date"]) == ("2027-01-06", "2027-01-14")
    assert mini["usd_per_million"] == {"training": 5.0, "input": 0.8, "output": 3.2}
    assert mini["unverified"] == ["training"]
    closed = next(model for model in body["data"] if model["id"] == "davinci-002")
    assert not closed["open"]
    assert closed["alternatives"]
    assert "davinci-002 (openai)" not in closed["alternatives"]


def test_a_persona_whose_base_model_was_shut_down_is_told_apart_from_a_fault(
    up: Cloud, wire: Faulty, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = replace(base_model("maltu-retrieval-1"), closes_on=date(2026, 9, 28))
    monkeypatch.setattr("maltu.providers.refusals.base_model", _always(gone))
    wire.faults.append(Fault("POST", "/chat/completions", status=404, code="model_not_found"))
    answer = up.post(CHAT, {"model": "하준", "messages": ASK})
    assert error_of(answer) == (410, "model_closed", None)
    assert "2026-09-28" in answer[1]["error"]["message"]


def _always(model: BaseModel) -> Callable[[str], BaseModel]:
    return lambda _name: model


def test_a_rate_limit_passes_on_how_long_the_provider_asks_to_wait(up: Cloud, wire: Faulty) -> None:
    del up
    wire.faults.append(Fault("POST", "/chat/completions", status=429, retry_after=37))
    body = json.dumps({"model": "하준", "messages": ASK})
    event = {**sample_event("completion"), "path": CHAT, "httpMethod": "POST", "body": body}
    answer = load_handler("completion")(event, Context())
    assert answer["statusCode"] == 429
    assert {"37"} == {
        value
        for values in answer["multiValueHeaders"].items()
        if values[0] == "Retry-After"
        for value in values[1]
    }


@pytest.mark.parametrize("path", ["/v1/personas/하준", "/v1/personas/%ED%95%98%EC%A4%80"])
def test_a_path_is_understood_whether_the_gateway_decodes_it_or_not(up: Cloud, path: str) -> None:
    status, body = up.get(path)
    assert (status, body["persona"], body["status"]) == (200, "하준", "succeeded")
    assert body["live_version"] == body["versions"][0]["version"]


@pytest.mark.parametrize("path", ["/v1/personas/nobody", "/v1/nowhere", "/nowhere"])
def test_what_is_not_there_is_not_found(up: Cloud, path: str) -> None:
    assert error_of(up.get(path))[0] == 404


class TestAuthorizer:
    @pytest.fixture
    def authorize(self, up: Cloud) -> Authorize:
        del up

        def ask(**headers: str) -> dict[str, Any]:
            return load_handler("authorizer")({**sample_event("authorizer"), "headers": headers}, Context())

        return ask

    @pytest.mark.parametrize(
        "headers",
        [
            {"Authorization": f"Bearer {API_KEY}"},
            {"authorization": f"bearer {API_KEY} "},
            {"x-api-key": API_KEY},
            {"X-API-Key": API_KEY},
        ],
    )
    def test_either_header_opens_every_route_of_its_stage(
        self, authorize: Authorize, headers: dict[str, str]
    ) -> None:
        allowed = authorize(**headers)
        assert allowed["policyDocument"]["Statement"] == [
            {
                "Effect": "Allow",
                "Action": "execute-api:Invoke",
                "Resource": "arn:aws:execute-api:us-east-1:123456789012:abc123/live/*",
            }
        ]
        assert allowed["principalId"] == "owner"

    @pytest.mark.parametrize(
        "headers",
        [{}, {"Authorization": API_KEY}, {"Authorization": "Bearer "}, {"Authorization": "Bearer wrong"},
         {"x-api-key": ""}, {"x-api-key": API_KEY + "x"}, {"Authorization": "Bearer 하준"},
         {"Authorization": "Bearer wrong", "x-api-key": API_KEY}],
    )  # fmt: skip
    def test_without_a_valid_key_nothing_is_said_but_unauthorized(
        self, authorize: Authorize, headers: dict[str, str]
    ) -> None:
        with pytest.raises(Exception, match=r"^Unauthorized$"):
            authorize(**headers)
