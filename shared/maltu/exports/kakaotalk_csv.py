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
from typing import TYPE_CHECKING

from maltu.errors import UnreadableExport
from maltu.exports.csv_errors import MAX_FIELD_CHARACTERS, raise_if_hopeless
from maltu.exports.kakaotalk_kinds import SUSPECT_ENDS, SUSPECT_FIRSTS, SUSPECT_STARTS, kind_of
from maltu.exports.kakaotalk_stamps import Clocks
from maltu.exports.message import Message, unchecked_message
from maltu.exports.names import Spellings, name_key
from maltu.exports.shape import SHOWN_CHARACTERS, shape_of

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Iterator

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


def read(source: Source, skipped: Counter[str]) -> Iterator[Message]:
    """Stream the messages; what is no record is counted in ``skipped``, by reason.

    Header rows and empty lines are no records and are not counted.

    Raises:
        UnreadableExport: not UTF-8, a field too long, a quote that never closes, or no message at all.
    """
    csv.field_size_limit(MAX_FIELD_CHARACTERS)  # process-wide; the only way to raise csv's own 128 KiB
    # Strict: a row whose quoting is broken is left out, never mended by guessing.
    delimiter = max(_DELIMITERS, key=partial(_score, source.head_text))
    rows = csv.reader(source.open_text(), delimiter=delimiter, strict=True)
    clocks = Clocks()
    unread = _Unread(skipped)
    spellings = Spellings()
    fromisoformat = datetime.fromisoformat
    new_message = unchecked_message
    sent_at: datetime | None = None
    while True:
        try:
            # A file has a million rows and this loop decides how long they take, hence its plainness.
            for row in rows:
                source.record_line = rows.line_num
                try:
                    date, sender, text = row
                    parsed = fromisoformat(date)
                except ValueError:
                    if len(row) == len(_HEADER) and (parsed := _date_of_a_spreadsheet(row[0], clocks)):
                        sent_at = parsed
                        yield Message(sent_at, spellings[row[1]], row[2], kind_of(row[1], row[2]))
                    elif sent_at and _is_undated(row):
                        yield Message(sent_at, spellings[row[1]], row[2], kind_of("", row[2]))
                    else:
                        unread.count(row, rows.line_num)
                    continue
                if len(date) not in _DATE_LENGTHS or parsed.tzinfo:
                    unread.count(row, rows.line_num)
                    continue
                sent_at = parsed
                kind = (
                    kind_of(sender, text)
                    if (
                        not text
                        or text[-1] in SUSPECT_ENDS
                        or (text[0] in SUSPECT_FIRSTS and text[:2] in SUSPECT_STARTS)
                        or not sender
                    )
                    else "text"
                )
                yield new_message(Message, (sent_at, spellings[sender], text, kind))
            break
        except csv.Error as error:
            raise_if_hopeless(error, source.record_line + 1)
            source.record_line = rows.line_num
            unread.count_broken(rows.line_num)
        except UnicodeDecodeError as error:
            raise source.undecodable(error, lines=rows.line_num) from None
    if sent_at is None:
        raise unread.no_messages()


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
    if len(row) != len(_HEADER):
        return False
    try:
        if len(row[0]) in _DATE_LENGTHS and datetime.fromisoformat(row[0]).tzinfo is None:
            return True
    except ValueError:
        pass
    return _date_of_a_spreadsheet(row[0], Clocks()) is not None


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


def _reason(row: list[str]) -> str:
    if len(row) != len(_HEADER):
        return "wrong number of fields"
    return "unreadable date" if row[0] else "no date in it or before it"
