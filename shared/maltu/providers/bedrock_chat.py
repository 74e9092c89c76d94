"""A dialogue as Converse takes it, and its answer as ours."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Any, Final

from maltu.prompts import harmless
from maltu.providers import Reply

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from maltu.providers import Sampling

FINISH_REASONS: Final = {
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "content_filtered": "content_filter",
    "guardrail_intervened": "content_filter",
}
_GREATEST_TEMPERATURE: Final = 1.0


def request_of(messages: Sequence[Mapping[str, str]], sampling: Sampling) -> dict[str, Any]:
    """Bring messages into the only order that Bedrock takes and that was shown in training.

    The user starts, roles alternate, nothing is blank: blank messages go, those that follow each other are
    one, and what the persona says before anybody asked is left out, as it is from the dataset.

    Args:
        messages: ``role`` (``system``, ``user`` or ``assistant``) and ``content``, oldest first.
        sampling: without its ``n`` and ``seed``, which Bedrock does not know.
    """
    said = [(each["role"], harmless(each["content"])) for each in messages if each["content"].strip()]
    system = [{"text": text} for role, text in said if role == "system"]
    turns = [
        {"role": role, "content": [{"text": "\n".join(text for _, text in turn)}]}
        for role, turn in groupby((one for one in said if one[0] != "system"), key=lambda one: one[0])
    ]
    first = 1 if turns and turns[0]["role"] == "assistant" else 0
    shown = {"system": system} if system else {}
    return {"messages": turns[first:], "inferenceConfig": _inference(sampling), **shown}


def reply_of(answer: Mapping[str, Any]) -> Reply:
    """Read an answer; a reason that Bedrock adds later reads as ``stop``."""
    blocks: list[dict[str, str]] = answer["output"]["message"]["content"]
    text = "".join(block.get("text", "") for block in blocks)
    return Reply(text, FINISH_REASONS.get(answer["stopReason"], "stop"))


def _inference(sampling: Sampling) -> dict[str, Any]:
    config: dict[str, Any] = {"maxTokens": sampling.max_tokens}
    if sampling.temperature is not None:
        # OpenAI's goes up to 2.
        config["temperature"] = min(sampling.temperature, _GREATEST_TEMPERATURE)
    if sampling.top_p is not None:
        config["topP"] = sampling.top_p
    if sampling.stop:
        config["stopSequences"] = list(sampling.stop)
    return config
