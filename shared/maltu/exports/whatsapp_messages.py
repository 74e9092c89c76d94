"""Puts WhatsApp's messages together from their lines, and tells who wrote them."""

from __future__ import annotations

import re
from datetime import datetime, time
from itertools import repeat
from operator import add, lt
from typing import TYPE_CHECKING

from maltu.exports.joined import places_of
from maltu.exports.lookup import Lookup
from maltu.exports.message import Columns
from maltu.exports.names import Spellings
from maltu.exports.source import MAX_RECORD_BYTES
from maltu.exports.text_lines import numbered, too_long
from maltu.exports.whatsapp_dates import date_of, sent_at, stamp_of
from maltu.exports.whatsapp_kinds import tell_apart

if TYPE_CHECKING:
    from maltu.exports.message import Kind
    from maltu.exports.source import Source
    from maltu.exports.unread import Unread
    from maltu.exports.whatsapp_blocks import Cutter
    from maltu.exports.whatsapp_dates import Evidence, Order

NO_TIME = "no time at its start"
_OTHER_STYLE = "like a message of another style"
_EARLIER = "earlier than the message before"
_GUESSED = "day and month in a guessed order"

_QUOTE = re.compile('["“”„«»]')
_LONGEST_NAME = 80
_AROUND_NAMES = " \u200e\u200f\u202a\u202b\u202c\u2066\u2067\u2068\u2069"


class Messages:
    """Puts messages together from their lines, of which the last one may go on."""

    def __init__(self, source: Source, evidence: Evidence, cutter: Cutter, unread: Unread) -> None:
        self._source = source
        self._unread = unread
        self._cutter = cutter
        self._style = evidence.style
        self._order: Order
        self._order, self._guessed = evidence.order()
        self._line_end = "\r\n" if evidence.after_crlf > evidence.after_lf else "\n"
        self._midnights = Lookup(self._midnight)
        self._senders = _Senders()
        self._at: datetime | None = None
        self._record: list[str] = []
        self._characters = 0
        self._lines = 0
        self._starts_here = True

    def take(self, lines: str) -> Columns | None:
        """Take whole lines; give the messages that ended before or in them."""
        columns = self._take_at_once(lines) or self._take_each(lines)
        self._lines += lines.count("\n")
        self._starts_here = lines.endswith(self._line_end)
        return columns

    def last(self) -> Columns | None:
        """Give the message whose lines were taken last."""
        return self._columns([self._at], [""], ["".join(self._record)]) if self._at else None

    def _take_at_once(self, lines: str) -> Columns | None:
        """Take lines of which every time is as usual; None, and nothing is taken, where one is not."""
        if self._at is None or not lines.endswith("\n"):
            return None
        line_end = self._line_end
        before = line_end if self._starts_here else ""
        end = line_end if lines.endswith(line_end) else "\n"
        cut = self._cutter.cut(before + lines.removesuffix(end), line_end=line_end)
        if cut is None or not cut.texts or self._characters + len(lines) > MAX_RECORD_BYTES:
            return None
        try:
            starts = list(map(add, map(self._midnights.__getitem__, cut.dates), cut.clocks))
        except ValueError:
            return None
        if cut.before or not before:
            self._record += (cut.before if before else f"\n{cut.before}",)
        ended_at = [self._at, *starts[:-1]]
        names = ["", *cut.names[:-1]]
        ended = ["".join(self._record), *cut.texts[:-1]]
        if earlier := sum(map(lt, starts, ended_at)):
            self._source.doubtful[_EARLIER] += earlier
        if self._guessed:
            self._source.doubtful[_GUESSED] += len(starts)
        text = cut.texts[-1]
        self._at, self._record = starts[-1], [cut.names[-1] + text]
        self._characters = len(text) - len(text.partition("\n")[0])
        return self._columns(ended_at, names, ended)

    def _take_each(self, lines: str) -> Columns | None:
        starts_here = self._starts_here
        ended_at: list[datetime] = []
        ended: list[str] = []
        for number, line, end in numbered((lines,), above=self._lines):
            stamp = stamp_of(line) if starts_here else None
            starts_here = self._line_end == "\n" or end != "\n"
            if stamp and stamp.style == self._style and (starts := sent_at(stamp, self._order)):
                if self._at:
                    ended_at.append(self._at)
                    ended.append("".join(self._record))
                    if starts < self._at:
                        self._source.doubtful[_EARLIER] += 1
                if self._guessed:
                    self._source.doubtful[_GUESSED] += 1
                self._at, self._record, self._characters = starts, [line[stamp.end :]], 0
            elif self._at:
                if stamp:
                    self._source.doubtful[_OTHER_STYLE] += 1
                self._record += ("\n", line)
                self._characters += len(line) + 1
                too_long(self._characters, number)
            elif line.strip():
                self._unread.count(NO_TIME, number, line)
        return self._columns(ended_at, [""] * len(ended), ended) if ended else None

    def _midnight(self, date: str) -> datetime:
        """Give the midnight of a date as it is written; a ValueError says that there is no such date."""
        day = date_of(self._cutter.stamp(date), self._order)
        if day is None:
            raise ValueError("no date in this order")
        return datetime.combine(day, time())

    def _columns(self, ended_at: list[datetime], names: list[str], texts: list[str]) -> Columns:
        """Tell senders and kinds; a text without a name has it, if any, in front."""
        senders = list(map(self._senders.shown.get, names, repeat("")))
        kinds: list[Kind] = ["text"] * len(texts)
        for place in places_of("", senders):
            senders[place], texts[place] = self._senders.split(names[place] + texts[place])
            if not senders[place]:
                kinds[place] = "system"
        tell_apart(texts, kinds, bracket=self._style.bracket)
        return Columns(ended_at, senders, texts, kinds)


class _Senders:
    """Tells where a name ends: at the first colon and space that are no part of WhatsApp's own words.

    Attributes:
        shown: every name that was seen, with colon and space, as it is given.
    """

    def __init__(self) -> None:
        self._spellings = Spellings()
        self.shown: dict[str, str] = {}

    def split(self, text: str) -> tuple[str, str]:
        """Give sender and message; the sender is empty where WhatsApp speaks."""
        first, _, _ = text.partition("\n")
        name, colon, rest = first.partition(": ")
        if colon and (f"{name}: " in self.shown or _is_name(name, rest)):
            return self._show(name), text[len(name) + 2 :]
        # An editor may have taken the space away; then only a name that was seen before is one.
        name, colon, _ = first.partition(":")
        if colon and (shown := self.shown.get(f"{name}: ")) is not None:
            return shown, text[len(name) + 1 :]
        return "", text

    def _show(self, name: str) -> str:
        self.shown[f"{name}: "] = shown = self._spellings[name].strip(_AROUND_NAMES)
        return shown


def _is_name(name: str, rest: str) -> bool:
    # Ann changed the subject to "Plan: B"
    quoted_title = " " in name and _is_odd(name) and _is_odd(rest)
    return 0 < len(name.strip()) <= _LONGEST_NAME and not quoted_title


def _is_odd(text: str) -> bool:
    return len(_QUOTE.findall(text)) % 2 == 1
