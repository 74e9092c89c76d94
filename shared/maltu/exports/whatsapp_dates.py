"""How WhatsApp writes a time, and whether its dates start with the day, the month or the year.

The phone's language and region decide the order, and the file does not say which it was. So all of it is
looked at: the order is the one under which the fewest dates are impossible; then under which time runs
backwards the least; then under which the chat is the shortest. Only where all of that leaves two orders
equal, the way the time is written decides: it is then a guess, and is counted as one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date, datetime, time
from functools import lru_cache
from typing import Literal, NamedTuple

Order = Literal["dmy", "mdy", "ymd"]

MARKS = "\u200e\u200f\u061c\u202a\u202b\u202c\u2066\u2067\u2068\u2069\ufeff"
"""The signs that tell in which direction a text runs."""

_MARKS = f"[{MARKS}]{{0,4}}"
_AM = "오전|午前|上午|凌晨|清晨|早上|ص|π\\.μ\\."
_PM = "오후|午後|下午|中午|晚上|م|μ\\.μ\\."
_STAMP = re.compile(
    rf"""
    {_MARKS}(?P<bracket>\[)?{_MARKS}
    (?P<a>[MTSHR]?\d{{1,4}}){_MARKS}(?P<separator>[-/.]){_MARKS}\s?
    (?P<b>\d{{1,2}}){_MARKS}(?P=separator){_MARKS}\s?
    (?P<c>[MTSHR]?\d{{1,4}}){_MARKS}\.?[,،]?\s
    (?:(?:at|à|às|om|um|kl\.?|klo|u|a\slas|alle)\s)?
    (?:(?P<before>{_AM}|{_PM})\s?)?
    (?P<hour>\d{{1,2}})[:.](?P<minute>\d{{2}})(?:[:.](?P<second>\d{{2}}))?
    (?:\s?(?P<after>[ap]\.?\s?m\b\.?|{_AM}|{_PM}))?{_MARKS}
    (?(bracket)\]|\s-)(?:\s|$){_MARKS}
    """,
    re.VERBOSE | re.IGNORECASE,
)
_IS_PM = re.compile(rf"p|{_PM}", re.IGNORECASE)
_ERAS = {"M": 1867, "T": 1911, "S": 1925, "H": 1988, "R": 2018}
_BUDDHIST = 543
_YEARS = range(1990, 2101)


class Style(NamedTuple):
    """What all stamps of one file have in common."""

    bracket: bool
    separator: str
    year_first: bool
    seconds: bool
    half_days: bool


class Stamp(NamedTuple):
    """A time at a line's start: the date as it is written, the time of day, and where each ends."""

    style: Style
    fields: tuple[str, str, str]
    time: time
    date_end: int
    end: int


def stamp_of(line: str) -> Stamp | None:
    """Read the time with which a message's line starts; None for any other line."""
    found = _STAMP.match(line)
    if not found:
        return None
    half = found["before"] or found["after"]
    hour = int(found["hour"])
    if half:
        if _IS_PM.match(half):
            hour = hour + 12 if hour < 12 else hour  # noqa: PLR2004 - noon
        elif hour == 12:  # noqa: PLR2004 - midnight
            hour = 0
    try:
        clock = time(hour, int(found["minute"]), int(found["second"] or 0))
    except ValueError:
        return None
    fields = (found["a"].upper(), found["b"], found["c"].upper())
    style = Style(
        found["bracket"] is not None,
        found["separator"],
        # Who writes the half of the day in front of the hour, in East Asia, writes the year in front too.
        _is_year(fields[0]) or (found["before"] is not None and not _is_year(fields[2])),
        found["second"] is not None,
        half is not None,
    )
    return Stamp(style, fields, clock, found.end("c"), found.end())


def sent_at(stamp: Stamp, order: Order) -> datetime | None:
    """Give the stamp's time under an order; None where there is no such date."""
    day = date_of(stamp, order)
    return day and datetime.combine(day, stamp.time)


