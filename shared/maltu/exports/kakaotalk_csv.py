"""The CSV that KakaoTalk for macOS saves: ``Date,User,Message``.

A record is a local time, a name and a text, in RFC 4180 quoting. Rows without a date are KakaoTalk's own;
they carry the time of the row before them. The file may lack its header, and may have been saved again by a
spreadsheet: with fewer quotes, with semicolons or tabs, with its dates written otherwise.
"""

from __future__ import annotations

import csv
import io
import re
from contextlib import suppress
from datetime import datetime
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, cast

from maltu.errors import UnreadableExport
from maltu.exports.csv_blocks import Blocks
from maltu.exports.csv_errors import MAX_FIELD_CHARACTERS, raise_if_hopeless
from maltu.exports.joined import join
from maltu.exports.kakaotalk_kinds import kind_of, kinds_of
from maltu.exports.kakaotalk_stamps import Clocks
from maltu.exports.lookup import Lookup
from maltu.exports.message import MESSAGES_AT_ONCE, Columns, InColumns, Message, columns_of
from maltu.exports.names import Spellings, name_key
from maltu.exports.quoted_rows import quoted_rows
from maltu.exports.shape import SHOWN_CHARACTERS, shape_of
from maltu.exports.source import line_breaks, lines_of

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Iterator, Sequence

    from maltu.exports.quoted_rows import QuotedRows
    from maltu.exports.source import Source

FORMAT = "kakaotalk-csv"
CUTS_AT = None

_HEADER = ["date", "user", "message"]
_DELIMITERS = (",", ";", "\t")
_DATE_OF_A_SPREADSHEET = re.compile(
    r"""
    ([0-9]{4})[-./]\ ?([0-9]{1,2})[-./]\ ?([0-9]{1,2})\.?\ +
    ((?:(?:오전|오후|AM|PM)\ )?[0-9]{1,2}:[0-9]{2}) (?::([0-9]{2}))? (\ [AP]M)?
    """,
    re.VERBOSE,
)
_DATE_LENGTHS = frozenset(map(len, ("2022-12-17 13:55:24", "2022-12-17 13:55")))
_ROWS_TO_SHOW = 3
_FILE_NAME = re.compile(
    r"KakaoTalk_Chat_(?P<room>.+)_\d{4}-\d{2}-\d{2}-\d{2}-\d{2}-\d{2}(?: ?\(\d+\))?\.csv", re.IGNORECASE
)


def score(head: str) -> int:
    """Count the lines of ``head`` that belong to such a CSV's rows."""
    return max(_score(head, delimiter) for delimiter in _DELIMITERS)


def _score(head: str, delimiter: str) -> int:
    rows = csv.reader(io.StringIO(head, newline=""), delimiter=delimiter)
    lines = before = 0
    # The head may end inside a row.
    with suppress(csv.Error):
        for row in rows:
            if _is_header(row) or _is_dated(row):
                lines += rows.line_num - before
            before = rows.line_num
    return lines


def room(head: str, name: str) -> str | None:  # noqa: ARG001 - a CSV does not name its room
    """Give the room's title, which stands in the file's name only."""
    named = _FILE_NAME.fullmatch(name_key(name))
    return named["room"] if named else None


def read(source: Source, skipped: Counter[str]) -> InColumns:
    """Stream the messages; what is no record is counted in ``skipped``, by reason.

    Header rows and empty lines are no records and are not counted.

    Raises:
        UnreadableExport: not UTF-8, a field too long, a quote that never closes, or no message at all.
    """
    return InColumns(_batches(source, skipped))


def _batches(source: Source, skipped: Counter[str]) -> Iterator[Columns]:
    csv.field_size_limit(MAX_FIELD_CHARACTERS)  # process-wide; the only way to raise csv's own 128 KiB
    delimiter = max(_DELIMITERS, key=partial(_score, source.head_text))
    blocks = Blocks(source)
    # Strict: a row whose quoting is broken is left out, never mended by guessing.
    rows = csv.reader(blocks.lines(), delimiter=delimiter, strict=True)
    reader = _Rows(_Unread(skipped))
    ended = False
    while not ended:
        failure: csv.Error | UnicodeDecodeError | UnreadableExport | None = None
        batch: list[list[str]] = []
        source.read_since = batch
        columns: Columns | None = None
        try:
            if (quoted := quoted_rows(blocks.fill(), delimiter.encode())) and (
                columns := reader.quoted_messages(quoted)
            ):
                blocks.take(quoted.size, lines=quoted.lines)
            else:
                batch.extend(islice(rows, MESSAGES_AT_ONCE))
                ended = len(batch) < MESSAGES_AT_ONCE
        except (csv.Error, UnicodeDecodeError, UnreadableExport) as error:
            failure = error  # the rows before it are in the batch
        line = blocks.taken_lines + rows.line_num
        if not failure and (columns or (columns := reader.plain_messages(batch))):
            batch.clear()  # memory that was used a moment ago is fast
            source.record_line = line
            yield columns
            continue
        yield from columns_of(reader.messages(batch, source.record_line))
        if isinstance(failure, UnicodeDecodeError):
            raise source.undecodable(failure, lines=line) from None
        if isinstance(failure, csv.Error):
            raise_if_hopeless(failure, source.line + 1)
            reader.unread.count_broken(line)
        elif failure:
            raise failure
        source.record_line = line
    if reader.sent_at is None:
        raise reader.unread.no_messages()


