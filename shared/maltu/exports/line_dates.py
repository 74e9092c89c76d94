"""How LINE writes the date above a day's messages, with its weekday."""

from __future__ import annotations

import re
from datetime import date

_WEEKDAYS = (
    *("月火水木金土日", "월화수목금토일", "一二三四五六日"),
    ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"),
)
_DAY = (
    r"(?:[月火水木金土日](?:曜日)?|[월화수목금토일](?:요일)?|[一二三四五六日]"
    r"|(?:Mon|Tues?|Wed(?:nes)?|Thu(?:rs)?|Fri|Sat(?:ur)?|Sun)(?:day)?)"
)
_DATE = re.compile(
    r"(?P<year>\d{4})(?:[/.-] ?|年|년 ?)(?P<month>\d{1,2})(?:[/.-] ?|月|월 ?)(?P<day>\d{1,2})"
    rf"(?:\.|日|일)? ?[(（]?(?:星期|[週周])?(?P<weekday>{_DAY})[)）]?"
)
_WEEKDAY_FIRST = re.compile(
    rf"(?P<weekday>{_DAY}),? (?P<a>\d{{1,2}})[/.](?P<b>\d{{1,2}})[/.](?P<year>\d{{4}})"
)


def date_of(line: str) -> date | None:
    """Give the date that a line says; None for any other line, and where the weekday is not that date's."""
    line = line.strip()
    if not line or not (line[0].isdecimal() or line[0].isupper()):
        return None
    if found := _DATE.fullmatch(line):
        return _date(found["year"], found["month"], found["day"], found["weekday"])
    if found := _WEEKDAY_FIRST.fullmatch(line):
        # Month or day first, by country; the weekday tells.
        return _date(found["year"], found["a"], found["b"], found["weekday"]) or _date(
            found["year"], found["b"], found["a"], found["weekday"]
        )
    return None


def _date(year: str, month: str, day: str, weekday: str) -> date | None:
    try:
        dated = date(int(year), int(month), int(day))
    except ValueError:
        return None
    names = [week[dated.weekday()] for week in _WEEKDAYS]
    return dated if any(weekday.startswith(name) for name in names) else None
