r"""Many lines of WhatsApp's txt at once, cut at their times by one pattern that is made for the file.

In one file the times differ in little but their digits. The shapes that were met, with their digits left
open, make up a pattern that cuts a block into dates, times of day and texts in a single call. The file's
first lines, and any block that holds a time of another shape, are read line by line.
"""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple

from maltu.exports.whatsapp_dates import MARKS, Stamp, stamp_of

if TYPE_CHECKING:
    from maltu.exports.whatsapp_dates import Style

# The days of a life, and the seconds of a day.
_MOST_KEPT = 100_000
_MOST_SHAPES = 8
_DIGITS = re.compile(r"\d+")
_SECOND = re.compile(r"(\D*\d+\D\d+\D)(\d\d)(\D*)")
_SHORT = 2


class Cut(NamedTuple):
    """Whole lines, cut at the times.

    Attributes:
        before: what stands before the first message, a line's end in front where there was one.
        dates: as they are written.
        clocks: the times of day, with all that stands around them.
        texts: the messages, without the line ends behind them.
    """

    before: str
    dates: list[str]
    clocks: list[str]
    texts: list[str]


class Cutter:
    """Cuts lines at the times of one style, in the shapes that it has learned.

    Attributes:
        clocks: the time since midnight for every time of day as it is written; None where it is none.
    """

    def __init__(self, style: Style) -> None:
        self._style = style
        # The first one of every shape.
        self._dates: dict[str, str] = {}
        self._clocks: dict[str, str] = {}
        self._patterns: dict[str, re.Pattern[str]] = {}
        self._stamps: dict[str, Stamp] = {}
        self.clocks = _Clocks()

    def learn(self, line: str, stamp: Stamp) -> None:
        """Take the shape of a time with which a line starts."""
        date, clock = line[: stamp.date_end], line[stamp.date_end : stamp.end].rstrip(MARKS)
        # A line that ends with its time has nothing behind it that could be cut off.
        if not clock.endswith(" "):
            return
        date_shape, clock_shape = _shape_of_date(date), _shape_of_clock(clock)
        if date_shape in self._dates and clock_shape in self._clocks:
            return
        dates = {date_shape: date, **self._dates}
        clocks = {clock_shape: clock, **self._clocks}
        if max(len(dates), len(clocks)) > _MOST_SHAPES or not self._go_together(dates, clocks):
            return
        self._dates, self._clocks = dates, clocks
        self.clocks.after = date
        self._patterns.clear()

    def stamp(self, date: str) -> Stamp:
        """Give a stamp of that date, at any time."""
        if (known := self._stamps.get(date)) is not None:
            return known
        stamp = stamp_of(date + next(iter(self._clocks.values())))
        if stamp is None:
            raise AssertionError("a shape that was learned is one of a stamp's")
        if len(self._stamps) >= _MOST_KEPT:
            self._stamps.clear()
        self._stamps[date] = stamp
        return stamp

    def cut(self, lines: str, *, line_end: str) -> Cut | None:
        r"""Cut whole lines; None where there is a time, or none, that only a line of its own tells.

        Args:
            lines: all behind ``line_end``, unless the first is no message's; without the last one's end.
            line_end: ``\n`` or ``\r\n``: behind what a message starts.
        """
        if not self._dates:
            return None
        pattern = self._patterns.get(line_end)
        if pattern is None:
            stamp = f"({'|'.join(self._dates)})({'|'.join(self._clocks)})[{MARKS}]{{0,4}}"
            pattern = self._patterns[line_end] = re.compile(line_end + stamp)
        before, *parts = pattern.split(lines)
        cut = Cut(before, parts[::3], parts[1::3], parts[2::3])
        if lines.count("\n") > len(cut.dates) and any(
            _has_stamp(text, line_end) for text in (before, *cut.texts) if "\n" in text
        ):
            return None
        return cut

    def _go_together(self, dates: dict[str, str], clocks: dict[str, str]) -> bool:
        """Tell whether every date before every time of day is a stamp of the style."""
        return all(
            (stamp := stamp_of(date + clock)) is not None
            and stamp.style == self._style
            and (stamp.date_end, stamp.end) == (len(date), len(date) + len(clock))
            for date in dates.values()
            for clock in clocks.values()
        )


class _Clocks(dict[str, timedelta | None]):
    """Maps a time of day as it is written to the time since midnight.

    Attributes:
        after: a date that it may stand behind.
    """

    after = ""

    def __missing__(self, clock: str) -> timedelta | None:
        found = _SECOND.fullmatch(clock)
        if found and found[2] != "00":
            # A day has sixty times fewer minutes than seconds.
            minute, second = self[f"{found[1]}00{found[3]}"], int(found[2])
            since_midnight = None if minute is None or second >= 60 else minute + timedelta(seconds=second)  # noqa: PLR2004
        else:
            stamp = stamp_of(self.after + clock)
            since_midnight = stamp and timedelta(
                hours=stamp.time.hour, minutes=stamp.time.minute, seconds=stamp.time.second
            )
        if len(self) >= _MOST_KEPT:
            self.clear()
        self[clock] = since_midnight
        return since_midnight


def _shape_of_date(date: str) -> str:
    parts = _DIGITS.split(date)
    # A year of four digits is told from a day by its length.
    digits = [r"\d{1,2}" if len(run) <= _SHORT else r"\d{3,4}" for run in _DIGITS.findall(date)]
    return _woven(parts, digits)


def _shape_of_clock(clock: str) -> str:
    parts = _DIGITS.split(clock)
    return _woven(parts, [r"\d{1,2}", *[r"\d{2}"] * (len(parts) - 2)])


def _woven(parts: list[str], digits: list[str]) -> str:
    return "".join(re.escape(part) + run for part, run in zip(parts, [*digits, ""], strict=True))


def _has_stamp(text: str, line_end: str) -> bool:
    """Tell whether a further line of a text starts with a time of any style or shape."""
    return any(
        stamp_of(line.partition("\n")[0].removesuffix("\r")) is not None for line in text.split(line_end)[1:]
    )
