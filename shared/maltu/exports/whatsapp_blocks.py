r"""Many lines of WhatsApp's txt at once, cut at their times by one pattern that is made for the file.

In one file the times differ in little but their digits. The shapes that were met make up a pattern that cuts
a block into dates, times of day, names and texts in a single call. The file's first lines, and any block
that holds a time of another shape, are read line by line.
"""

from __future__ import annotations

from datetime import timedelta
from itertools import product
from operator import add
from typing import TYPE_CHECKING, NamedTuple

from maltu.exports.joined import join, with_lf
from maltu.exports.lookup import Lookup
from maltu.exports.whatsapp_dates import MARKS, Stamp, stamp_of
from maltu.exports.whatsapp_shapes import Patterns, patterns_of, taken_apart

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from maltu.exports.whatsapp_dates import Style

# The days of a life.
_MOST_KEPT = 100_000
_MOST_SHAPES = 8


class Cut(NamedTuple):
    """Whole lines, cut at the times; the columns are as long as each other.

    Attributes:
        before: what stands before the first message, a line's end in front where there was one.
        dates: as they are written.
        clocks: the times since midnight.
        names: up to the first colon, and the space behind it; empty where there is no such.
        texts: the rest, without the line's end behind it. A line's end within is LF.
    """

    before: str
    dates: list[str]
    clocks: list[timedelta]
    names: list[str]
    texts: list[str]


class Cutter:
    """Cuts lines at the times of one style, in the shapes that it has learned."""

    def __init__(self, style: Style) -> None:
        self._style = style
        # For each part of a time its patterns, and what was first met of each.
        self._parts: tuple[dict[str, str], ...] = ({}, {}, {}, {})
        self._patterns: dict[str, Patterns] = {}
        self._stamps: dict[str, Stamp] = {}
        # A time of day as it is written, its seconds 00 if it has any, as the time since midnight.
        self._minutes = Lookup(self._minute)
        self._seconds = Lookup(_second)
        # What has been left out of the times.
        self._behind = ""

    def learn(self, line: str, stamp: Stamp) -> None:
        """Take the shape of a time with which a line starts."""
        date, clock = line[: stamp.date_end], line[stamp.date_end : stamp.end].rstrip(MARKS)
        # A line that ends with its time has nothing behind it that could be cut off.
        if not clock.endswith(" ") or (apart := taken_apart(date, clock)) is None:
            return
        learned = tuple(
            {pattern: part, **known} for part, pattern, known in zip(*apart, self._parts, strict=True)
        )
        met = list(map(len, learned))
        if met == list(map(len, self._parts)) or max(met) > _MOST_SHAPES:
            return
        if all(self._stamp(date, "".join(clock)) for date, *clock in _combined(learned)):
            self._parts = learned
            for made in (self._patterns, self._stamps, self._minutes):
                made.clear()
            after = tuple(learned[-1].values())
            self._behind = f"00{after[0]}" if self._style.seconds and len(after) == 1 else ""

    def stamp(self, date: str) -> Stamp:
        """Give a stamp of that date, at any time.

        Raises:
            ValueError: it is no date, or does not go with every time of day.
        """
        if (known := self._stamps.get(date)) is not None:
            return known
        _, *clocks = self._parts
        stamp = _any_of_all(self._stamp(date, "".join(clock)) for clock in _combined(clocks))
        if len(self._stamps) >= _MOST_KEPT:
            self._stamps.clear()
        self._stamps[date] = stamp
        return stamp

    def stamp_at(self, clock: str) -> Stamp:
        """Give a stamp at that time of day, of any date; raises the same."""
        return _any_of_all(self._stamp(date, clock) for date in self._parts[0].values())

    def dates(self, lines: str, *, line_end: str) -> list[str] | None:
        r"""Find the dates of all messages that start behind a ``line_end``, ``\n`` or ``\r\n``.

        None where there may be a time that only a line of its own tells.
        """
        if not all(self._parts):
            return None
        dates = self._patterns_behind(line_end).date.findall(lines)
        return None if "" in dates else dates

    def cut(self, lines: str, *, line_end: str) -> Cut | None:
        r"""Cut whole lines; None where there is a time, or none, that only a line of its own tells.

        Args:
            lines: all behind ``line_end``, unless the first is no message's; without the last one's end.
            line_end: ``\n`` or ``\r\n``: behind what a message starts.
        """
        if not all(self._parts):
            return None
        patterns = self._patterns_behind(line_end)
        before, *parts = patterns.message.split(lines)
        width = patterns.message.groups + 1
        dates, *clock, names, texts = (parts[column::width] for column in range(width))
        if lines.count("\n") > len(dates) or "\r" in lines:
            texts = [before, *texts]
            joined = join(texts)
            if joined is None or any(map(_is_stamp, patterns.further.findall(joined))):
                return None
            before, *texts = with_lf(texts, joined, cut_at=line_end)
        try:
            return Cut(before, dates, self._since_midnight(*clock), names, texts)
        except ValueError:
            return None

    def _minute(self, written: str) -> timedelta:
        time = self.stamp_at(written + self._behind).time
        return timedelta(hours=time.hour, minutes=time.minute)

    def _since_midnight(
        self, minutes: list[str], seconds: list[str] | None = None, behind: list[str] | None = None
    ) -> list[timedelta]:
        at_zero = map("00".join, zip(minutes, behind, strict=True)) if behind else minutes
        since = map(self._minutes.__getitem__, at_zero)
        return list(map(add, since, map(self._seconds.__getitem__, seconds)) if seconds else since)

    def _patterns_behind(self, line_end: str) -> Patterns:
        if (known := self._patterns.get(line_end)) is not None:
            return known
        self._patterns[line_end] = made = patterns_of(self._parts, line_end)
        return made

    def _stamp(self, date: str, clock: str) -> Stamp | None:
        """Give the stamp of a date before a time of day; None where that is none of the style."""
        stamp = stamp_of(date + clock)
        ends = len(date), len(date) + len(clock)
        return stamp if stamp and stamp.style == self._style and (stamp.date_end, stamp.end) == ends else None


def _second(written: str) -> timedelta:
    return timedelta(seconds=int(written))


def _combined(parts: Iterable[dict[str, str]]) -> Iterator[tuple[str, ...]]:
    return product(*(part.values() for part in parts))


def _any_of_all(stamps: Iterable[Stamp | None]) -> Stamp:
    found = None
    for found in stamps:
        if found is None:
            break
    if found is None:
        raise ValueError("not all of these are times")
    return found


def _is_stamp(line: str) -> bool:
    return stamp_of(line.removesuffix("\r")) is not None
