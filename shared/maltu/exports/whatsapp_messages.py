"""Puts WhatsApp's messages together from their lines, and tells who wrote them."""

from __future__ import annotations

import re
from datetime import datetime, time
from operator import add, lt
from typing import TYPE_CHECKING, cast

from maltu.exports.message import Columns
from maltu.exports.names import Spellings
from maltu.exports.source import MAX_RECORD_BYTES
from maltu.exports.text_lines import numbered, too_long
from maltu.exports.whatsapp_dates import date_of, sent_at, stamp_of
from maltu.exports.whatsapp_kinds import MARK, SUSPECT_ENDS, SUSPECT_STARTS, told_apart

if TYPE_CHECKING:
    from datetime import timedelta

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
        self._midnights = _Midnights(cutter, self._order)
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
        return self._columns([self._at], ["".join(self._record)]) if self._at else None

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
        midnights = list(map(self._midnights.__getitem__, cut.dates))
        clocks = list(map(self._cutter.clocks.__getitem__, cut.clocks))
        if None in midnights or None in clocks:
            return None
        starts = list(map(add, cast("list[datetime]", midnights), cast("list[timedelta]", clocks)))
        more, texts = cut.before, cut.texts
        if "\r" in lines:
            # Cut at LF, the CR before it is still there.
            left = "\r" if line_end == "\n" else ""
            more = more.removesuffix(left).replace("\r\n", "\n")
            texts = [text.removesuffix(left).replace("\r\n", "\n") for text in texts]
        if more or not before:
            self._record += (more if before else f"\n{more}",)
        ended_at = [self._at, *starts[:-1]]
        ended = ["".join(self._record), *texts[:-1]]
        if earlier := sum(map(lt, starts, ended_at)):
            self._source.doubtful[_EARLIER] += earlier
        if self._guessed:
            self._source.doubtful[_GUESSED] += len(starts)
        self._at, self._record = starts[-1], [texts[-1]]
        self._characters = len(texts[-1]) - len(texts[-1].partition("\n")[0])
        return self._columns(ended_at, ended)

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
        return self._columns(ended_at, ended) if ended else None

    def _columns(self, ended_at: list[datetime], ended: list[str]) -> Columns:
        bracket = self._style.bracket
        split, known = self._senders.split, self._senders.shown.get
        suspect_starts, suspect_ends = SUSPECT_STARTS, SUSPECT_ENDS
        senders: list[str] = []
        texts: list[str] = []
        kinds: list[Kind] = []
        for record in ended:
            name, colon, text = record.partition(": ")
            # No name that was seen has a line's end in it.
            if not colon or (sender := known(name)) is None:
                sender, text = split(record)
            kind: Kind = "text"
            if not sender:
                kind = "system"
            elif text[:2] in suspect_starts or text.endswith(suspect_ends) or "\n" in text or MARK in text:
                text, kind = told_apart(text, bracket=bracket)
            senders.append(sender)
            texts.append(text)
            kinds.append(kind)
        return Columns(ended_at, senders, texts, kinds)


class _Midnights(dict[str, "datetime | None"]):
    """Maps a date as it is written to its midnight; None where there is no such date."""

    def __init__(self, cutter: Cutter, order: Order) -> None:
        super().__init__()
        self._cutter = cutter
        self._order: Order = order

    def __missing__(self, date: str) -> datetime | None:
        day = date_of(self._cutter.stamp(date), self._order)
        self[date] = midnight = day and datetime.combine(day, time())
        return midnight


class _Senders:
    """Tells where a name ends: at the first colon and space that are no part of WhatsApp's own words.

    Attributes:
        shown: every name that was seen, as it is given.
    """

    def __init__(self) -> None:
        self._spellings = Spellings()
        self.shown: dict[str, str] = {}

    def split(self, text: str) -> tuple[str, str]:
        """Give sender and message; the sender is empty where WhatsApp speaks."""
        first, _, _ = text.partition("\n")
        name, colon, rest = first.partition(": ")
        if colon and (name in self.shown or _is_name(name, rest)):
            return self._show(name), text[len(name) + 2 :]
        # An editor may have taken the space away; then only a name that was seen before is one.
        name, colon, _ = first.partition(":")
        if colon and (shown := self.shown.get(name)) is not None:
            return shown, text[len(name) + 1 :]
        return "", text

    def _show(self, name: str) -> str:
        self.shown[name] = shown = self._spellings[name].strip(_AROUND_NAMES)
        return shown


def _is_name(name: str, rest: str) -> bool:
    # Ann changed the subject to "Plan: B"
    quoted_title = " " in name and _is_odd(name) and _is_odd(rest)
    return 0 < len(name.strip()) <= _LONGEST_NAME and not quoted_title


def _is_odd(text: str) -> bool:
    return len(_QUOTE.findall(text)) % 2 == 1
