"""The text that KakaoTalk for iOS exports, in every form since 2015.

::

    2026. 6. 10. 오전 9:37, <name> : <text>           2026. 6. 10. 09:37, <name> : <text>
    Jul 9, 2015, 8:34 PM, <name> : <text>            Feb 1, 2026 at 20:35, <name> : <text>
    2026-05-27 오후 9:12, <name> : <text>             오후 8:36, <name> : <text>

A colon in place of the comma marks what KakaoTalk says. A day opens with an empty line and its date with
the day of the week, which a time alone relies on. Long chats come in parts, each with its own title.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from maltu.exports import kakaotalk_mobile
from maltu.exports.kakaotalk_grammar import Grammar, days_in, records_in
from maltu.exports.kakaotalk_mobile import CUTS_AT
from maltu.exports.kakaotalk_stamps import CLOCK, DAY_RULE, SHORT_MONTH, SPACE
from maltu.exports.kakaotalk_titles import room_in

if TYPE_CHECKING:
    from collections import Counter

    from maltu.exports.message import InColumns
    from maltu.exports.source import Source

__all__ = ["CUTS_AT", "FORMAT", "read", "room", "score"]

FORMAT = "kakaotalk-ios"

_DAY = (
    r"([0-9]{4}\. [0-9]{1,2}\. [0-9]{1,2}\.|[0-9]{4}-[0-9]{2}-[0-9]{2}"
    rf"|{SHORT_MONTH} [0-9]{{1,2}}, [0-9]{{4}})"
)
_RULE = re.compile(DAY_RULE)
_MARKS = (", ", ": ")
_DATED = Grammar(rf"{_DAY}(?:,| at|){SPACE}({CLOCK})", _MARKS, _RULE)
_TIME_ONLY = Grammar(r"()((?:오전|오후) [0-9]{1,2}:[0-9]{2})", _MARKS, _RULE)
_GRAMMARS = (_DATED, _TIME_ONLY)
_TITLE_OF_IOS = re.compile(r"\ufeff?(?:Talk_[0-9].*|.+-[0-9]+)\.txt\r?\n")


def score(head: str) -> int:
    """Count the records in ``head``, and the days that open there."""
    return max(_score(head, grammar) for grammar in _GRAMMARS)


def room(head: str, name: str) -> str | None:
    """Give the room's title, from the line above the messages or the file's name."""
    return room_in(head, name)


def read(source: Source, skipped: Counter[str]) -> InColumns:
    """Stream the messages, as ``kakaotalk_mobile.read`` does."""
    return kakaotalk_mobile.read(source, skipped, _GRAMMARS)


def _score(head: str, grammar: Grammar) -> int:
    records = records_in(head, grammar)
    days = days_in(head, grammar)
    if grammar is _TIME_ONLY:
        # Without a day its records have no date, and the line may be anybody's.
        return len(records) + days if records and days else 0
    # May is written alike on Android, whose months are never short.
    of_ios = any(not record[1].startswith("May ") or record[3] == ": " for record in records)
    if not records or not (of_ios or days or _TITLE_OF_IOS.match(head)):
        return 0
    return len(records) + days + (not of_ios)
