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
    RARE,
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
from maltu.exports.lookup import Lookup
from maltu.exports.message import Columns, transposed
from maltu.exports.source import MAX_RECORD_BYTES
from maltu.exports.text_lines import numbered

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from maltu.exports.line_records import Form
    from maltu.exports.message import Kind, Message
    from maltu.exports.source import Source
    from maltu.exports.unread import Unread

_CLOCK = re.compile(TIME)


class Messages:
    """Puts messages together from their lines, of which the last one may go on."""

    def __init__(self, source: Source, unread: Unread, form: Form) -> None:
        self._source = source
        self._form = form
        self._records = Records(source, unread, form)
        self._clocks = Lookup(_since_midnight)
        self._lines = 0

    def take(self, lines: str) -> Columns | None:
        """Take whole lines; give the messages that ended before or in them."""
        columns = self._take_at_once(lines) or self._take_each(lines)
        self._lines += lines.count("\n")
        return columns

    def last(self) -> Columns | None:
        """Give the message whose lines were taken last."""
        return _columns_of([self._records.end()])

    def _take_each(self, lines: str) -> Columns | None:
        take = self._records.take
        return _columns_of([take(number, line) for number, line, _ in numbered((lines,), above=self._lines)])

    def _take_at_once(self, lines: str) -> Columns | None:
        """Take lines that are all as usual; None, and nothing is taken, where one is not."""
        day, begun = self._records.day, self._records.record
        if day is None or (begun and begun.quotes_another_day) or not lines.endswith("\n"):
            return None
        before, *parts = self._form.starts.split("\n" + lines[:-1])
        clocks = parts[::3]
        texts = [before, *parts[2::3]]
        if (joined := join(texts)) is None:
            return None
        texts = with_lf(texts, joined)
        sent = [begun.sent_at if begun else datetime.combine(day, time())]
        if begun:
            texts[0] = "\n".join(begun.lines) + texts[0]
        try:
            days = _dates_taken_from(texts, day)
            midnights = _midnights(day, days, len(clocks))
            sent += map(add, midnights, map(self._clocks.__getitem__, clocks))
        except (ValueError, OverflowError):
            return None
        # What goes back was pasted into a message, in quotation marks perhaps.
        if sent != sorted(sent) or len(lines) + (begun.characters if begun else 0) > MAX_RECORD_BYTES:
            return None
        first = 0 if begun else 1
        end = len(texts) if len(clocks) in days else len(clocks)
        if first >= end or (first and texts[0].strip()):
            return None
        senders, rare = self._form.split(parts[1::3], said := texts[1:])
        if rare:
            self._source.doubtful[RARE] += rare
        senders = [begun.sender if begun else "", *senders]
        texts = [texts[0], *said]
        self._records.day = [day, *days.values()][-1]
        self._records.record = None
        if end < len(texts):
            last = texts[-1].split("\n")
            characters = len(texts[-1]) - len(last[0])
            self._records.record = Record(sent[-1], senders[-1], last, characters=characters)
        senders = self._records.spellings.of_all(senders[first:end])
        return self._columns(sent[first:end], senders, texts[first:end], {place - first for place in days})

    def _columns(
        self, sent: list[datetime], senders: Sequence[str], texts: list[str], before_dates: set[int]
    ) -> Columns:
        kinds: list[Kind] = ["text"] * len(texts)
        placeholders = self._form.placeholders
        suspects = places_found(texts, SUSPECT_START, SUSPECT_END).union(places_of("", senders))
        if placeholders:
            suspects.update(place for place, text in enumerate(texts) if text in placeholders)
        for place in suspects:
            text = texts[place]
            if is_open(text) and place not in before_dates:
                self._source.doubtful[QUOTED] += 1
            texts[place] = unquoted(text)
            kinds[place] = kind_of(senders[place], texts[place], placeholders)
        return Columns(sent, senders, texts, kinds)


def _since_midnight(written: str) -> timedelta:
    clock = _CLOCK.fullmatch(written)
    since = clock and since_midnight(clock)
    if since is None:
        raise ValueError("no time of day")
    return since


def _columns_of(messages: Iterable[Message | None]) -> Columns | None:
    ended = [message for message in messages if message]
    return transposed(ended) if ended else None


def _dates_taken_from(texts: list[str], day: date) -> dict[int, date]:
    """Take the dates away that stand below some texts; give the last one below each, by its place.

    Raises:
        ValueError: below a date stands a line that is no message's, or a date does not come after ``day`` and
            those before it.
    """
    days: dict[int, date] = {}
    for place, text in enumerate(texts):
        if "\n" not in text:
            continue
        lines = text.split("\n")
        size = len(lines)
        for number, line in enumerate(lines[1:], start=1):
            if dated := date_of(line):
                if dated <= day:
                    raise ValueError("a date that was pasted into a text, perhaps")
                days[place] = day = dated
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
