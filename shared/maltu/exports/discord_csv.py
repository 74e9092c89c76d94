"""The CSV that DiscordChatExporter writes: ``AuthorID,Author,Date,Content,Attachments,Reactions``.

Newer versions put a ``MessageID`` in front. A CSV does not say who is a bot or what kind a message is;
Discord's own messages are told by their words.
"""

from __future__ import annotations

import csv
import io
import re
from contextlib import suppress
from datetime import datetime
from typing import TYPE_CHECKING

from maltu.exports.csv_errors import MAX_FIELD_CHARACTERS, raise_if_hopeless
from maltu.exports.identities import Identities
from maltu.exports.message import Message
from maltu.exports.unread import NotAMessage, Unread

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Iterator

    from maltu.exports.message import Kind
    from maltu.exports.source import Source

FORMAT = "discord-csv"
CUTS_AT = None

_COLUMNS = ["authorid", "author", "date", "content", "attachments", "reactions"]
_HEADERS = (_COLUMNS, ["messageid", *_COLUMNS])
_EXPECTED = (
    "A message's row is AuthorID,Author,Date,Content,Attachments,Reactions with a date like "
    "2022-03-18T14:56:01+00:00; the format JSON of DiscordChatExporter says more than its CSV."
)
_FILE_NAME = re.compile(r"(?P<room>.+) \[\d{15,21}\](?: \(.+\))?\.csv", re.IGNORECASE)

# Versions before 2.35 wrote 18-Mar-22 02:56 PM.
_OLD_DATE = re.compile(r"(\d\d)-([A-Z][a-z]{2})-(\d\d) (\d\d):(\d\d) ([AP])M")
_MONTHS = {
    name: month
    for month, name in enumerate(
        ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"), start=1
    )
}
_OWN = re.compile(
    r"Joined the server\.|Pinned a message\.|Started a (?:thread|call that lasted .+ minutes)\."
    r"|(?:Added|Removed) .+ (?:to|from) the group\.|Left the group\."
    r"|Changed the channel (?:name: .+|icon)\.?"
)


def score(head: str) -> int:
    """Count the lines of ``head`` that belong to such a CSV's rows; it always has its header."""
    rows = csv.reader(io.StringIO(head, newline=""))
    lines = 0
    # The head may end inside a row.
    with suppress(csv.Error, StopIteration):
        if not _is_header(header := next(rows)):
            return 0
        lines = before = rows.line_num
        for row in rows:
            lines += rows.line_num - before if len(row) == len(header) else 0
            before = rows.line_num
    return lines


def room(head: str, name: str) -> str | None:  # noqa: ARG001 - a CSV does not name its channel
    """Give the server and channel that the file is named after."""
    named = _FILE_NAME.fullmatch(name)
    return named["room"] if named else None


def read(source: Source, skipped: Counter[str]) -> Iterator[Message]:
    """Stream the messages; what is none is counted by reason.

    Raises:
        UnreadableExport: not text, a field too long, a quote that never closes, or no message at all.
    """
    csv.field_size_limit(MAX_FIELD_CHARACTERS)  # process-wide; the only way to raise csv's own 128 KiB
    rows = csv.reader(source.open_text(), strict=True)
    unread = Unread(skipped, unit="line")
    identities = Identities()
    width = 0
    found = False
    while True:
        try:
            for row in rows:
                source.record_line = rows.line_num
                if not row:
                    continue
                if not width and _is_header(row):
                    width = len(row)
                    continue
                try:
                    made = _read(row, width, identities)
                except NotAMessage as why:
                    unread.count(str(why), rows.line_num, ",".join(row))
                    continue
                found = True
                yield made
            break
        except csv.Error as error:
            raise_if_hopeless(error, source.record_line + 1)
            source.record_line = rows.line_num
            unread.count("broken quoting", rows.line_num, "")
        except UnicodeDecodeError as error:
            raise source.undecodable(error, lines=rows.line_num) from None
    if not found:
        raise unread.no_messages(_EXPECTED)


def _read(row: list[str], width: int, identities: Identities) -> Message:
    if len(row) != width:
        raise NotAMessage("wrong number of fields")
    user_id, author, date, text, attachments, _ = row[-len(_COLUMNS) :]
    sent_at = _sent_at(date)
    if not user_id and not author:
        raise NotAMessage("no sender")
    sender = identities.name_of(user_id, author)
    if text:
        kind: Kind = "system" if _OWN.fullmatch(text) else "text"
        return Message(sent_at, sender, text, kind)
    return Message(sent_at, sender, "(attachment)" if attachments else "(message without text)", "media")


def _sent_at(date: str) -> datetime:
    try:
        if old := _OLD_DATE.fullmatch(date):
            day, month, year, hour, minute, half = old.groups()
            hours = int(hour) % 12 + 12 * (half == "P")
            return datetime(2000 + int(year), _MONTHS[month], int(day), hours, int(minute))  # noqa: DTZ001 - local
        if "T" in date:
            return datetime.fromisoformat(date).replace(tzinfo=None)
    except (KeyError, ValueError):
        pass
    raise NotAMessage("unreadable date")


def _is_header(row: list[str]) -> bool:
    return [name.strip("\ufeff ").lower() for name in row] in _HEADERS
