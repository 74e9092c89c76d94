"""What callers of the endpoint may rely on, asked of its function."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Any

import pytest
from openai.types import Model

from infra.local.finetuning import create_app, serve
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
        ({"model": "하준", "messages": ASK, "stream": True}, "stream"),
    ],
)
def test_a_wrong_request_is_told_what_is_wrong(up: Cloud, body: object, param: str | None) -> None:
    status, code, where = error_of(up.post(CHAT, body))
    assert (status, code, where) == (400, None, param)


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


@pytest.mark.parametrize("path", ["/v1/personas/nobody", "/v1/nowhere", "/", "/v1/personas/"])
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
        assert allowed["usageIdentifierKey"] == API_KEY

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
