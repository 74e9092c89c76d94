"""The text that KakaoTalk for Windows exports, in every form since 2015.

::

    --------------- 2020년 6월 28일 일요일 ---------------
    [<name>] [오전 1:03] <text>         also [1:03 AM], [AM 1:03] and [13:03]

A line break inside a message looks like the end of one, so a quoted record cannot always be told from a
record. Time helps: a day's records are in its order. What KakaoTalk says stands on a bare line, as a
message's further lines do; only its own sentences count.
"""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING

from maltu.exports.kakaotalk_kinds import SUSPECT_STARTS, is_notice, kind_of_record
from maltu.exports.kakaotalk_mobile import no_messages
from maltu.exports.kakaotalk_stamps import CLOCK, DAY_RULE, Clocks, Days
from maltu.exports.kakaotalk_titles import count_unknown, is_saved_line, is_title, room_in
from maltu.exports.message import Message, unchecked_message
from maltu.exports.names import Spellings, name_key
from maltu.exports.source import MAX_RECORD_LINES

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Iterator
    from datetime import datetime

    from maltu.exports.source import Source

    # When it was sent, or why that is not known; who sent it; its first line.
    _Record = tuple[datetime | str, str, str]

FORMAT = "kakaotalk-windows"
CUTS_AT = None

_RECORD = re.compile(rf"\[([^\]]*+|.*?)\] \[({CLOCK})\](?: (.*)|(?=\r?\n?\Z))", re.DOTALL)
_RULE = re.compile(rf"-{{5,}} (?:{DAY_RULE}) -{{5,}}\s*")
_FILE_NAME = re.compile(
    r"KakaoTalk_[0-9]{8}_[0-9]{4}_[0-9]{2}_[0-9]{3}_(?!group\b)(?P<room>.+?)(?: ?\([0-9]+\))?\.txt",
    re.IGNORECASE,
)
_UNDATED = "no date in it or before it"
_NONE: _Record = ("", "", "")
# Two servers' clocks may differ; a day without its line may follow another.
_RACE = timedelta(minutes=5)
_MIDNIGHT_WAS_PASSED = timedelta(hours=12)


def score(head: str) -> int:
    """Count the records in ``head``, and the days that open there."""
    crlf = "\r\n" in head
    return sum(
        _RECORD.match(line) is not None or _RULE.fullmatch(line) is not None
        for before, line in _pairs(head)
        if not crlf or before.endswith("\r")
    )


def room(head: str, name: str) -> str | None:
    """Give the room's title, from the line above the messages or the file's name."""
    named = _FILE_NAME.fullmatch(name_key(name))
    return room_in(head, "") or (named["room"] if named else None)


def read(source: Source, skipped: Counter[str]) -> Iterator[Message]:
    """Stream the messages; what is no record is counted in ``skipped``, by reason.

    Line breaks inside a message are LF, which KakaoTalk writes as CRLF.

    Raises:
        UnreadableExport: wrongly encoded, a record without end, or no message at all.
    """
    suspect_starts = SUSPECT_STARTS
    records = _records(source)
    _, above = next(records)
    if unknown := count_unknown(above):
        skipped["before the first message"] += unknown
    new_message = unchecked_message
    yielded = 0
    for (sent_at, sender, first), more in records:
        if isinstance(sent_at, str):
            skipped[sent_at] += 1
            continue
        text = "".join([first, *more]).replace("\r\n", "\n") if more else first
        text = text[:-2] if text.endswith("\r\n") else text.removesuffix("\n")
        yielded += 1
        kind = kind_of_record(sender, text) if not sender or text[:2] in suspect_starts else "text"
        yield new_message(Message, (sent_at, sender, text, kind))
    if not yielded:
        raise no_messages(skipped)


def _records(source: Source) -> Iterator[tuple[_Record, list[str]]]:
    """Give each record with the lines that follow its first.

    What stands above the first record comes first, as further lines of none.
    """
    match_record, order = _RECORD.match, _Order(source.doubtful)
    record = _NONE
    more: list[str] = []
    number = 0
    try:
        for number, line in enumerate(source.open_text(newline="\n"), 1):
            first = line[0]
            if first == "[" and (match := match_record(line)) and (opened := order.record(*match.groups(""))):
                pass
            elif first == "-" and (rule := _RULE.fullmatch(line)) and order.begins(rule[1] or rule[2]):
                more = _without_blank_end(more)
                continue
            elif more and is_saved_line(line) and is_title(more[-1]):
                # Another export follows in the same file; its title may be above the first record.
                order.start_again()
                if record is not _NONE:
                    more = _without_blank_end(more[:-1])
                    continue
                more.append(line)
                continue
            elif is_notice(line.rstrip("\r\n")):
                opened = order.notice(line, in_message=bool(record[1] and more))
            else:
                more.append(line)
                if len(more) > MAX_RECORD_LINES:
                    raise source.endless()
                continue
            source.record_line = number - 1
            yield record, more
            record = opened
            if more:
                more = []
    except UnicodeDecodeError as error:
        raise source.undecodable(error, lines=number) from None
    yield record, _without_blank_end(more)


class _Order:
    """Knows what day it is, and whether a line can be a record by its time."""

    def __init__(self, doubtful: Counter[str]) -> None:
        self._doubtful = doubtful
        self._clocks, self._days, self._spellings = Clocks(), Days(), Spellings()
        self._midnight: datetime | None = None
        self._last: datetime | None = None
        # Somebody may have taken them out; KakaoTalk leaves out none.
        self._days_have_lines = False

    def record(self, name: str, clock: str, text: str) -> _Record | None:
        """Give the record that a line looks like; None where it is a line of the message before it."""
        if self._midnight is None:
            return _UNDATED, "", ""
        try:
            now = self._midnight + self._clocks[clock]
        except ValueError:
            return "unreadable date", "", ""
        if self._last is not None and now < self._last and not self._is_believed(self._last - now, name):
            return None
        self._last = now
        return now, self._spellings[name], text

    def notice(self, line: str, *, in_message: bool) -> _Record:
        """Give the record of what KakaoTalk says; it has no time of its own."""
        if in_message:
            self._doubtful["a notice that may be a line of the message before it"] += 1
        return self._last or _UNDATED, "", line

    def begins(self, text: str) -> bool:
        """Tell whether a day begins; an earlier one is quoted in the message before it."""
        try:
            day = self._days[text]
        except ValueError:
            return False
        if self._midnight is not None and day < self._midnight:
            self._doubtful["an earlier day, kept in the message before it"] += 1
            return False
        if day != self._midnight:
            self._days_have_lines = self._midnight is not None
            self._midnight = self._last = day
        return True

    def start_again(self) -> None:
        """Forget the day."""
        self._midnight = self._last = None

    def _is_believed(self, ago: timedelta, name: str) -> bool:
        if ago >= _MIDNIGHT_WAS_PASSED and not self._days_have_lines:
            self._doubtful["a record of an earlier time, as if a day had begun"] += 1
        elif name in self._spellings and ago <= _RACE:
            self._doubtful["a record of a slightly earlier time"] += 1
        else:
            self._doubtful["what looks like a record of an earlier time, kept in the message before it"] += 1
            return False
        return True


def _without_blank_end(lines: list[str]) -> list[str]:
    end = len(lines)
    while end and not lines[end - 1].strip("\r\n"):
        end -= 1
    return lines[:end]


def _pairs(head: str) -> Iterator[tuple[str, str]]:
    before = "\r"
    for line in head.split("\n"):
        yield before, line
        before = line
