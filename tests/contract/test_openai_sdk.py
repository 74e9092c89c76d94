"""OpenAI's own clients, sync and async, read what the endpoint's function answers, whole and streamed."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import httpx2
import openai
import pytest
from openai.types import Completion
from openai.types.chat import ChatCompletion, ChatCompletionChunk

from infra.local.finetuning import create_app, serve
from tests.support.cloud import API_KEY, cloud
from tests.support.dialogues import ANSWERED, ASKED, export
from tests.support.faults import Fault, Faulty
from tests.support.handlers import Context, load_handler, sample_event

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.support.cloud import Cloud

    Create = Callable[..., Any]

PERSONA = "하준"
OLD = "서준"  # tuned in the legacy format
ASK: Any = [{"role": "user", "content": ASKED[0]}]
USAGE: Any = {"include_usage": True}


@pytest.fixture(scope="module")
def wire(tmp_path_factory: pytest.TempPathFactory) -> Faulty:
    return Faulty(create_app(tmp_path_factory.mktemp("provider")))


@pytest.fixture(scope="module")
def up(wire: Faulty) -> Iterator[Cloud]:
    with pytest.MonkeyPatch.context() as patch, serve(wire) as url, cloud(patch, url) as opened:
        opened.drop(f"exports/{PERSONA}/chat.csv", export())
        opened.drop(f"exports/{OLD}/chat.csv", export(persona=OLD), format="completions")
        assert [run["status"] for run in opened.finish()] == ["SUCCEEDED"] * 2
        yield opened


def through_the_gateway(request: httpx2.Request) -> httpx2.Response:
    """Ask the function as API Gateway does, and pass its answer on as the bytes that it is."""
    event = {
        **sample_event("completion"),
        "path": request.url.path,
        "httpMethod": request.method,
        "headers": dict(request.headers),
        "multiValueHeaders": {name: [value] for name, value in request.headers.items()},
        "body": request.content.decode(),
    }
    # What a function answers is JSON itself.
    answer = json.loads(json.dumps(load_handler("completion")(event, Context())))
    assert not answer["isBase64Encoded"]
    headers = [(name, value) for name, values in answer["multiValueHeaders"].items() for value in values]
    return httpx2.Response(answer["statusCode"], headers=headers, content=answer["body"].encode())


def settings() -> dict[str, Any]:
    return {"base_url": "https://api.example.com/v1", "api_key": API_KEY, "max_retries": 0}


@pytest.fixture
def client(up: Cloud) -> Iterator[openai.OpenAI]:
    del up
    transport = httpx2.MockTransport(through_the_gateway)
    with openai.OpenAI(**settings(), http_client=httpx2.Client(transport=transport)) as opened:
        yield opened


def chat_texts(chunks: list[ChatCompletionChunk], answers: int = 1) -> list[str]:
    texts = [""] * answers
    for choice in (choice for chunk in chunks for choice in chunk.choices):
        texts[choice.index] += choice.delta.content or ""
    return texts


def completion_texts(chunks: list[Completion], answers: int = 1) -> list[str]:
    texts = [""] * answers
    for choice in (choice for chunk in chunks for choice in chunk.choices):
        texts[choice.index] += choice.text
    return texts


def test_a_chat_is_streamed_bubble_by_bubble(client: openai.OpenAI) -> None:
    whole = client.chat.completions.create(model=PERSONA, messages=ASK, temperature=0)
    chunks = list(
        client.chat.completions.create(
            model=PERSONA, messages=ASK, temperature=0, stream=True, stream_options=USAGE
        )
    )
    opening, *told, closing, last = chunks
    assert {chunk.id for chunk in chunks} == {opening.id}
    assert {(chunk.object, chunk.model) for chunk in chunks} == {("chat.completion.chunk", PERSONA)}
    assert opening.choices[0].delta.role == "assistant"
    assert opening.choices[0].delta.content == ""
    assert [chunk.choices[0].delta.content for chunk in told] == ["ㅇㅇ 먹음\n", "라면"]
    assert all(chunk.choices[0].delta.role is None for chunk in [*told, closing])
    assert {chunk.choices[0].finish_reason for chunk in [opening, *told]} == {None}
    assert (closing.choices[0].delta.content, closing.choices[0].finish_reason) == (None, "stop")
    assert (last.choices, last.usage) == ([], whole.usage)
    assert all(chunk.usage is None for chunk in chunks[:-1])
    assert chat_texts(chunks) == [whole.choices[0].message.content]


def test_without_being_asked_a_stream_tells_no_usage(client: openai.OpenAI) -> None:
    chunks = list(client.chat.completions.create(model=PERSONA, messages=ASK, stream=True))
    assert all(chunk.choices for chunk in chunks)
    assert not any("usage" in chunk.model_dump(exclude_unset=True) for chunk in chunks)


def test_the_sdks_own_reading_of_a_stream_adds_up_to_the_answer(client: openai.OpenAI) -> None:
    with client.chat.completions.stream(model=PERSONA, messages=ASK, temperature=0) as stream:
        final = stream.get_final_completion()
    assert final.choices[0].message.content == ANSWERED[0]
    assert (final.choices[0].message.role, final.choices[0].finish_reason) == ("assistant", "stop")


def test_every_choice_of_a_chat_is_streamed_under_its_index(client: openai.OpenAI) -> None:
    # Nothing like it was ever said, so that the answers differ.
    unheard: Any = [{"role": "user", "content": "음 글쎄"}]
    asked: dict[str, Any] = {"model": PERSONA, "messages": unheard, "n": 4, "seed": 3, "temperature": 2}
    create: Create = client.chat.completions.create
    whole: ChatCompletion = create(**asked)
    chunks: list[ChatCompletionChunk] = list(create(**asked, stream=True))
    assert chat_texts(chunks, 4) == [choice.message.content for choice in whole.choices]
    assert len(set(chat_texts(chunks, 4))) > 1
    choices = [choice for chunk in chunks for choice in chunk.choices]
    for index in range(4):
        own = [choice for choice in choices if choice.index == index]
        assert [choice.delta.role for choice in own] == ["assistant"] + [None] * (len(own) - 1)
        assert [choice.finish_reason for choice in own] == [None] * (len(own) - 1) + ["stop"]


def test_a_cut_answers_stream_says_so(client: openai.OpenAI) -> None:
    chunks = list(
        client.chat.completions.create(model=PERSONA, messages=ASK, max_completion_tokens=1, stream=True)
    )
    assert chunks[-1].choices[0].finish_reason == "length"


@pytest.mark.parametrize("echo", [False, True])
def test_completions_are_streamed_for_each_prompt(client: openai.OpenAI, *, echo: bool) -> None:
    prompts = [ASKED[0], ASKED[3]]
    asked: dict[str, Any] = {"model": PERSONA, "prompt": prompts, "temperature": 0, "n": 2, "echo": echo}
    create: Create = client.completions.create
    whole: Completion = create(**asked)
    chunks: list[Completion] = list(create(**asked, stream=True, stream_options=USAGE))
    expected = [(prompts[at] if echo else "") + ANSWERED[at * 3] for at in (0, 0, 1, 1)]
    assert [choice.text for choice in whole.choices] == expected
    assert completion_texts(chunks, 4) == expected
    assert {chunk.object for chunk in chunks} == {"text_completion"}
    ends = [(choice.index, choice.finish_reason) for chunk in chunks for choice in chunk.choices]
    assert [end for end in ends if end[1]] == [(index, "stop") for index in range(4)]
    assert (chunks[-1].choices, chunks[-1].usage) == ([], whole.usage)


def test_async_clients_read_both_kinds_whole_and_streamed(up: Cloud) -> None:
    del up

    async def ask() -> tuple[list[str], list[str | None]]:
        transport = httpx2.MockTransport(through_the_gateway)
        http = httpx2.AsyncClient(transport=transport)
        async with openai.AsyncOpenAI(**settings(), http_client=http) as client:
            chat: dict[str, Any] = {"model": PERSONA, "messages": ASK, "temperature": 0}
            text: dict[str, Any] = {"model": PERSONA, "prompt": ASKED[0], "temperature": 0}
            create_chat: Create = client.chat.completions.create
            create_text: Create = client.completions.create
            chat_stream = await create_chat(**chat, stream=True)
            text_stream = await create_text(**text, stream=True)
            streamed = [
                *chat_texts([chunk async for chunk in chat_stream]),
                *completion_texts([chunk async for chunk in text_stream]),
            ]
            chats: ChatCompletion = await create_chat(**chat)
            texts: Completion = await create_text(**text)
            return streamed, [chats.choices[0].message.content, texts.choices[0].text]

    streamed, whole = asyncio.run(ask())
    assert streamed == whole == [ANSWERED[0]] * 2


def test_a_persona_of_the_legacy_format_answers_both_kinds_too(client: openai.OpenAI) -> None:
    chat = client.chat.completions.create(model=OLD, messages=ASK, temperature=0, stream=True)
    assert chat_texts(list(chat)) == [ANSWERED[0]]
    # The prompt as the caller wrote it, not as the model was shown it.
    text = client.completions.create(model=OLD, prompt=ASKED[0], temperature=0, echo=True, stream=True)
    assert completion_texts(list(text)) == [ASKED[0] + ANSWERED[0]]


@pytest.mark.parametrize("persona", [PERSONA, OLD])
@pytest.mark.parametrize("at", range(4))
def test_each_of_four_stops_ends_an_answer_before_it(client: openai.OpenAI, persona: str, at: int) -> None:
    stops = [f"없는 말 {index}" for index in range(4)]
    stops[at] = "\n"
    answer = client.chat.completions.create(model=persona, messages=ASK, temperature=0, stop=stops)
    assert answer.choices[0].message.content == ANSWERED[0].partition("\n")[0]
    assert answer.choices[0].finish_reason == "stop"


@pytest.mark.parametrize("stream", [False, True])
def test_what_fails_is_raised_as_its_own_error_streamed_or_not(
    client: openai.OpenAI, wire: Faulty, *, stream: bool
) -> None:
    create: Create = client.chat.completions.create
    with pytest.raises(openai.NotFoundError) as caught:
        create(model="nobody", messages=ASK, stream=stream)
    assert caught.value.code == "model_not_found"
    with pytest.raises(openai.BadRequestError) as refused:
        create(model=PERSONA, messages=ASK, n=99, stream=stream)
    assert refused.value.param == "n"
    wire.faults.append(Fault("POST", "/chat/completions", status=429, retry_after=37))
    with pytest.raises(openai.RateLimitError) as limited:
        create(model=PERSONA, messages=ASK, stream=stream)
    assert limited.value.response.headers["retry-after"] == "37"


@pytest.mark.parametrize(
    ("path", "asked", "kind"),
    [
        ("/chat/completions", {"messages": ASK}, ChatCompletionChunk),
        ("/completions", {"prompt": ASKED[0]}, Completion),
    ],
)
def test_the_bytes_are_server_sent_events(
    client: openai.OpenAI, path: str, asked: dict[str, Any], kind: type[ChatCompletionChunk | Completion]
) -> None:
    body = {"model": PERSONA, "temperature": 0, "stream": True, **asked}
    answer = client.post(path, body=body, cast_to=httpx2.Response)
    assert answer.headers["content-type"] == "text/event-stream; charset=utf-8"
    assert answer.headers["cache-control"] == "no-cache"
    *events, done, nothing = answer.content.decode().split("\n\n")
    assert (done, nothing) == ("data: [DONE]", "")
    for event in events:
        chunk = json.loads(event.removeprefix("data: "))
        # The SDK thinks that a completion's end is known in every chunk.
        if kind is ChatCompletionChunk or chunk["choices"][0]["finish_reason"]:
            kind.model_validate(chunk, strict=True)
    assert "라면" in answer.content.decode()


def test_what_is_not_streamed_is_openais_whole_answer(client: openai.OpenAI) -> None:
    chat = client.post("/chat/completions", body={"model": PERSONA, "messages": ASK}, cast_to=httpx2.Response)
    text = client.post("/completions", body={"model": PERSONA, "prompt": ASKED}, cast_to=httpx2.Response)
    assert {each.headers["content-type"] for each in (chat, text)} == {"application/json"}
    ChatCompletion.model_validate(chat.json(), strict=True)
    Completion.model_validate(text.json(), strict=True)
