"""Reading the bodies of ``/v1/chat/completions`` and ``/v1/completions``.

Fields that this server has no use for (penalties, ``logit_bias``, ``user``, …) are ignored.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from infra.local.finetuning import fields
from infra.local.finetuning.engine import Message, Sampling
from infra.local.finetuning.errors import invalid

if TYPE_CHECKING:
    from infra.local.finetuning.engine import Role
    from infra.local.finetuning.store import Record

_ROLES: dict[object, Role] = {
    "system": "system", "developer": "system", "user": "user", "assistant": "assistant",
    "tool": "system", "function": "system",
}  # fmt: skip
_MOST_STOPS = 4
_LEGACY_MAX_TOKENS = 16


@dataclass(frozen=True, slots=True)
class Wish:
    """How to answer, whatever the question: ``n`` answers, cut off before any of ``stops``."""

    model: str
    sampling: Sampling
    n: int
    stops: tuple[str, ...]
    stream: bool
    include_usage: bool


def read_wish(body: Record, *, default_max_tokens: int | None = None) -> Wish:
    """The fields that both endpoints share."""
    fields.required(body, "model")
    stream = body.get("stream") or False
    if not isinstance(stream, bool):
        raise fields.wrong_type("stream", "a boolean", stream)
    options = fields.mapping(body, "stream_options") or {}
    if options and not stream:
        raise invalid(
            "The 'stream_options' parameter is only allowed when 'stream' is enabled.",
            param="stream_options",
        )
    tokens = fields.integer(body, "max_completion_tokens", low=1)
    if tokens is None:
        tokens = fields.integer(body, "max_tokens", low=1)
    temperature = fields.number(body, "temperature", low=0, high=2)
    top_p = fields.number(body, "top_p", low=0, high=1)
    return Wish(
        model=fields.text(body, "model") or "",
        sampling=Sampling(
            temperature=temperature,
            top_p=1.0 if top_p is None else top_p,
            seed=fields.integer(body, "seed"),
            max_tokens=default_max_tokens if tokens is None else tokens,
        ),
        n=fields.integer(body, "n", low=1, high=128) or 1,
        stops=_stops(body.get("stop")),
        stream=stream,
        include_usage=options.get("include_usage") is True,
    )


def read_chat(body: Record) -> tuple[Wish, tuple[Message, ...]]:
    """The body of ``POST /v1/chat/completions``."""
    wish = read_wish(body)
    messages = fields.required(body, "messages")
    if not isinstance(messages, list):
        raise fields.wrong_type("messages", "an array of messages", messages)
    found = cast("list[object]", messages)
    if not found:
        raise invalid(
            "Invalid 'messages': empty array. Expected an array with minimum length 1.",
            param="messages",
            code="empty_array",
        )
    return wish, tuple(_message(f"messages[{at}]", message) for at, message in enumerate(found))


def read_prompts(body: Record) -> tuple[Wish, tuple[str, ...]]:
    """The body of ``POST /v1/completions``: one prompt or several."""
    wish = read_wish(body, default_max_tokens=_LEGACY_MAX_TOKENS)
    prompt = body.get("prompt", "")
    prompts = cast("list[object]", prompt) if isinstance(prompt, list) else [prompt or ""]
    if not prompts or not all(isinstance(one, str) for one in prompts):
        raise invalid(
            "Invalid 'prompt': expected a string or an array of strings; token ids are not supported.",
            param="prompt",
        )
    return wish, tuple(cast("list[str]", prompts))


def _stops(stop: object) -> tuple[str, ...]:
    stops = cast("list[object]", stop) if isinstance(stop, list) else [] if stop is None else [stop]
    if len(stops) > _MOST_STOPS or not all(isinstance(one, str) and one for one in stops):
        raise invalid(
            f"Invalid 'stop': expected a string or an array of at most {_MOST_STOPS} strings, none empty.",
            param="stop",
        )
    return tuple(cast("list[str]", stops))


def _message(where: str, message: object) -> Message:
    if not isinstance(message, dict):
        raise fields.wrong_type(where, "an object", message)
    record = cast("Record", message)
    role = record.get("role")
    if not isinstance(role, str) or role not in _ROLES:
        raise invalid(
            f"Invalid '{where}.role': expected one of {', '.join(map(str, _ROLES))}.", param=f"{where}.role"
        )
    return Message(_ROLES[role], _content(f"{where}.content", record, role))


def _content(where: str, record: Record, role: str) -> str:
    content: Any = record.get("content")
    if isinstance(content, str):
        return content
    if content is None and role == "assistant":
        return ""
    if not isinstance(content, list):
        raise fields.wrong_type(where, "a string or an array of content parts", content)
    parts = cast("list[Any]", content)
    if not all(isinstance(part, dict) and isinstance(part.get("text"), str) for part in parts):
        raise invalid(f"Invalid '{where}': this model reads text parts only.", param=where)
    return "".join(part["text"] for part in parts)
