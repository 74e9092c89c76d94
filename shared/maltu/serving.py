"""Answering as a persona: a request in OpenAI's shape, the live version's model, an answer in OpenAI's shape.

The system prompt that a version was trained with is the one that is sent; what the caller says as system is
added to it.
"""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

from typing_extensions import TypedDict

from maltu.errors import InvalidRequest, PersonaNotFound, PersonaNotReady
from maltu.naming import normalised, unknown
from maltu.patience import all_in_time
from maltu.prompts import NOTHING_SAID, dialogue_labels, render_prompt
from maltu.providers import Replies, Reply

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from maltu.providers import Inference, Sampling
    from maltu.registry import Item, Registry

Message = dict[str, str]

# A provider takes no more; with the persona's own, a caller's four are one too many.
_MOST_STOPS = 4


class AssistantMessage(TypedDict):
    """What a persona says; its lines are speech bubbles."""

    role: Literal["assistant"]
    content: str
    refusal: None


class ChatChoice(TypedDict):
    """One answer; ``length`` says that it was cut."""

    index: int
    message: AssistantMessage
    logprobs: None
    finish_reason: str


class TextChoice(TypedDict):
    """One answer to one prompt; ``length`` says that it was cut."""

    index: int
    text: str
    logprobs: None
    finish_reason: str


class Usage(TypedDict):
    """The tokens that it took, as the provider counts them."""

    prompt_tokens: int
    completion_tokens: int
    total_tokens: int


class ChatCompletion(TypedDict):
    """A persona's answer to a dialogue, in OpenAI's shape."""

    id: str
    object: Literal["chat.completion"]
    created: int
    model: str
    choices: list[ChatChoice]
    usage: Usage


class TextCompletion(TypedDict):
    """A persona's answers to prompts, in OpenAI's shape."""

    id: str
    object: Literal["text_completion"]
    created: int
    model: str
    choices: list[TextChoice]
    usage: Usage


@dataclass(frozen=True, slots=True)
class LiveModel:
    """What is asked when a persona is asked; ``named`` where several people were on the other side."""

    persona: str
    version: str
    model: str
    settings: Mapping[str, Any]
    named: bool


# What can be asked: as the persona, where it is live, or as ``persona@version``.
_ANSWERING = frozenset({"succeeded", "candidate"})


def live_model(name: str, registry: Registry) -> LiveModel:
    """Find what answers for ``persona`` or ``persona@version``.

    Raises:
        PersonaNotFound: there is no such persona, or it has no such version.
        PersonaNotReady: nothing was trained for it yet; the message says where it stands.
    """
    persona, _, pinned = normalised(name).partition("@")
    if not persona:
        raise PersonaNotFound(f"{name!r} names no persona. GET /v1/models lists those that answer.")
    pointer = registry.persona(persona)
    version = pinned or (pointer or {}).get("live_version")
    item = registry.version(persona, version) if version else None
    if item is None or item["status"] not in _ANSWERING:
        raise _not_answering(name, persona, item, registry, is_known=pointer is not None)
    return LiveModel(persona, item["version"], item["model_id"], item["settings"], item["named"])


def chat_completion(
    name: str, messages: Sequence[Message], sampling: Sampling, *, registry: Registry, inference: Inference
) -> ChatCompletion:
    """Answer ``POST /v1/chat/completions``."""
    live = live_model(name, registry)
    (replies,) = all_in_time(lambda said: ask(live, said, sampling, inference), [messages])
    choices: list[ChatChoice] = [
        {
            "index": index,
            "message": {"role": "assistant", "content": reply.text, "refusal": None},
            "logprobs": None,
            "finish_reason": reply.finish_reason,
        }
        for index, reply in enumerate(replies.choices)
    ]
    return {
        "id": f"chatcmpl-{secrets.token_hex(12)}",
        "object": "chat.completion",
        "created": int(time.time()),
        "model": name,
        "choices": choices,
        "usage": _usage(replies),
    }


