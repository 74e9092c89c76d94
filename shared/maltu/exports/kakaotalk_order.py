"""Which lines of KakaoTalk for Windows are records, by the order of their times."""

from __future__ import annotations

from datetime import timedelta
from itertools import repeat
from operator import add, gt
from typing import TYPE_CHECKING

from maltu.exports.kakaotalk_stamps import Clocks, Days
from maltu.exports.names import Spellings

if TYPE_CHECKING:
    from collections import Counter
    from datetime import datetime

    # When it was sent, or why that is not known; who sent it; its first line.
    Record = tuple[datetime | str, str, str]

_UNDATED = "no date in it or before it"
# Two servers' clocks may differ; a day without its line may follow another.
_RACE = timedelta(minutes=5)
_MIDNIGHT_WAS_PASSED = timedelta(hours=12)


class Order:
    """Knows what day it is, and whether a line can be a record by its time."""

    def __init__(self, doubtful: Counter[str]) -> None:
        self._doubtful = doubtful
        self._clocks, self._days, self._spellings = Clocks(), Days(), Spellings()
        self._midnight: datetime | None = None
        self._last: datetime | None = None
        # Somebody may have taken them out; KakaoTalk leaves out none.
        self._days_have_lines = False

    def record(self, name: str, clock: str, text: str) -> Record | None:
        """Give the record that a line looks like; None where it is a line of the message before it."""
        if self._midnight is None:
            return _UNDATED, "", ""
        try:
            now = self._midnight + self._clocks[clock]
        except ValueError:
            return "unreadable date", "", ""
        if self._last is not None and now < self._last and not self._is_believed(self._last - now, name):
            return None
        self._last = now
        return now, self._spellings[name], text

    def records(self, names: list[str], clocks: list[str]) -> tuple[list[datetime], list[str]] | None:
        """Give the times and the senders of lines that all look like records; None where a time is odd."""
        if self._midnight is None or self._last is None:
            return None
        try:
            sent = list(map(add, repeat(self._midnight), map(self._clocks.__getitem__, clocks)))
        except ValueError:
            return None
        if sent[0] < self._last or any(map(gt, sent, sent[1:])):
            return None
        self._last = sent[-1]
        return sent, list(map(self._spellings.__getitem__, names))

    def notice(self, line: str, *, in_message: bool) -> Record:
        """Give the record of what KakaoTalk says; it has no time of its own."""
        if in_message:
            self._doubtful["a notice that may be a line of the message before it"] += 1
        return self._last or _UNDATED, "", line

    def begins(self, text: str) -> bool:
        """Tell whether a day begins; an earlier one is quoted in the message before it."""
        try:
            day = self._days[text]
        except ValueError:
            return False
        if self._midnight is not None and day < self._midnight:
            self._doubtful["an earlier day, kept in the message before it"] += 1
            return False
        if day != self._midnight:
            self._days_have_lines = self._midnight is not None
            self._midnight = self._last = day
        return True

    def start_again(self) -> None:
        """Forget the day."""
        self._midnight = self._last = None

    def _is_believed(self, ago: timedelta, name: str) -> bool:
        if ago >= _MIDNIGHT_WAS_PASSED and not self._days_have_lines:
            self._doubtful["a record of an earlier time, as if a day had begun"] += 1
        elif name in self._spellings and ago <= _RACE:
            self._doubtful["a record of a slightly earlier time"] += 1
        else:
            self._doubtful["what looks like a record of an earlier time, kept in the message before it"] += 1
            return False
        return True
