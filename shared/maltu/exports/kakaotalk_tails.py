"""Where days and parts begin in the texts of KakaoTalk for Android and iOS: below a record."""

from __future__ import annotations

from typing import TYPE_CHECKING

from maltu.exports.kakaotalk_titles import count_unknown, later_part_at

if TYPE_CHECKING:
    from datetime import datetime

    from maltu.exports.kakaotalk_grammar import Grammar
    from maltu.exports.kakaotalk_stamps import Days


class Tails:
    """Takes what belongs to the next record off the lines of the one before: where a day or a part begins.

    Attributes:
        today: the day that was opened last.
    """

    def __init__(self, grammar: Grammar, days: Days, *, crlf: bool) -> None:
        self.today: datetime | None = None
        self._grammar = grammar
        self._days = days
        self._crlf = crlf

    def without_days(self, lines: list[str]) -> list[str]:
        """Leave out all lines that open a day."""
        kept: list[str] = []
        for line in lines:
            if (day := self._day_of(line)) is None:
                kept.append(line)
            else:
                self.today = day
        return kept

    def text(self, lines: list[str], next_day: str | None) -> str:
        """Join a record's lines; the next record is of ``next_day``, or of a day that is opened here.

        At the file's end, where ``next_day`` is None, the empty lines that end the file are left out.
        """
        if (part := self._later_part_at(lines)) is not None:
            self.without_days(lines[part:])
            lines = lines[:part]
        elif next_day is None:
            lines = self._without_blank_end(lines)
        opened: datetime | None = None
        while len(lines) > 1 and (day := self._opened_by(lines, next_day)) is not None:
            opened = opened or day
            lines = lines[:-2] if len(lines) > 2 and _is_blank(lines[-2]) else lines[:-1]  # noqa: PLR2004
        if opened is not None:
            self.today = opened
        return "".join(lines)

    def _later_part_at(self, lines: list[str]) -> int | None:
        if (part := later_part_at(lines)) is None or (self._crlf and not lines[part - 1].endswith("\r\n")):
            return None
        # Above a part there is nothing else; a quoted one goes on.
        return None if count_unknown([line for line in lines[part:] if self._day_of(line) is None]) else part

    def _without_blank_end(self, lines: list[str]) -> list[str]:
        while len(lines) > 1 and _is_blank(lines[-1]) and (not self._crlf or lines[-2].endswith("\r\n")):
            lines = lines[:-1]
        return lines

    def _opened_by(self, lines: list[str], next_day: str | None) -> datetime | None:
        day = self._day_of(lines[-1])
        if day is None or (self._crlf and not lines[-2].endswith("\r\n")):
            return None
        if _is_blank(lines[-2]):
            return day
        # Without the empty line before, it may be somebody's own.
        try:
            if next_day:
                fits = day == self._days[next_day]
            else:
                fits = next_day is not None and (self.today is None or day >= self.today)
        except ValueError:
            return None
        return day if fits else None

    def _day_of(self, line: str) -> datetime | None:
        if (match := self._grammar.day.fullmatch(line.strip())) is None:
            return None
        try:
            return self._days[next(day for day in match.groups() if day)]
        except ValueError:
            return None


def _is_blank(line: str) -> bool:
    return line in {"\n", "\r\n"}
