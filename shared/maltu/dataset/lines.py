"""One example as JSON, in each of the formats that providers read."""

from __future__ import annotations

# Lines are written by hand around the encoder's strings: the same bytes as json.dumps(ensure_ascii=False),
# held by a test, in half the time.
from json.encoder import encode_basestring as _quoted
from operator import attrgetter
from typing import TYPE_CHECKING

from maltu.prompts import NOTHING_SAID, harmless

if TYPE_CHECKING:
    from maltu.dataset.examples import Example

_text_of = attrgetter("text")
_is_whole = attrgetter("whole")


def chat_line(example: Example, head: str) -> str:
    """Write ``{"messages": [...]}`` as OpenAI reads it; ``weight`` 0 where a turn is only to be seen.

    Args:
        example: what to write.
        head: as ``chat_head`` makes it.
    """
    turns = example.turns
    texts = list(map(_quoted, map(_text_of, turns)))
    if not turns[0].text:
        texts[0] = _quoted(NOTHING_SAID)
    pairs = zip(texts[::2], texts[1::2], strict=True)
    if not example.context and all(map(_is_whole, turns)):
        said = [
            f'{{"role": "user", "content": {asked}}}, {{"role": "assistant", "content": {answer}}}'
            for asked, answer in pairs
        ]
    else:
        said = [
            f'{{"role": "user", "content": {asked}}}, {{"role": "assistant", "content": {answer}'
            + (', "weight": 0}' if 2 * at < example.context or not turns[2 * at + 1].whole else "}")
            for at, (asked, answer) in enumerate(pairs)
        ]
    return f"{head}{', '.join(said)}]}}"


def chat_head(system_prompt: str) -> str:
    """Write what every chat line starts with."""
    return f'{{"messages": [{{"role": "system", "content": {_quoted(system_prompt)}}}, '


def bedrock_line(example: Example, head: str) -> str:
    """Write ``bedrock-conversation-2024``, which knows no weights and no empty text.

    Args:
        example: without context, opened by the user's side.
        head: as ``bedrock_head`` makes it.
    """
    roles = ("user", "assistant")
    said = ", ".join(
        f'{{"role": "{roles[turn.persona]}", "content": [{{"text": {_quoted(harmless(turn.text))}}}]}}'
        for turn in example.turns
    )
    return f"{head}{said}]}}"


def bedrock_head(system_prompt: str) -> str:
    """Write what every line for Bedrock starts with."""
    system = f'"system": [{{"text": {_quoted(harmless(system_prompt))}}}], ' if system_prompt.strip() else ""
    return f'{{"schemaVersion": "bedrock-conversation-2024", {system}"messages": ['


def completion_line(prompt: str, completion: str) -> str:
    """Write a legacy ``{"prompt": ..., "completion": ...}`` line."""
    return f'{{"prompt": {_quoted(prompt)}, "completion": {_quoted(completion)}}}'
