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
from functools import partial
from typing import TYPE_CHECKING

from maltu.exports.assembled import assembled
from maltu.exports.kakaotalk_kinds import is_notice, kinds_of_records
from maltu.exports.kakaotalk_mobile import no_messages
from maltu.exports.kakaotalk_order import Order
from maltu.exports.kakaotalk_stamps import CLOCK, DAY_RULE
from maltu.exports.kakaotalk_titles import count_unknown, is_saved_line, is_title, room_in
from maltu.exports.message import Columns, InColumns
from maltu.exports.names import name_key
from maltu.exports.source import MAX_RECORD_LINES
from maltu.exports.text_lines import blocks_of

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Iterator
    from datetime import datetime

    from maltu.exports.kakaotalk_order import Record
    from maltu.exports.source import Source

FORMAT = "kakaotalk-windows"
CUTS_AT = None

_RECORD = re.compile(rf"\[([^\]]*+|.*?)\] \[({CLOCK})\](?: (.*)|(?=\r?\n?\Z))", re.DOTALL)
_RULE = re.compile(rf"-{{5,}} (?:{DAY_RULE}) -{{5,}}\s*")
_FILE_NAME = re.compile(
    r"KakaoTalk_[0-9]{8}_[0-9]{4}_[0-9]{2}_[0-9]{3}_(?!group\b)(?P<room>.+?)(?: ?\([0-9]+\))?\.txt",
    re.IGNORECASE,
)
# A record's line is cut into its name, its time, the space behind it, and its text.
_STARTS = re.compile(rf"\n\[([^\]\n]*+|.*?)\] \[({CLOCK})\]( |(?=\n|\Z))")
_PARTS = 4


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


def read(source: Source, skipped: Counter[str]) -> InColumns:
    """Stream the messages; what is no record is counted in ``skipped``, by reason.

    Line breaks inside a message are LF, which KakaoTalk writes as CRLF.

    Raises:
        UnreadableExport: wrongly encoded, a record without end, or no message at all.
    """
    records = _Records(source, skipped)
    return InColumns(assembled(blocks_of(source), records, no_messages=partial(no_messages, skipped)))


class _Records:
    """Puts records together from their lines; the one that starts last may go on."""

    def __init__(self, source: Source, skipped: Counter[str]) -> None:
        self._source = source
        self._skipped = skipped
        self._order = Order(source.doubtful)
        # What stands above the first record is kept as further lines of none.
        self._record: Record | None = None
        self._more: list[str] = []
        self._lines = self._record_line = 0
        self._sent: list[datetime] = []
        self._senders: list[str] = []
        self._texts: list[str] = []

    def take(self, lines: str) -> Columns | None:
        """Take whole lines, those that start like records and follow each other many at once.

        Returns:
            The messages that ended before or in them.
        """
        if lines.endswith("\n"):
            before, *parts = _STARTS.split("\n" + lines.replace("\r\n", "\n")[:-1])
            self._take_further(before)
            columns = [parts[part::_PARTS] for part in range(_PARTS)]
            texts = columns[-1]
            start = 0
            for at in [at for at, text in enumerate(texts) if "\n" in text]:
                text = texts[at]
                texts[at] = text[: text.index("\n")]
                self._take_starts(*(column[start : at + 1] for column in columns))
                self._take_further(text[len(texts[at]) :])
                start = at + 1
            if start < len(texts):
                self._take_starts(*(column[start:] for column in columns))
        # The file's last line, without an end.
        elif (match := _RECORD.match(lines)) and (record := self._order.record(*match.groups(""))):
            self._end_record()
            self._begin(record)
        else:
            self._take_line(lines)
        self._source.record_line = self._record_line
        return self._ended()

    def last(self) -> Columns | None:
        """Give the message whose lines were taken last."""
        self._more = _without_blank_end(self._more)
        self._end_record()
        return self._ended()

    def _ended(self) -> Columns | None:
        """Give the messages that have ended since they were last asked for."""
        if not self._sent:
            return None
        columns = Columns(
            self._sent, self._senders, self._texts, kinds_of_records(self._senders, self._texts)
        )
        self._sent, self._senders, self._texts = [], [], []
        return columns

    def _take_starts(self, names: list[str], clocks: list[str], gaps: list[str], texts: list[str]) -> None:
        """Take lines that start like records, cut into columns."""
        if ordered := self._order.records(names, clocks):
            sent, senders = ordered
            self._end_record()
            self._sent += sent[:-1]
            self._senders += senders[:-1]
            self._texts += texts[:-1]
            self._lines += len(sent) - 1
            self._begin((sent[-1], senders[-1], texts[-1]))
            return
        for name, clock, gap, text in zip(names, clocks, gaps, texts, strict=True):
            if record := self._order.record(name, clock, text):
                self._end_record()
                self._begin(record)
            else:
                self._take_line(f"[{name}] [{clock}]{gap}{text}\n")

    def _take_further(self, lines: str) -> None:
        """Take lines that start like no record, each behind a line's end."""
        for line in lines.split("\n")[1:]:
            self._take_line(f"{line}\n")

    def _take_line(self, line: str) -> None:
        more = self._more
        if line[0] == "-" and (rule := _RULE.fullmatch(line)) and self._order.begins(rule[1] or rule[2]):
            self._more = _without_blank_end(more)
        elif more and is_saved_line(line) and is_title(more[-1]):
            # Another export follows in the same file; its title may be above the first record.
            self._order.start_again()
            if self._record:
                self._more = _without_blank_end(more[:-1])
            else:
                more.append(line)
        elif is_notice(line.rstrip("\r\n")):
            in_message = bool(self._record and self._record[1] and more)
            record = self._order.notice(line.removesuffix("\n"), in_message=in_message)
            self._end_record()
            self._begin(record)
            return
        else:
            more.append(line)
            if len(more) > MAX_RECORD_LINES:
                self._source.record_line = self._record_line
                raise self._source.endless()
        self._lines += 1

    def _begin(self, record: Record) -> None:
        self._record, self._more = record, []
        self._record_line = self._lines
        self._lines += 1

    def _end_record(self) -> None:
        more = self._more
        if self._record is None:
            if unknown := count_unknown(more):
                self._skipped["before the first message"] += unknown
            return
        sent_at, sender, text = self._record
        if isinstance(sent_at, str):
            self._skipped[sent_at] += 1
            return
        if more:
            text = "\n".join((text, "".join(more)))
            text = text.removesuffix("\r\n" if text.endswith("\r\n") else "\n")
        self._sent.append(sent_at)
        self._senders.append(sender)
        self._texts.append(text)


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