def date_of(stamp: Stamp, order: Order) -> date | None:
    """Give the stamp's date under an order; None where there is none."""
    return _date(stamp.fields, order)


def is_possible(stamp: Stamp) -> bool:
    """Tell whether the stamp is a time under any order."""
    return any(_date(stamp.fields, order) for order in _orders_of(stamp.style))


def _orders_of(style: Style) -> tuple[Order, ...]:
    """Give the orders that a style leaves open, the likeliest first."""
    return ("ymd",) if style.year_first else ("dmy", "mdy", "ymd")


@dataclass
class _Trial:
    """How well the dates go with one order."""

    impossible: int = 0
    backwards: int = 0
    first: date | None = None
    last: date | None = None
    before: date | None = None

    def take(self, day: date) -> None:
        self.backwards += self.before is not None and day < self.before
        self.before = day
        self.first = min(self.first or day, day)
        self.last = max(self.last or day, day)

    def demerits(self) -> tuple[int, int, int]:
        days = (self.last - self.first).days if self.first and self.last else 0
        return self.impossible, self.backwards, days


@dataclass
class Evidence:
    """What the stamps of one style say about their order; takes as much memory for a million as for one.

    Attributes:
        stamps: how many there are.
        after_crlf: how many stand behind a line that ends with CRLF.
        after_lf: how many behind one that ends with LF.
    """

    style: Style
    stamps: int = 0
    after_crlf: int = 0
    after_lf: int = 0
    _trials: dict[Order, _Trial] = field(init=False)
    _failing: list[_Trial] = field(init=False, default_factory=list)
    _fields: tuple[str, str, str] | None = field(init=False, default=None)
    _padded: bool = field(init=False, default=False)

    def __post_init__(self) -> None:
        self._trials = {order: _Trial() for order in _orders_of(self.style)}

    def take(self, stamp: Stamp, count: int = 1) -> None:
        """Count a stamp, or as many of one date that follow each other."""
        self.stamps += count
        # Hundreds of messages have the same date, and say the same about its order.
        if stamp.fields != self._fields:
            self._fields = stamp.fields
            self._padded = self._padded or any(part.startswith("0") for part in stamp.fields[:2])
            self._failing = []
            for order, trial in self._trials.items():
                if day := _date(stamp.fields, order):
                    trial.take(day)
                else:
                    self._failing.append(trial)
        for trial in self._failing:
            trial.impossible += count

    def order(self) -> tuple[Order, bool]:
        """Decide the order; True where it is a guess."""
        best = min(trial.demerits() for trial in self._trials.values())
        likely: dict[Order, _Trial] = {
            order: trial for order, trial in self._trials.items() if trial.demerits() == best
        }
        first = next(iter(likely))
        if len(likely) > 1:
            # Two digits of a year in front are too rare to make the others doubtful.
            likely.pop("ymd", None)
        # Under several orders 5/5/22 is the same day.
        if len({(trial.first, trial.last) for trial in likely.values()}) == 1:
            return first, False
        # Of the regions that write 3/4/22, 1:55 PM the United States are by far the largest.
        american = self.style.separator == "/" and self.style.half_days and not self._padded
        return "mdy" if american and "mdy" in likely else first, True


@lru_cache(maxsize=4096)
def _date(fields: tuple[str, str, str], order: Order) -> date | None:
    day, month, year = (fields[order.index(part)] for part in "dmy")
    try:
        dated = date(_year(year), int(month), int(day))
    except ValueError:
        return None
    return dated if dated.year in _YEARS else None


def _is_year(text: str) -> bool:
    return len(text) > 2 or text[0] in _ERAS  # noqa: PLR2004 - no day or month has three digits


def _year(text: str) -> int:
    if text[0] in _ERAS:
        return _ERAS[text[0]] + int(text[1:])
    year = int(text)
    if len(text) <= 2:  # noqa: PLR2004 - a century is missing
        return 2000 + year
    return year - _BUDDHIST if year - _BUDDHIST in _YEARS else year
