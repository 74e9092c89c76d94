"""Many lines of LINE's txt at once: cut at the times, below which a day's date stands now and then.

A block with anything else between its messages than their lines, dates and empty lines is read line by line.
"""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta
from operator import add
from typing import TYPE_CHECKING

from maltu.exports.joined import join, places_found, places_of, with_lf
from maltu.exports.line_dates import date_of
from maltu.exports.line_records import (
    QUOTED,
    SUSPECT_END,
    SUSPECT_START,
    TIME,
    Record,
    Records,
    is_open,
    kind_of,
    since_midnight,
    unquoted,
)
from maltu.exports.message import Columns, columns_of
from maltu.exports.source import MAX_RECORD_BYTES
from maltu.exports.text_lines import numbered

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from maltu.exports.line_records import Header
    from maltu.exports.message import Kind, Message
    from maltu.exports.names import Spellings
    from maltu.exports.source import Source
    from maltu.exports.unread import Unread

_CLOCK = re.compile(TIME)
# A time is shorter than this; looking closer takes longer than looking up what was cut.
_MESSAGE = re.compile(r"\n([^\t\n]{1,16})\t([^\t\n]*\t|)")


class Messages:
    """Puts messages together from their lines, of which the last one may go on."""

    def __init__(self, source: Source, unread: Unread, header_of: Callable[[str], Header | None]) -> None:
        self._source = source
        self._records = Records(source, unread, header_of)
        self._senders = _Senders(self._records.spellings)
        self._clocks = _Clocks()
        self._lines = 0

    def take(self, lines: str) -> Iterator[Columns]:
        """Take whole lines; give the messages that ended before or in them."""
        if columns := self._take_at_once(lines):
            yield columns
        else:
            yield from columns_of(self._take_each(lines))
        self._lines += lines.count("\n")

    def last(self) -> Columns | None:
        """Give the message whose lines were taken last."""
        return next(columns_of(filter(None, [self._records.end()])), None)

    def _take_each(self, lines: str) -> Iterator[Message]:
        for number, line, _ in numbered((lines,), above=self._lines):
            if message := self._records.take(number, line):
                yield message

    def _take_at_once(self, lines: str) -> Columns | None:
        """Take lines that are all as usual; None, and nothing is taken, where one is not."""
        day, begun = self._records.day, self._records.record
        size = len(lines) + (begun.characters if begun else 0)
        if day is None or not lines.endswith("\n") or size > MAX_RECORD_BYTES:
            return None
        before, *parts = _MESSAGE.split("\n" + lines[:-1])
        clocks, names = parts[::3], ["\t", *parts[1::3]]
        texts = [before, *parts[2::3]]
        if (joined := join(texts)) is None:
            return None
        texts = with_lf(texts, joined)
        sent = [begun.sent_at if begun else datetime.combine(day, time())]
        if begun:
            names[0] = f"{begun.sender}\t"
            texts[0] = "\n".join(begun.lines) + texts[0]
        try:
            days = _dates_taken_from(texts)
            midnights = _midnights(day, days, len(clocks))
            sent += map(add, midnights, map(self._clocks.__getitem__, clocks))
        except (ValueError, OverflowError):
            return None
        # What goes back was pasted into a message, in quotation marks perhaps.
        if sent != sorted(sent):
            return None
        first = 0 if begun else 1
        end = len(texts) if len(clocks) in days else len(clocks)
        if first >= end or (first and texts[0].strip()):
            return None
        self._records.day = [day, *days.values()][-1]
        self._records.record = None
        if end < len(texts):
            last = texts[-1].split("\n")
            characters = len(texts[-1]) - len(last[0])
            self._records.record = Record(sent[-1], names[-1][:-1], last, characters=characters)
        senders = list(map(self._senders.__getitem__, names[first:end]))
        return self._columns(sent[first:end], senders, texts[first:end], {place - first for place in days})

    def _columns(
        self, sent: list[datetime], senders: list[str], texts: list[str], before_dates: set[int]
    ) -> Columns:
        kinds: list[Kind] = ["text"] * len(texts)
        for place in places_found(texts, SUSPECT_START, SUSPECT_END).union(places_of("", senders)):
            text = texts[place]
            if is_open(text) and place not in before_dates:
                self._source.doubtful[QUOTED] += 1
            texts[place] = unquoted(text)
            kinds[place] = kind_of(senders[place], texts[place])
        return Columns(sent, senders, texts, kinds)


class _Senders(dict[str, str]):
    """Maps a name, with the tab behind it or nothing where there is none, to how it was first spelled."""

    def __init__(self, spellings: Spellings) -> None:
        super().__init__()
        self._spellings = spellings

    def __missing__(self, name: str) -> str:
        self[name] = spelling = self._spellings[name.removesuffix("\t")]
        return spelling


class _Clocks(dict[str, timedelta]):
    """Maps a time of day as it is written to the time since midnight; a ValueError says that it is none."""

    def __missing__(self, written: str) -> timedelta:
        clock = _CLOCK.fullmatch(written)
        since = clock and since_midnight(clock)
        if since is None:
            raise ValueError("no time of day")
        self[written] = since
        return since


def _dates_taken_from(texts: list[str]) -> dict[int, date]:
    """Take the dates away that stand below some texts; give the last one below each, by its place.

    Raises:
        ValueError: below a date stands a line that is no message's.
    """
    days: dict[int, date] = {}
    for place, text in enumerate(texts):
        if "\n" not in text:
            continue
        lines = text.split("\n")
        size = len(lines)
        for number, line in enumerate(lines[1:], start=1):
            if dated := date_of(line):
                days[place] = dated
                size = min(size, number)
            elif place in days and line.strip():
                raise ValueError("a line outside any message")
        if place in days:
            # An empty line stands before a date.
            size -= size > 1 and not lines[size - 1]
            texts[place] = "\n".join(lines[:size])
    return days


def _midnights(day: date, days: dict[int, date], count: int) -> list[datetime]:
    """Give the midnight before each of the messages; ``days`` has how many are before each further date."""
    midnights: list[datetime] = []
    for until, next_day in (*days.items(), (count, day)):
        midnights += [datetime.combine(day, time())] * (until - len(midnights))
        day = next_day
    return midnights
