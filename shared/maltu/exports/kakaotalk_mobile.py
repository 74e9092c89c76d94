"""What the text exports of KakaoTalk for Android and iOS have in common.

A record starts with its day and time, on a line of its own: ``<stamp>, <name> : <text>``. CRLF ends a record
and a bare LF is inside a message, so a quoted record stays where it was quoted. Text that came from a PC
has CRLF inside too, hence a line after CRLF that starts like no record goes on with the message before. A
file without CRLF has lost that difference; there, whatever looks like a record is one.

One pattern cuts a block of lines at all its records' starts. What was cut are columns; only records of more
than one line, and those without a name, are looked at one by one.
"""

from __future__ import annotations

import io
from functools import partial
from itertools import compress
from operator import add
from typing import TYPE_CHECKING, cast

from maltu.errors import UnreadableExport
from maltu.exports.assembled import assembled
from maltu.exports.kakaotalk_grammar import has_crlf, records_in
from maltu.exports.kakaotalk_kinds import kinds_of_records
from maltu.exports.kakaotalk_splitter import NameSplitter
from maltu.exports.kakaotalk_stamps import Clocks, Days, month_comes_first
from maltu.exports.kakaotalk_tails import Tails
from maltu.exports.kakaotalk_titles import count_unknown, room_in
from maltu.exports.message import Columns, InColumns
from maltu.exports.names import Spellings
from maltu.exports.source import MAX_RECORD_LINES
from maltu.exports.text_lines import blocks_of, end_of

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from maltu.exports.kakaotalk_grammar import Grammar
    from maltu.exports.source import Source

CUTS_AT = 500

# A record is cut into what its stamp has, its mark with a name, and its text.
_PARTS = 4


def read(source: Source, skipped: Counter[str], grammars: Sequence[Grammar]) -> InColumns:
    """Stream the messages; what is no record is counted in ``skipped``, by reason.

    Raises:
        UnreadableExport: wrongly encoded, a record without end, or no message at all.
    """
    return InColumns(_batches(source, skipped, grammars))


def no_messages(skipped: Counter[str]) -> UnreadableExport:
    """Say that nothing could be read, and why."""
    reasons = ", ".join(f"{reason} ({count:,})" for reason, count in skipped.most_common())
    return UnreadableExport(
        f"None of the export's records can be read: {reasons or 'there is none'}. Export the chat again."
    )


def _batches(source: Source, skipped: Counter[str], grammars: Sequence[Grammar]) -> Iterator[Columns]:
    head = source.head_text
    grammar = max(grammars, key=lambda grammar: len(records_in(head, grammar)))
    records = _Records(source, grammar, _Messages(head, grammar, skipped))
    yield from assembled(blocks_of(source), records, no_messages=partial(no_messages, skipped))


class _Records:
    """Cuts lines at the records' starts; the record that starts last may go on."""

    def __init__(self, source: Source, grammar: Grammar, messages: _Messages) -> None:
        self._source = source
        self._cut = grammar.start(messages.line_end).split
        self._messages = messages
        # Of the record that is open; before the first one opens, its text is what stands above it.
        self._start: list[str] = []
        self._text: list[str] = []
        self._further_lines = 0
        # A file starts as if a line had ended.
        self._end = messages.line_end
        self._lines = self._record_line = 0

    def take(self, lines: str) -> Columns | None:
        """Take whole lines; give the messages that ended before or in them."""
        self._source.record_line = self._record_line
        end = end_of(lines)
        before, *parts = self._cut(self._end + lines.removesuffix(end))
        self._end = end
        self._text.append(before)
        self._lines += lines.count("\n")
        self._further_lines += before.count("\n")
        if self._further_lines > MAX_RECORD_LINES:
            raise self._source.endless()
        if not parts:
            return None
        ended = [*self._start, "".join(self._text), *parts[:-_PARTS]]
        if not self._start:
            self._messages.count_above(ended.pop(0))
        *self._start, text = parts[-_PARTS:]
        self._text = [text]
        self._further_lines = text.count("\n")
        self._source.record_line = self._record_line = self._lines - self._further_lines - 1
        return self._messages.columns(ended, self._start)

    def last(self) -> Columns | None:
        """Give the message whose lines were taken last."""
        text = "".join(self._text) + self._end
        if self._start:
            return self._messages.last(self._start, text)
        self._messages.count_above(text)
        return None