def completion(  # noqa: PLR0913 - what is asked, how, and of whom
    name: str,
    prompts: Sequence[str],
    sampling: Sampling,
    *,
    echo: bool,
    registry: Registry,
    inference: Inference,
) -> TextCompletion:
    """Answer ``POST /v1/completions``: each prompt is what the other side says; ``echo`` repeats it first."""
    live = live_model(name, registry)
    asked = all_in_time(
        lambda prompt: ask(live, [{"role": "user", "content": prompt}], sampling, inference), prompts
    )
    every = Replies(
        tuple(
            replace(reply, text=prompt + reply.text) if echo else reply
            for prompt, replies in zip(prompts, asked, strict=True)
            for reply in replies.choices
        ),
        prompt_tokens=sum(replies.prompt_tokens for replies in asked),
        completion_tokens=sum(replies.completion_tokens for replies in asked),
    )
    choices: list[TextChoice] = [
        {"index": index, "text": reply.text, "logprobs": None, "finish_reason": reply.finish_reason}
        for index, reply in enumerate(every.choices)
    ]
    return {
        "id": f"cmpl-{secrets.token_hex(12)}",
        "object": "text_completion",
        "created": int(time.time()),
        "model": name,
        "choices": choices,
        "usage": _usage(every),
    }


def ask(live: LiveModel, messages: Sequence[Message], sampling: Sampling, inference: Inference) -> Replies:
    """Ask a model for the next turn of a dialogue.

    Raises:
        InvalidRequest: there is nothing to answer.
        ProviderError: the provider does not answer.
    """
    settings = live.settings
    said = [message for message in messages if message["role"] not in {"system", "developer"}]
    if not said:
        raise InvalidRequest(
            "messages holds nothing to answer: add a message with role 'user'.", param="messages"
        )
    asides = [message["content"] for message in messages if message["role"] in {"system", "developer"}]
    system = "\n\n".join([settings["system_prompt"], *asides])
    if settings["format"] == "bedrock" and not any(
        message["role"] == "user" and message["content"].strip() for message in said
    ):
        # Nobody begins a dialogue there but the user, and not with nothing.
        raise InvalidRequest("messages holds no text with role 'user' to answer.", param="messages")
    if settings["format"] != "completions":
        said = [{**message, "content": message["content"] or NOTHING_SAID} for message in said]
        return inference.chat(live.model, [{"role": "system", "content": system}, *said], sampling)
    user_label, persona_label = dialogue_labels(settings["speaker"], named=live.named)
    prompt = render_prompt(
        said,
        system_prompt=system,
        user_label=user_label,
        persona_label=persona_label,
        separator=settings["separator"],
        recipe=settings["recipe"],
    )
    return complete(live, prompt, sampling, inference)


def complete(live: LiveModel, prompt: str, sampling: Sampling, inference: Inference) -> Replies:
    """Ask a model of the ``completions`` format to go on from a prompt as it was shown in training.

    Raises:
        ProviderError: the provider does not answer.
    """
    settings = live.settings
    stops = (*((settings["stop"],) if settings["stop"] else ()), *sampling.stop)
    replies = inference.complete(live.model, prompt, replace(sampling, stop=stops[:_MOST_STOPS]))
    # Completions are trained to begin with the space that follows the separator.
    choices = [replace(reply, text=reply.text.removeprefix(" ")) for reply in replies.choices]
    return replace(replies, choices=tuple(_cut(reply, stops[_MOST_STOPS:]) for reply in choices))


def _cut(reply: Reply, stops: Sequence[str]) -> Reply:
    """End a reply before the first of ``stops``."""
    ends = [at for stop in stops if (at := reply.text.find(stop)) >= 0]
    return Reply(reply.text[: min(ends)], "stop") if ends else reply


def _not_answering(
    name: str, persona: str, item: Item | None, registry: Registry, *, is_known: bool
) -> PersonaNotFound | PersonaNotReady:
    newest = item or next(iter(registry.versions(persona, limit=1)), None)
    if newest is None and is_known and "@" not in name:
        return PersonaNotReady(
            f"The persona {name!r} does not answer yet: an export was dropped, and no run has taken it up."
        )
    if newest is None or (item is None and "@" in name):
        return unknown(name)
    failure: Item = newest.get("failure") or {}
    why = failure.get("reason") or newest.get("verdict")
    return PersonaNotReady(
        f"The persona {name!r} does not answer yet: its version {newest['version']} is {newest['status']}"
        + (f" ({why})." if why else ".")
    )


def _usage(replies: Replies) -> Usage:
    return {
        "prompt_tokens": replies.prompt_tokens,
        "completion_tokens": replies.completion_tokens,
        "total_tokens": replies.prompt_tokens + replies.completion_tokens,
    }
