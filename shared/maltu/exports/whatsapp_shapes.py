"""Patterns for the times in a file of WhatsApp's, made from a few of them: the same but for the digits."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING, NamedTuple

from maltu.exports.whatsapp_dates import MARKS

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

# What the times of all styles start with, and little else does.
_SEEMS_A_DATE = (
    rf"[{MARKS}\[]*(?i:[MTSHR])?\d{{1,4}}[{MARKS}]*[-/.][{MARKS}]*[^\S\n]?\d{{1,2}}[{MARKS}]*[-/.]"
)
# No half of a day turns one of these into no hour, or anything else into one.
_HOUR = "(?:[01]?[0-9]|2[0-3])"
_SIXTY = "[0-5][0-9]"
# A name with a colon in it is left to whoever splits messages one by one.
_NAME = r"([^:\n]*: |)"

_RUN = re.compile(r"\d+(?:[-/.]\d+)*")
_CLOCK = re.compile(r"(\D*)(\d{1,2})([:.])\d{2}(?:([:.])(\d{2}))?(\D*)")


class Parts(NamedTuple):
    """The parts of a time, as they are written or as patterns, with all that stands around them.

    Attributes:
        date: the date.
        minute: hour and minute, as far as the seconds.
        second: the seconds; empty where there are none.
        after: what stands behind.
    """

    date: str
    minute: str
    second: str
    after: str


class Patterns(NamedTuple):
    """Patterns for a file's lines.

    Attributes:
        date: finds every time: its date, or nothing where it is, or seems to be, of another shape.
        message: finds a message's start: date, time of day and name. A time with seconds is cut into minute,
            second and what is behind, which is left out where it is always the same. A date may be none.
        further: finds what seems to be a time, as far as its line goes.
    """

    date: re.Pattern[str]
    message: re.Pattern[str]
    further: re.Pattern[str]


def taken_apart(date: str, clock: str) -> tuple[Parts, Parts] | None:
    """Give a time's parts, and patterns for all like them; None where the time of day is none.

    The patterns are for all times of day that are written like this one, and for more than dates.
    """
    found = _CLOCK.fullmatch(clock)
    if found is None:
        return None
    before, hour, colon, second_colon, second, after = found.groups(default="")
    minute = clock.removesuffix(second + after)
    like_date = "".join(
        re.escape(text) + run
        for text, run in zip(_RUN.split(date), [*map(_like_run, _RUN.findall(date)), ""], strict=True)
    )
    like_minute = re.escape(before) + _written_as(hour, _HOUR + re.escape(colon) + _SIXTY)
    return Parts(date, minute, second, after), Parts(
        like_date,
        like_minute + re.escape(second_colon),
        second and _written_as(second, _SIXTY),
        re.escape(after),
    )


def patterns_of(parts: Sequence[Collection[str]], line_end: str) -> Patterns:
    """Put patterns for each of the four parts of a time together to those for lines behind a ``line_end``."""
    date, minute, second, after = map("|".join, parts)
    whole = f"(?:{minute})(?:{second})(?:{after})"
    behind = f"({after})" if len(parts[-1]) > 1 else after
    clock = f"({minute})({second}){behind}" if second else f"({whole})"
    return Patterns(
        re.compile(f"{line_end}(?:({date}){whole}|{_SEEMS_A_DATE})"),
        re.compile(f"{line_end}({date}){clock}[{MARKS}]{{0,4}}{_NAME}"),
        re.compile(rf"{line_end}(?=({_SEEMS_A_DATE}[^\n\0]*))"),
    )


def _like_run(run: str) -> str:
    signs = "".join(re.escape(sign) for sign in "-/." if sign in run)
    return _written_as(run, f"[0-9{signs}]+")


def _written_as(digits: str, pattern: str) -> str:
    """Give a pattern in the script of some digits."""
    zero = ord(digits[0]) - unicodedata.decimal(digits[0])
    return pattern.translate({ord("0") + value: zero + value for value in range(10)})