class _Messages:
    """Makes records into messages.

    Attributes:
        line_end: what ends records.
    """

    def __init__(self, head: str, grammar: Grammar, skipped: Counter[str]) -> None:
        crlf = has_crlf(head)
        self.line_end = "\r\n" if crlf else "\n"
        self._skipped = skipped
        self._day, self._clock = (1, 0) if grammar.clock_first else (0, 1)
        self._days, self._clocks = Days(month_first=month_comes_first(head)), Clocks()
        self._tails = Tails(grammar, self._days, crlf=crlf)
        rests = [match[match.re.groups] for match in records_in(head, grammar)]
        self._splitter = NameSplitter(rests, room_in(head, ""))
        self._spellings = Spellings()

    def count_above(self, text: str) -> None:
        """Count what stands above the first record."""
        if unknown := count_unknown(self._tails.without_days(_lines_of(text))):
            self._skipped["before the first message"] += unknown

    def columns(self, parts: list[str], next_start: list[str]) -> Columns | None:
        """Make records that were cut; None where none is a message.

        Args:
            parts: of each record the stamp's two parts, the mark with a name, and the text.
            next_start: the same of the record that follows, without its text.
        """
        if not parts:
            return None
        marks, cut = parts[2::_PARTS], parts[3::_PARTS]
        texts = cut if self.line_end == "\r\n" else [text.removesuffix("\r") for text in cut]
        days = parts[self._day :: _PARTS]
        next_days = [*days[1:], next_start[self._day]]
        todays: list[datetime | None] = []
        for at in [at for at, text in enumerate(cut) if "\n" in text]:
            todays += [self._tails.today] * (at + 1 - len(todays))
            texts[at] = self._without_tail(marks[at], cut[at] + self.line_end, next_days[at])
        todays += [self._tails.today] * (len(cut) - len(todays))
        return self._made(days, parts[self._clock :: _PARTS], todays, marks, texts)

    def last(self, start: list[str], text: str) -> Columns | None:
        """Make the file's last record, to its end; None where it is no message."""
        today = self._tails.today
        mark = start[2]
        text = self._without_tail(mark, text, None)
        return self._made([start[self._day]], [start[self._clock]], [today], [mark], [text])

    def _without_tail(self, mark: str, text: str, next_day: str | None) -> str:
        """Take off a text what belongs to the next record, and its end; the name counts as text."""
        named = mark[2:]
        text = self._tails.text(_lines_of(named + text), next_day)
        return text.removesuffix(end_of(text))[len(named) :]

    def _made(
        self,
        days: list[str],
        clocks: list[str],
        todays: list[datetime | None],
        marks: list[str],
        texts: list[str],
    ) -> Columns | None:
        senders = self._splitter.split(marks, texts)
        try:
            midnights = map(self._days.__getitem__, days) if days[0] else cast("list[datetime]", todays)
            sent = list(map(add, midnights, map(self._clocks.__getitem__, clocks)))
        except (ValueError, TypeError):
            moments = list(map(self._moment, days, clocks, todays))
            sent = [moment for moment in moments if moment]
            senders, texts = list(compress(senders, moments)), list(compress(texts, moments))
        if not sent:
            return None
        senders = self._spellings.of_all(senders)
        return Columns(sent, senders, texts, kinds_of_records(senders, texts))

    def _moment(self, day: str, clock: str, today: datetime | None) -> datetime | None:
        try:
            if midnight := self._days[day] if day else today:
                return midnight + self._clocks[clock]
            self._skipped["no date in it or before it"] += 1
        except ValueError:
            self._skipped["unreadable date"] += 1
        return None


def _lines_of(text: str) -> list[str]:
    return [*io.StringIO(text, newline="\n")]
