"""Days and times as KakaoTalk's text exports write them, in Korean and English, on either clock."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from functools import partial

from maltu.exports.lookup import Lookup

MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
MONTH = f"(?:{'|'.join(MONTHS)})"
SHORT_MONTH = f"(?:{'|'.join(month[:3] for month in MONTHS)})"
SPACE = "[ \u00a0\u202f]"  # iOS and Android put a narrow no-break space before AM and PM since 2023
# An empty alternative costs a third of what a group with a question mark does.
_HALF_BEFORE = rf"(?:오전{SPACE}|오후{SPACE}|[AP]M{SPACE}|)"
_HALF_BEHIND = rf"(?:{SPACE}?(?:[AaPp][Mm]\b|[ap]\.m\.)|)"
CLOCK = rf"{_HALF_BEFORE}[0-9]{{1,2}}:[0-9]{{2}}{_HALF_BEHIND}"
KOREAN_DAY = r"[0-9]{4}년 [0-9]{1,2}월 [0-9]{1,2}일"
KOREAN_WEEKDAY = "[월화수목금토일]요일"
ENGLISH_WEEKDAY = "(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day"
DAY_RULE = rf"({KOREAN_DAY}) {KOREAN_WEEKDAY}|{ENGLISH_WEEKDAY}, ({MONTH} [0-9]{{1,2}}, [0-9]{{4}})"

_CLOCK = re.compile(rf"(오전|오후|[AP]M)?{SPACE}?([0-9]+):([0-9]+){SPACE}?([ap]?)", re.IGNORECASE)
_YEAR_FIRST = re.compile(r"([0-9]{4})[년.-] ?([0-9]+)[월.-] ?([0-9]+)[일.]?")
_MONTH_NAMED = re.compile(r"([A-Z][a-z]{2})[a-z]* ([0-9]+), ([0-9]{4})")
_SLASHED = re.compile(r"([0-9]+)/([0-9]+)/([0-9]{4})")
_MONTH_NUMBERS = {month[:3]: number for number, month in enumerate(MONTHS, 1)}
_NOON = 12
_MORNING = frozenset(("오전", "a", "am"))


class Clocks(Lookup[str, timedelta]):
    """Maps a time as it is written to the time since midnight; raises ValueError where it is none."""

    def __init__(self) -> None:
        super().__init__(_since_midnight)


class Days(Lookup[str, datetime]):
    """Maps a day as it is written to its midnight; raises ValueError where it is none.

    Args:
        month_first: what 03/04/2023 means.
    """

    def __init__(self, *, month_first: bool = False) -> None:
        super().__init__(partial(_midnight, month_first=month_first))


def month_comes_first(head: str) -> bool:
    """Tell whether an export's 03/04/2023 is in March, by the numbers over 12 at its start."""
    firsts, seconds = (max(map(int, numbers), default=0) for numbers in _numbers_of(head))
    return firsts <= _NOON < seconds


def _since_midnight(text: str) -> timedelta:
    clock = _CLOCK.match(text)
    if clock is None:
        raise ValueError(text)
    hour, minute = int(clock[2]), int(clock[3])
    # Some versions write an afternoon's hour on the 24-hour clock all the same: 오후 13:05.
    if (half := (clock[1] or clock[4]).lower()) and hour <= _NOON:
        hour = hour % _NOON + (0 if half in _MORNING else _NOON)
    datetime(1, 1, 1, hour, minute)  # noqa: DTZ001 - exports have no zone; checks the ranges
    return timedelta(hours=hour, minutes=minute)


def _midnight(text: str, *, month_first: bool) -> datetime:
    if day := _YEAR_FIRST.fullmatch(text):
        year, month, date = map(int, day.groups())
    elif day := _MONTH_NAMED.fullmatch(text):
        year, month, date = int(day[3]), _MONTH_NUMBERS[day[1]], int(day[2])
    elif day := _SLASHED.fullmatch(text):
        date, month, year = map(int, day.groups())
        if month_first:
            date, month = month, date
    else:
        raise ValueError(text)
    return datetime(year, month, date)  # noqa: DTZ001 - exports have no zone


def _numbers_of(head: str) -> tuple[list[str], list[str]]:
    days = re.findall(r"^([0-9]{1,2})/([0-9]{1,2})/[0-9]{4} ", head, re.MULTILINE)
    return [first for first, _ in days], [second for _, second in days]
