"""One example as a line of JSON, in each of the formats that providers read."""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson

from maltu.prompts import harmless

if TYPE_CHECKING:
    from collections.abc import Sequence

    from maltu.dataset.examples import Example

# What stands between the strings is written by hand: the same bytes as json.dumps(ensure_ascii=False) writes,
# held by a test.
_ASKED = b'{"role": "user", "content": "'
_ANSWERED = b'"}, {"role": "assistant", "content": "'
_SHOWN, _TAUGHT = b'", "weight": 0}', b'"}'
_NEXT = _TAUGHT + b", " + _ASKED
_END = b"]}\n"


def chat_line(example: Example, head: bytes) -> bytes:
    """Write ``{"messages": [...]}`` as OpenAI reads it; ``weight`` 0 where a turn is only to be seen.

    Args:
        example: what to write.
        head: as ``chat_head`` makes it.
    """
    turns = example.turns
    strings = _strings(example.texts)
    if example.context or 0 in turns.whole:
        pairs = map(_ANSWERED.join, zip(strings[::2], strings[1::2], strict=True))
        taught = [number >= example.context and turns.whole[number] for number in range(1, len(turns), 2)]
        said = b", ".join(
            _ASKED + pair + (_TAUGHT if each else _SHOWN) for pair, each in zip(pairs, taught, strict=True)
        )
    else:
        parts = [_ANSWERED] * (2 * len(strings) + 1)
        parts[1::2] = strings
        parts[4:-1:4] = [_NEXT] * (len(strings) // 2 - 1)
        parts[0], parts[-1] = head + _ASKED, _TAUGHT + _END
        return b"".join(parts)
    return head + said + _END


def chat_head(system_prompt: str) -> bytes:
    """Write what every chat line starts with."""
    return b'{"messages": [{"role": "system", "content": "%b"}, ' % _written(system_prompt)


def bedrock_line(example: Example, head: bytes) -> bytes:
    """Write ``bedrock-conversation-2024``, which knows no weights and no empty text.

    Args:
        example: without context, opened by the user's side.
        head: as ``bedrock_head`` makes it.
    """
    strings = _strings(list(map(harmless, example.turns.texts)))
    said = b", ".join(
        b'{"role": "%b", "content": [{"text": "%b"}]}' % (b"assistant" if at % 2 else b"user", string)
        for at, string in enumerate(strings)
    )
    return head + said + _END


def bedrock_head(system_prompt: str) -> bytes:
    """Write what every line for Bedrock starts with."""
    start = b'{"schemaVersion": "bedrock-conversation-2024", '
    if system_prompt.strip():
        start += b'"system": [{"text": "%b"}], ' % _written(harmless(system_prompt))
    return start + b'"messages": ['


def completion_line(prompt: str, completion: str) -> bytes:
    """Write a legacy ``{"prompt": ..., "completion": ...}`` line."""
    return b'{"prompt": "%b", "completion": "%b"}\n' % tuple(_strings([prompt, completion]))


def _strings(texts: Sequence[str]) -> list[bytes]:
    """Write texts as JSON strings, without the quotes around them."""
    # One string costs less than many. Delete is not escaped, and nobody writes it.
    strings = _written("\x7f".join(texts)).split(b"\x7f")
    return strings if len(strings) == len(texts) else list(map(_written, texts))


def _written(text: str) -> bytes:
    try:
        return orjson.dumps(text)[1:-1]
    except orjson.JSONEncodeError:
        # Half an emoji, as JSON exports can hold: no JSON Lines file can.
        return orjson.dumps(_without_halves(text))[1:-1]


def _without_halves(text: str) -> str:
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
