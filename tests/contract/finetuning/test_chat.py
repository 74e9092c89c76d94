from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, cast

import httpx2
import openai
import pytest
from openai import AsyncOpenAI

from tests.contract.finetuning.conftest import BASE
from tests.unit.finetuning.dialogue import TIMES, TOPICS, turns

if TYPE_CHECKING:
    from openai import OpenAI, Stream
    from openai.types.chat import ChatCompletion, ChatCompletionChunk

QUESTION = f"{TIMES[0]} {TOPICS[0][2]}"
ANSWER = f"{TOPICS[0][3]} {TIMES[0]}~"


def create(client: OpenAI, options: dict[str, object]) -> object:
    untyped: Any = client.chat.completions.create
    messages = [{"role": "user", "content": QUESTION}]
    return untyped(**{"messages": messages, "temperature": 0} | options)


def ask(client: OpenAI, model: str, **options: object) -> ChatCompletion:
    return cast("ChatCompletion", create(client, {"model": model} | options))


def stream(client: OpenAI, model: str, **options: object) -> list[ChatCompletionChunk]:
    chunks = create(client, {"model": model, "stream": True} | options)
    return list(cast("Stream[ChatCompletionChunk]", chunks))


def texts(chunks: list[ChatCompletionChunk], answers: int = 1) -> list[str]:
    found = [""] * answers
    for chunk in chunks:
        found[chunk.choices[0].index] += chunk.choices[0].delta.content or ""
    return found


def test_an_answer_has_openais_shape(client: OpenAI, model: str) -> None:
    answer = ask(client, model)
    assert answer.id.startswith("chatcmpl-")
    assert (answer.object, answer.model) == ("chat.completion", model)
    assert (answer.system_fingerprint or "").startswith("fp_")
    (choice,) = answer.choices
    assert (choice.index, choice.finish_reason) == (0, "stop")
    assert (choice.message.role, choice.message.content) == ("assistant", ANSWER)
    assert answer.usage is not None
    assert answer.usage.prompt_tokens == len(QUESTION)
    assert answer.usage.completion_tokens == len(ANSWER)
    assert answer.usage.total_tokens == len(QUESTION) + len(ANSWER)


def test_a_stream_says_the_same_piece_by_piece(client: OpenAI, model: str) -> None:
    chunks = stream(client, model, stream_options={"include_usage": True})
    *parts, last, usage = chunks
    assert len({chunk.id for chunk in chunks}) == 1
    assert {chunk.object for chunk in chunks} == {"chat.completion.chunk"}
    assert parts[0].choices[0].delta.role == "assistant"
    assert all(part.choices[0].delta.role is None for part in parts[1:])
    assert len(parts) > 2
    assert texts(parts) == [ANSWER]
    assert {part.choices[0].finish_reason for part in parts} == {None}
    assert (last.choices[0].finish_reason, last.choices[0].delta.content) == ("stop", None)
    assert usage.choices == []
    assert usage.usage is not None
    assert usage.usage.completion_tokens == len(ANSWER)
    assert all(chunk.usage is None for chunk in chunks[:-1])


def test_a_stream_ends_with_done(url: str, model: str) -> None:
    body = {"model": model, "messages": [{"role": "user", "content": QUESTION}], "stream": True}
    answer = httpx2.post(f"{url}/chat/completions", json=body)
    assert answer.headers["content-type"].startswith("text/event-stream")
    events = answer.text.split("\n\n")
    assert events[-2:] == ["data: [DONE]", ""]
    assert all(event.startswith("data: {") and '"usage"' not in event for event in events[:-2])


def test_the_async_client_works_too(url: str, model: str) -> None:
    async def talk() -> tuple[str | None, str]:
        async with AsyncOpenAI(base_url=url, api_key="unused", max_retries=0) as client:
            whole = await client.chat.completions.create(
                model=model, messages=[{"role": "user", "content": QUESTION}], temperature=0
            )
            stream = await client.chat.completions.create(
                model=model, messages=[{"role": "user", "content": QUESTION}], temperature=0, stream=True
            )
            pieces = [chunk.choices[0].delta.content or "" async for chunk in stream]
            return whole.choices[0].message.content, "".join(pieces)

    assert asyncio.run(talk()) == (ANSWER, ANSWER)


def test_several_answers_differ_and_repeat_with_their_seed(client: OpenAI, model: str) -> None:
    options: dict[str, object] = {
        "messages": [{"role": "user", "content": "오늘 어때요?"}],
        "n": 6,
        "seed": 3,
        "temperature": 2,
    }
    first = [choice.message.content for choice in ask(client, model, **options).choices]
    assert [choice.message.content for choice in ask(client, model, **options).choices] == first
    assert texts(stream(client, model, **options), 6) == first
    assert len(set(first)) > 1
    assert set(first) <= turns("minji")