class _Rows:
    """Makes rows into messages.

    Attributes:
        sent_at: when the latest message was sent; None before the first.
        unread: what was no message.
    """

    def __init__(self, unread: _Unread) -> None:
        self.unread = unread
        self.sent_at: datetime | None = None
        self._spellings = Spellings()
        self._names = Lookup[bytes, str](lambda written: self._spellings[_name_of(written)])
        self._clocks = Clocks()

    def quoted_messages(self, rows: QuotedRows) -> Columns | None:
        """Make rows that are all just as KakaoTalk writes a message; None where a date or a name is none."""
        try:
            sent = list(map(datetime.fromisoformat, rows.dates))
            senders = list(map(self._names.__getitem__, rows.names))
        except ValueError:
            return None
        return self._columns(sent, senders, rows.texts.split("\0"), rows.texts)

    def plain_messages(self, rows: list[list[str]]) -> Columns | None:
        """Make rows with three fields and a date, column by column; None where there are others."""
        try:
            dates, senders, texts = cast("Iterator[tuple[str, ...]]", zip(*rows, strict=True))
            sent = list(map(datetime.fromisoformat, dates))
            zone = max(sent).tzinfo  # a time with a zone compares with no time without one
        except (ValueError, TypeError):
            return None
        joined = join(texts)
        if zone or joined is None or not _DATE_LENGTHS.issuperset(map(len, dates)):
            return None
        return self._columns(sent, self._spellings.of_all(senders), texts, joined)

    def _columns(
        self, sent: list[datetime], senders: Sequence[str], texts: Sequence[str], joined: str
    ) -> Columns:
        self.sent_at = sent[-1]
        return Columns(sent, senders, texts, kinds_of(senders, texts, joined))

    def messages(self, rows: list[list[str]], line: int) -> Iterator[Message]:
        """Make any rows, one by one; ``line`` lines are before them."""
        for row in rows:
            line += lines_of(row)
            text = row[-1] if row else ""
            if len(row) == len(_HEADER) and (sent_at := _date_of(row[0], self._clocks)):
                self.sent_at = sent_at
                yield Message(sent_at, self._spellings[row[1]], text, kind_of(row[1], text))
            elif self.sent_at and _is_undated(row):
                yield Message(self.sent_at, self._spellings[row[1]], text, kind_of("", text))
            else:
                self.unread.count(row, line)


class _Unread:
    """Counts the rows that are no record, and remembers the first ones."""

    def __init__(self, skipped: Counter[str]) -> None:
        self._skipped = skipped
        self._first: list[tuple[int, str, str]] = []

    def count(self, row: list[str], line: int) -> None:
        if row and not _is_header(row):
            self._count(_reason(row), line, ",".join(row))

    def count_broken(self, line: int) -> None:
        self._count("broken quoting", line, "")

    def _count(self, reason: str, line: int, row: str) -> None:
        self._skipped[reason] += 1
        if len(self._first) < _ROWS_TO_SHOW:
            self._first.append((line, reason, row[:SHOWN_CHARACTERS]))

    def no_messages(self) -> UnreadableExport:
        if not self._first:
            return UnreadableExport("The export has no messages: there is nothing below its header row.")
        rows = "; ".join(f"line {line}: {reason} ({shape_of(row)})" for line, reason, row in self._first)
        return UnreadableExport(
            f"None of the export's {self._skipped.total()} rows is a message: {rows}. A message's row is "
            'YYYY-MM-DD HH:MM:SS,"name","text".',
            excerpt=tuple(row for _, _, row in self._first),
        )


def _is_header(row: list[str]) -> bool:
    return len(row) == len(_HEADER) and [name.strip().lower() for name in row] == _HEADER


def _is_undated(row: list[str]) -> bool:
    return len(row) == len(_HEADER) and not row[0]


def _is_dated(row: list[str]) -> bool:
    return len(row) == len(_HEADER) and _date_of(row[0], Clocks()) is not None


def _date_of(text: str, clocks: Clocks) -> datetime | None:
    try:
        sent_at = datetime.fromisoformat(text)
    except ValueError:
        return _date_of_a_spreadsheet(text, clocks)
    return sent_at if len(text) in _DATE_LENGTHS and sent_at.tzinfo is None else None


def _date_of_a_spreadsheet(text: str, clocks: Clocks) -> datetime | None:
    if (date := _DATE_OF_A_SPREADSHEET.fullmatch(text)) is None:
        return None
    year, month, day, clock, second, half = date.groups()
    try:
        # Exports have no zone.
        midnight = datetime(int(year), int(month), int(day), second=int(second or 0))  # noqa: DTZ001
        return midnight + clocks[clock + (half or "")]
    except ValueError:
        return None


def _name_of(written: bytes) -> str:
    name = written.decode()
    if line_breaks(name):
        raise ValueError("a line break in a name")
    return name


def _reason(row: list[str]) -> str:
    if len(row) != len(_HEADER):
        return "wrong number of fields"
    return "unreadable date" if row[0] else "no date in it or before it"
