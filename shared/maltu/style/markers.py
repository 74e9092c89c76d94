"""What a reader can point at: for each message, into which bin of a distribution it falls."""

from __future__ import annotations

import re
from bisect import bisect_right
from typing import TYPE_CHECKING

from maltu.style.turns import messages_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from maltu.style.turns import Block

NONE = "–"

_LENGTHS = (1, 2, 3, 4, 5, 7, 9, 12, 16, 22, 30, 45, 70)
_MOST_BUBBLES = 6
_MOST_EMOJI = 3
_RUNS = (1, 2, 3, 5, 9)

_LAUGHTER = re.compile(
    r"(?P<letter>[ㅋㅎㅠㅜ])(?P=letter)*|\b(?:(?:ha|he|ja|je|ха){2,}h?|lo+l|lmao|w{2,}|xd)\b|哈{2,}|笑",
    re.IGNORECASE,
)
_EMOJI = re.compile(
    "[\U0001f000-\U0001faff\u2600-\u27bf\u2b50\u2b55]|\\^\\^|[:;]-?[)(DPp]|ㅇㅅㅇ|[ㅡㅜㅠ]_[ㅡㅜㅠ]"
)
_PUNCTUATION = re.compile(r"[.!?~…,;·。！？、〜]+")
_SYLLABLES = re.compile(r"[가-힣]")
_JAMO = re.compile(r"[ㄱ-ㅣ]+")
_WORD = re.compile(r"\w+")


def length(message: str) -> str:
    """Its characters, in steps that grow with them."""
    return _step(len(message), _LENGTHS)


def laughter(message: str) -> str:
    """Its longest laughter or tears, and how long: ``ㅋ3–4``; ``ㅜ`` is ``ㅠ``, words of it are ``haha``."""
    longest = max((found.group() for found in _LAUGHTER.finditer(message)), key=len, default="")
    if not longest:
        return NONE
    if longest[0] not in "ㅋㅎㅠㅜ":
        return "haha"
    return f"{longest[0].replace('ㅜ', 'ㅠ')}{_step(len(longest), _RUNS)}"


def emoji(message: str) -> str:
    """How many emoji and emoticons it has."""
    found = len(_EMOJI.findall(message))
    return NONE if not found else str(found) if found < _MOST_EMOJI else f"{_MOST_EMOJI}+"


def punctuation(message: str) -> str:
    """Its last punctuation; of repeated marks two are told from one."""
    found = _PUNCTUATION.findall(message)
    return found[-1][-2:] if found else NONE


def ending(message: str) -> str:
    """Its last syllable, without one its last letters (``ㅇㅇ``) or the end of its last word."""
    plain = _LAUGHTER.sub("", message)
    if syllables := _SYLLABLES.findall(plain):
        return syllables[-1]
    if letters := _JAMO.findall(plain):
        return letters[-1][-2:]
    words = _WORD.findall(plain)
    return words[-1][-2:].lower() if words else NONE


def _of_messages(label: Callable[[str], str]) -> Callable[[Block], Iterator[str]]:
    return lambda block: map(label, messages_of(block))


def _bubbles(block: Block) -> Iterator[str]:
    for turn in block:
        messages = len(turn.messages)
        yield str(messages) if messages < _MOST_BUBBLES else f"{_MOST_BUBBLES}+"


MARKERS: dict[str, Callable[[Block], Iterator[str]]] = {
    "length": _of_messages(length),
    "bubbles": _bubbles,
    "laughter": _of_messages(laughter),
    "emoji": _of_messages(emoji),
    "punctuation": _of_messages(punctuation),
    "endings": _of_messages(ending),
}
"""Each distribution's bins of a block. ``bubbles`` counts turns by their messages, the others messages."""


def _step(number: int, steps: tuple[int, ...]) -> str:
    at = bisect_right(steps, number) - 1
    if at < 0:
        return f"<{steps[0]}"
    if at == len(steps) - 1:
        return f"{steps[at]}+"
    return str(steps[at]) if steps[at + 1] == steps[at] + 1 else f"{steps[at]}–{steps[at + 1] - 1}"
