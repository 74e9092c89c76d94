"""An answer as the server-sent events in which OpenAI streams it."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Literal, NotRequired

from typing_extensions import TypedDict

from maltu.serving import Usage

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

Json = dict[str, Any]


class Delta(TypedDict, total=False):
    """What a chunk adds to an answer."""

    role: Literal["assistant"]
    content: str
    refusal: None


class ChatDelta(TypedDict):
    """A piece of one answer; its last one says how it ended and adds nothing."""

    index: int
    delta: Delta
    logprobs: None
    finish_reason: str | None


class TextDelta(TypedDict):
    """A piece of one answer; its last one says how it ended and adds nothing."""

    index: int
    text: str
    logprobs: None
    finish_reason: str | None


class ChatCompletionChunk(TypedDict):
    """An event of a streamed chat; ``usage`` is null in all but the last, where it was asked for."""

    id: str
    object: Literal["chat.completion.chunk"]
    created: int
    model: str
    choices: list[ChatDelta]
    usage: NotRequired[Usage | None]


class TextCompletionChunk(TypedDict):
    """An event of a streamed completion; ``usage`` is null in all but the last, where it was asked for."""

    id: str
    object: Literal["text_completion"]
    created: int
    model: str
    choices: list[TextDelta]
    usage: NotRequired[Usage | None]


# A stream repeats its head with every piece, and what a function answers may have 6 MB.
MOST_PIECES = 128

_AFTER_A_LINE = re.compile(r"(?<=\n)(?!\n)")
# JSON leaves these as they are, and some clients take them for the end of a line.
_ESCAPED = str.maketrans({end: f"\\u{ord(end):04x}" for end in "\x85\u2028\u2029"})


def stream(answer: Mapping[str, Any], *, include_usage: bool) -> str:
    """Write a whole answer as the events that tell it bit by bit, each line (speech bubble) in one.

    Args:
        answer: a ``chat.completion`` or ``text_completion`` object.
        include_usage: end with an event that has the usage and no choices, as ``stream_options`` asks.
    """
    is_chat = answer["object"] == "chat.completion"
    head: Json = {
        "id": answer["id"],
        "object": "chat.completion.chunk" if is_chat else answer["object"],
        "created": answer["created"],
        "model": answer["model"],
        **({"usage": None} if include_usage else {}),
    }
    parts = _chat_parts if is_chat else _text_parts
    chunks = [{**head, "choices": [part]} for choice in answer["choices"] for part in parts(choice)]
    if include_usage:
        chunks.append({**head, "choices": [], "usage": answer["usage"]})
    return "".join(map(_event, chunks)) + "data: [DONE]\n\n"


def _chat_parts(choice: Json) -> Iterator[Json]:
    def part(delta: Json, finish_reason: str | None = None) -> Json:
        return {
            "index": choice["index"],
            "delta": delta,
            "logprobs": None,
            "finish_reason": finish_reason,
        }

    message = choice["message"]
    yield part({**message, "content": ""})
    for piece in _pieces(message["content"]):
        yield part({"content": piece})
    yield part({}, choice["finish_reason"])


def _text_parts(choice: Json) -> Iterator[Json]:
    for piece in _pieces(choice["text"]):
        yield {**choice, "text": piece, "finish_reason": None}
    yield {**choice, "text": ""}


def _pieces(text: str) -> list[str]:
    """Cut after each line; blank lines stay with the one before."""
    return [piece for piece in _AFTER_A_LINE.split(text, maxsplit=MOST_PIECES - 1) if piece]


def _event(chunk: Json) -> str:
    return f"data: {json.dumps(chunk, ensure_ascii=False).translate(_ESCAPED)}\n\n"
