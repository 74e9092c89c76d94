"""Where records start in the text exports of KakaoTalk for Android and iOS."""

from __future__ import annotations

import io
import re
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

from maltu.exports.kakaotalk_splitter import MARK_WITH_NAME
from maltu.exports.kakaotalk_titles import is_saved_line

_LEAST_CRLF = 1 / 4
_MAY_BE_RECORD = re.compile(r".{0,30}?[0-9]:[0-9]{2}.{0,20}?(?:, |: )")


@dataclass(frozen=True)
class Grammar:
    """One way to write records.

    Attributes:
        stamp: a pattern of a record's start; its two groups are the day (empty where there is only a time)
            and the time, in either order.
        marks: what may stand behind the stamp: a comma, and a colon where KakaoTalk speaks.
        day: matches a whole line that opens a day; one of its groups is the day.
        clock_first: whether the time stands before the day.
    """

    stamp: str
    marks: tuple[str, ...]
    day: re.Pattern[str]
    clock_first: bool = False

    @cached_property
    def record(self) -> re.Pattern[str]:
        """Matches a record's first line; its groups are the stamp's, the mark, and the rest."""
        return re.compile(f"{self.stamp}({'|'.join(self.marks)})(.*)", re.DOTALL)

    def start(self, line_end: str) -> re.Pattern[str]:
        """Make what finds the starts of records among lines, each behind a line's end.

        Its groups are the stamp's, and the mark with a name.
        """
        marks = "|".join(MARK_WITH_NAME if mark == ", " else mark for mark in self.marks)
        return re.compile(f"{line_end}{self.stamp}({marks})")


def records_in(head: str, grammar: Grammar) -> list[re.Match[str]]:
    """Find the records that start in ``head``."""
    crlf = has_crlf(head)
    ended = "\r\n" if crlf else "\n"
    found: list[re.Match[str]] = []
    before = ended
    for line in io.StringIO(head, newline="\n"):
        if before.endswith(ended) and (match := grammar.record.match(line)):
            found.append(match)
        before = line
    return found


def days_in(head: str, grammar: Grammar) -> int:
    """Count the lines in ``head`` that open a day."""
    return sum(grammar.day.fullmatch(line.strip()) is not None for line in head.split("\n"))


def has_crlf(head: str) -> bool:
    """Tell whether CRLF ends the records of a file that starts with ``head``, whoever's they are."""
    lines = head.split("\n")
    starts = [
        before.endswith("\r")
        for before, line in pairwise(lines)
        if _MAY_BE_RECORD.match(line) and not is_saved_line(line)
    ]
    if not starts:
        return "\r\n" in head
    titled = lines[0].endswith("\r") and not _MAY_BE_RECORD.match(lines[0])
    return any(starts) and (titled or sum(starts) > len(starts) * _LEAST_CRLF)
