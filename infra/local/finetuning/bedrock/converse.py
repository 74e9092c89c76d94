"""``Converse``: a deployed model answers a dialogue."""

from __future__ import annotations

import time
from itertools import pairwise
from typing import TYPE_CHECKING

from infra.local.finetuning.answer import gather
from infra.local.finetuning.bedrock.deployments import deployed_model
from infra.local.finetuning.bedrock.errors import invalid
from infra.local.finetuning.engine import Message, Sampling

if TYPE_CHECKING:
    from infra.local.finetuning.bedrock.operations import Asked
    from infra.local.finetuning.store import Record

_ARN = "custom-model-deployment/"


def converse(asked: Asked) -> Record:
    """``Converse``, for deployments; text only."""
    members, server = asked.members, asked.server
    started = time.perf_counter()
    if _ARN not in members["modelId"]:
        raise invalid("The provided model identifier is invalid: this server answers for deployments.")
    model = server.models.get(deployed_model(server.store, members["modelId"]))
    messages = (*_system(members.get("system") or []), *_dialogue(members.get("messages") or []))
    config: Record = members.get("inferenceConfig") or {}
    sampling = Sampling(
        temperature=config.get("temperature"),
        top_p=config.get("topP", 1.0),
        max_tokens=config.get("maxTokens"),
    )
    asked_for = model.count_tokens(messages)
    if model.context_window is not None and asked_for >= model.context_window:
        raise invalid("Input is too long for requested model.")
    answer = gather(model.reply(messages, sampling))
    text, reason = answer.text, "max_tokens" if answer.finish == "length" else "end_turn"
    asked_stops: list[str] = config.get("stopSequences") or []
    stops = [at for stop in asked_stops if (at := text.find(stop)) >= 0]
    if stops:
        text, reason = text[: min(stops)], "stop_sequence"
    answered = model.count_tokens(text)
    return {
        "output": {"message": {"role": "assistant", "content": [{"text": text}]}},
        "stopReason": reason,
        "usage": {
            "inputTokens": asked_for,
            "outputTokens": answered,
            "totalTokens": asked_for + answered,
        },
        "metrics": {"latencyMs": round((time.perf_counter() - started) * 1000)},
    }


def _system(blocks: list[Record]) -> list[Message]:
    return [Message("system", _text(block, f"system.{at}")) for at, block in enumerate(blocks)]


def _dialogue(messages: list[Record]) -> list[Message]:
    if not messages or messages[0]["role"] != "user":
        raise invalid(
            "A conversation must start with a user message. Try again with a conversation that starts with a "
            "user message."
        )
    if any(one["role"] == other["role"] for one, other in pairwise(messages)):
        raise invalid(
            "A conversation must alternate between user and assistant roles. Make sure the conversation "
            "alternates between user and assistant roles and try again."
        )
    return [_message(at, message) for at, message in enumerate(messages)]


def _message(at: int, message: Record) -> Message:
    if message["role"] == "system":
        raise invalid(f"The role at messages.{at} must be user or assistant.")
    if not message["content"]:
        raise invalid(f"The content field in the Message object at messages.{at} is empty.")
    texts = [_text(block, f"messages.{at}.content.{part}") for part, block in enumerate(message["content"])]
    return Message(message["role"], "".join(texts))


def _text(block: Record, where: str) -> str:
    if "text" not in block:
        raise invalid(f"The content block at {where} is not text, which is all that this model reads.")
    text: str = block["text"]
    if not text.strip():
        raise invalid(f"The text field in the ContentBlock object at {where} is blank. Add text to it.")
    return text
