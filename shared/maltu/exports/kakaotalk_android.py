"""The text that KakaoTalk for Android exports, in every form since 2015.

::

    2016년 2월 5일 오전 1:33, <name> : <text>
    February 10, 2016, 2:33 AM, <name> : <text>      October 3, 2023 at 2:33 PM, <name> : <text>
    8:34pm, July 9, 2015, <name> : <text>            18/03/2023 오후 2:27, <name> : <text>

A day opens with an empty line and its first record's day and time. Without a name, KakaoTalk speaks.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from maltu.exports import kakaotalk_mobile
from maltu.exports.kakaotalk_grammar import Grammar, days_in, records_in
from maltu.exports.kakaotalk_mobile import CUTS_AT
from maltu.exports.kakaotalk_stamps import CLOCK, KOREAN_DAY, MONTH, SPACE
from maltu.exports.kakaotalk_titles import room_in

if TYPE_CHECKING:
    from collections import Counter

    from maltu.exports.message import InColumns
    from maltu.exports.source import Source

__all__ = ["CUTS_AT", "FORMAT", "read", "room", "score"]

FORMAT = "kakaotalk-android"

_NAMED_DAY = rf"{MONTH} [0-9]{{1,2}}, [0-9]{{4}}"
_DAY = rf"({KOREAN_DAY}|{_NAMED_DAY}|[0-9]{{1,2}}/[0-9]{{1,2}}/[0-9]{{4}})"
_STAMP = rf"{_DAY}(?:,| at|){SPACE}({CLOCK})"
_STAMP_OF_2015 = rf"([0-9]{{1,2}}:[0-9]{{2}}[ap]m), ({_NAMED_DAY})"
_GRAMMARS = (
    Grammar(_STAMP, (", ",), re.compile(rf"{_DAY}(?:,| at|){SPACE}{CLOCK}")),
    Grammar(
        _STAMP_OF_2015,
        (", ",),
        re.compile(rf"[0-9]{{1,2}}:[0-9]{{2}}[ap]m, ({_NAMED_DAY})"),
        clock_first=True,
    ),
)


def score(head: str) -> int:
    """Count the records in ``head``, and the days that open there."""
    return max(
        records + days_in(head, grammar) if (records := len(records_in(head, grammar))) else 0
        for grammar in _GRAMMARS
    )


def room(head: str, name: str) -> str | None:
    """Give the room's title, from the line above the messages or the file's name."""
    return room_in(head, name)


def read(source: Source, skipped: Counter[str]) -> InColumns:
    """Stream the messages, as ``kakaotalk_mobile.read`` does."""
    return kakaotalk_mobile.read(source, skipped, _GRAMMARS)
