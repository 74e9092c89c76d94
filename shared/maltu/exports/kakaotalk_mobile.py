"""What the text exports of KakaoTalk for Android and iOS have in common.

A record starts with its day and time, on a line of its own: ``<stamp>, <name> : <text>``. CRLF ends a record
and a bare LF is inside a message, so a quoted record stays where it was quoted. Text that came from a PC
has CRLF inside too, hence a line after CRLF that starts like no record goes on with the message before. A
file without CRLF has lost that difference; there, whatever looks like a record is one.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from maltu.errors import UnreadableExport
from maltu.exports.kakaotalk_grammar import has_crlf, records_in
from maltu.exports.kakaotalk_kinds import SUSPECT_STARTS, kind_of_record
from maltu.exports.kakaotalk_stamps import Clocks, Days, month_comes_first
from maltu.exports.kakaotalk_titles import count_unknown, later_part_at, room_in
from maltu.exports.message import Message, unchecked_message
from maltu.exports.names import Spellings
from maltu.exports.source import MAX_RECORD_LINES

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from maltu.exports.kakaotalk_grammar import Grammar
    from maltu.exports.source import Source

CUTS_AT = 500

_LONGEST_NAME = 20
_LEAST_OF_A_NAME = 3
_NAME_END = " : "


def read(source: Source, skipped: Counter[str], grammars: Sequence[Grammar]) -> Iterator[Message]:
    """Stream the messages; what is no record is counted in ``skipped``, by reason.

    Raises:
        UnreadableExport: wrongly encoded, a record without end, or no message at all.
    """
    head = source.head_text
    grammar = max(grammars, key=lambda grammar: len(records_in(head, grammar)))
    crlf = has_crlf(head)
    split = _NameSplitter(
        [match[grammar.groups[3]] for match in records_in(head, grammar)], room_in(head, "")
    )
    days = Days(month_first=month_comes_first(head))
    tails = _Tails(grammar, days, crlf=crlf)
    clocks, spellings = Clocks(), Spellings()
    longer, suspect_starts = split.longer, SUSPECT_STARTS
    records = _records(source, grammar, crlf=crlf)
    _, above, _ = next(records)
    if unknown := count_unknown(tails.without_days(above)):
        skipped["before the first message"] += unknown
    new_message = unchecked_message
    yielded = 0
    for (day, clock, mark, first), more, next_day in records:
        moment = None
        try:
            if midnight := days[day] if day else tails.today:
                moment = midnight + clocks[clock]
            else:
                skipped["no date in it or before it"] += 1
        except ValueError:
            skipped["unreadable date"] += 1
        rest = tails.text([first, *more], next_day) if more else first
        if moment is None:
            continue
        rest = rest[:-2] if rest.endswith("\r\n") else rest.removesuffix("\n")
        sender, text = "", rest
        if mark == ", ":
            name, found, said = rest.partition(_NAME_END)
            if "\n" in name or not found:
                sender, text = split.without_text(rest)
            else:
                sender, text = split.by_longer(name, said) if name in longer else (name, said)
                sender = spellings[sender]
        yielded += 1
        kind = kind_of_record(sender, text) if not sender or text[:2] in suspect_starts else "text"
        yield new_message(Message, (moment, sender, text, kind))
    if not yielded:
        raise no_messages(skipped)


def _records(
    source: Source, grammar: Grammar, *, crlf: bool
) -> Iterator[tuple[tuple[str, ...], list[str], str | None]]:
    """Give day, time, mark and rest of each first line, the lines that follow, and the next record's day.

    What stands above the first record comes first, without a first line.
    """
    match_record, groups = grammar.record.match, grammar.groups
    line_end = "\r\n" if crlf else "\n"
    record: tuple[str, ...] = ()
    more: list[str] = []
    starts_here = True
    number = 0
    try:
        for number, line in enumerate(source.open_text(newline="\n"), 1):
            match = match_record(line) if starts_here else None
            starts_here = line.endswith(line_end)
            if match is None:
                more.append(line)
                if len(more) > MAX_RECORD_LINES:
                    raise source.endless()
                continue
            source.record_line = number - 1
            after = match.group(*groups)
            yield record, more, after[0]
            record = after
            if more:
                more = []
    except UnicodeDecodeError as error:
        raise source.undecodable(error, lines=number) from None
    yield record, more, None


def no_messages(skipped: Counter[str]) -> UnreadableExport:
    """Say that nothing could be read, and why."""
    reasons = ", ".join(f"{reason} ({count:,})" for reason, count in skipped.most_common())
    return UnreadableExport(
        f"None of the export's records can be read: {reasons or 'there is none'}. Export the chat again."
    )


class _NameSplitter:
    """Knows the names that contain the sign that ends a name."""

    def __init__(self, rests: list[str], room: str | None) -> None:
        seconds: defaultdict[str, list[str]] = defaultdict(list)
        for rest in rests:
            name, found, text = rest.partition(_NAME_END)
            if found:
                second, found, _ = text.partition(_NAME_END)
                seconds[name].append(second if found and len(second) <= _LONGEST_NAME else "")
        self.longer = {
            name: parts[0] + _NAME_END
            for name, parts in seconds.items()
            if parts[0]
            and len(set(parts)) == 1
            and (len(parts) >= _LEAST_OF_A_NAME or room == f"{name}{_NAME_END}{parts[0]}")
        }

    def by_longer(self, name: str, text: str) -> tuple[str, str]:
        second = self.longer[name]
        if not text.startswith(second):
            return name, text
        return f"{name}{_NAME_END}{second.removesuffix(_NAME_END)}", text[len(second) :]

    def without_text(self, rest: str) -> tuple[str, str]:
        """Split a record that has no text, its last space cut off by an editor; else KakaoTalk speaks."""
        name, line_end, more = rest.partition("\n")
        said = name.removesuffix("\r")
        return (said[:-2], line_end + more) if said.endswith(" :") else ("", rest)


class _Tails:
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