@pytest.mark.parametrize("stop", [["먹었"], ["없는 말", "먹었"], ["터지게 먹었지롱", "게 먹"]])
def test_an_answer_ends_before_its_stop(client: OpenAI, model: str, stop: list[str]) -> None:
    wanted = ANSWER[: min(at for one in stop if (at := ANSWER.find(one)) >= 0)]
    (choice,) = ask(client, model, stop=stop).choices
    assert (choice.message.content, choice.finish_reason) == (wanted, "stop")
    assert texts(stream(client, model, stop=stop)) == [wanted]


def test_one_stop_needs_no_list(client: OpenAI, model: str) -> None:
    assert ask(client, model, stop=ANSWER[3]).choices[0].message.content == ANSWER[:3]


@pytest.mark.parametrize("limit", ["max_tokens", "max_completion_tokens"])
def test_a_limit_is_kept_and_told(client: OpenAI, model: str, limit: str) -> None:
    answer = ask(client, model, **{limit: 4})
    assert answer.choices[0].message.content == ANSWER[:4]
    assert answer.choices[0].finish_reason == "length"
    assert answer.usage is not None
    assert answer.usage.completion_tokens == 4


def test_parts_and_unknown_fields_are_understood(client: OpenAI, model: str) -> None:
    parts = [{"type": "text", "text": part} for part in (QUESTION[:3], QUESTION[3:])]
    messages = [
        {"role": "developer", "content": "무시"},
        {"role": "assistant", "content": None},
        {"role": "user", "content": parts, "name": "박"},
    ]
    extra = {"some_new_field": {"x": 1}}
    answer = ask(client, model, messages=messages, presence_penalty=0.6, user="me", extra_body=extra)
    assert answer.choices[0].message.content == ANSWER


def test_completions_continue_a_prompt(client: OpenAI, model: str) -> None:
    prompt = f"무슨 얘기\n{QUESTION}"
    whole = client.completions.create(model=model, prompt=prompt, temperature=0, max_tokens=100)
    assert whole.object == "text_completion"
    assert whole.id.startswith("cmpl-")
    assert (whole.choices[0].text, whole.choices[0].finish_reason) == (ANSWER, "stop")
    chunks = list(
        client.completions.create(model=model, prompt=prompt, temperature=0, max_tokens=100, stream=True)
    )
    assert "".join(chunk.choices[0].text for chunk in chunks) == ANSWER
    assert chunks[-1].choices[0].finish_reason == "stop"
    short = client.completions.create(model=model, prompt=[prompt, "커피를 드시겠습니까?"], temperature=0)
    assert [choice.index for choice in short.choices] == [0, 1]
    assert short.choices[0].text == ANSWER[:16]
    assert "아아 한잔" in short.choices[1].text


@pytest.mark.parametrize(
    ("options", "param"),
    [
        ({"messages": []}, "messages"),
        ({"messages": "hi"}, "messages"),
        ({"messages": ["hi"]}, "messages[0]"),
        ({"messages": [{"role": "friend", "content": "x"}]}, "messages[0].role"),
        ({"messages": [{"role": "user", "content": None}]}, "messages[0].content"),
        ({"messages": [{"role": "user", "content": [{"type": "image_url"}]}]}, "messages[0].content"),
        ({"temperature": 2.5}, "temperature"),
        ({"temperature": "hot"}, "temperature"),
        ({"top_p": -1}, "top_p"),
        ({"n": 0}, "n"),
        ({"n": True}, "n"),
        ({"max_tokens": 0}, "max_tokens"),
        ({"stop": ["a", "b", "c", "d", "e"]}, "stop"),
        ({"stop": ""}, "stop"),
        ({"seed": "x"}, "seed"),
        ({"stream": "yes"}, "stream"),
        ({"stream_options": {"include_usage": True}}, "stream_options"),
        ({"model": None}, "model"),
    ],
)
def test_a_wrong_field_is_named(client: OpenAI, model: str, options: dict[str, object], param: str) -> None:
    with pytest.raises(openai.BadRequestError) as caught:
        create(client, {"model": model} | options)
    assert caught.value.param == param
    assert caught.value.type == "invalid_request_error"


def test_models_that_do_not_exist_or_know_nothing(client: OpenAI) -> None:
    with pytest.raises(openai.NotFoundError) as missing:
        ask(client, "ft:none")
    assert missing.value.code == "model_not_found"
    with pytest.raises(openai.BadRequestError) as untrained:
        ask(client, BASE, stream=True)
    assert untrained.value.code == "model_not_trained"


def test_a_body_that_is_no_json_and_an_unknown_url(url: str) -> None:
    broken = httpx2.post(f"{url}/chat/completions", content=b"{")
    assert (broken.status_code, broken.json()["error"]["type"]) == (400, "invalid_request_error")
    array = httpx2.post(f"{url}/chat/completions", json=[])
    assert array.json()["error"]["code"] == "invalid_type"
    lost = httpx2.get(f"{url}/assistants")
    assert lost.status_code == 404
    assert "/v1/assistants" in lost.json()["error"]["message"]
    wrong = httpx2.delete(f"{url}/chat/completions")
    assert wrong.status_code == 405
    assert "POST" in wrong.headers["allow"]
    assert "error" in wrong.json()
