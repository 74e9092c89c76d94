"""Finds the reader that understands a file."""

from __future__ import annotations

import re
from collections import Counter
from itertools import islice
from typing import TYPE_CHECKING, BinaryIO, Protocol

from maltu.errors import UnreadableExport
from maltu.exports import (
    archive,
    discord_csv,
    discord_json,
    instagram,
    kakaotalk_android,
    kakaotalk_csv,
    kakaotalk_ios,
    kakaotalk_windows,
    line,
    telegram,
    whatsapp,
)
from maltu.exports.message import columns_of
from maltu.exports.other_files import medium_of, told_by_start, told_by_text, told_of_page
from maltu.exports.shape import SHOWN_CHARACTERS, shape_of
from maltu.exports.source import Source, read_fully

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from maltu.exports.chats import Chats
    from maltu.exports.message import Columns, Message


class Messenger(Protocol):
    """What a module that reads one messenger's export offers."""

    @property
    def FORMAT(self) -> str:  # noqa: N802 - a constant of the module
        """The format's name."""
        ...

    @property
    def CUTS_AT(self) -> int | None:  # noqa: N802 - same
        """After how many characters the messenger cuts a message when it exports it; None if it does not."""
        ...

    def score(self, head: str) -> int:
        """Count the records that anchored patterns find in a file's first 64 KiB; 0: not this format."""
        ...

    def room(self, head: str, name: str) -> str | None:
        """Give the room's title, from the file's header or its name."""
        ...

    def read(self, source: Source, skipped: Counter[str]) -> Iterable[Message]:
        """Stream the messages in the file's order; count what is skipped by reason.

        Sets ``source.record_line`` after every record.
        """
        ...


class Account(Messenger, Protocol):
    """What such a module offers beside where a messenger exports all chats of an account in one file."""

    def is_account(self, head: str) -> bool:
        """Tell from a file's first 64 KiB whether it may hold several chats."""
        ...

    def read_account(self, source: Source) -> Chats:
        """Put the file's chats aside, to be read one by one and closed."""
        ...


_MESSENGERS: tuple[Messenger, ...] = (
    kakaotalk_csv,
    kakaotalk_windows,
    kakaotalk_android,
    kakaotalk_ios,
    whatsapp,
    telegram,
    discord_json,
    discord_csv,
    instagram,
    line,
)
_ACCOUNTS: tuple[Account, ...] = (telegram,)

_EXPECTED = (
    "Maltu reads what KakaoTalk exports: the CSV of macOS, with the columns Date,User,Message, and the text "
    "of Windows, Android and iOS; the text of WhatsApp and LINE; the JSON of Telegram and Instagram; the "
    "JSON and CSV of DiscordChatExporter"
)
_COLUMN_NAMES = frozenset(
    (
        *(
            "date",
            "time",
            "datetime",
            "timestamp",
            "user",
            "username",
            "name",
            "sender",
            "author",
            "from",
            "to",
        ),
        *("message", "messages", "text", "content", "body", "id", "type", "room", "channel", "attachments"),
        *(
            "날짜",
            "시간",
            "일시",
            "유저",
            "사용자",
            "이름",
            "보낸사람",
            "작성자",
            "메시지",
            "내용",
            "대화내용",
        ),
    )
)
_LINES_TO_SHOW = 3
# Of a title, a date and empty ones, a header has fewer.
_LINES_ABOVE_RECORDS = 20


class Reading:
    """An export being read: iterate it once, message by message or in columns.

    Attributes:
        format: which messenger's, for instance ``kakaotalk-csv``.
        cuts_at: a message this long was cut by the messenger; None where it cuts none.
        skipped: how many rows were no message, by reason; complete when the iteration has ended.
        doubtful: how many messages might be part of the one before, by reason; complete likewise.
    """

    def __init__(self, messenger: Messenger, source: Source) -> None:
        self.format = messenger.FORMAT
        self._room = messenger.room(source.head_text, source.name.rpartition("/")[2])
        self._source = source
        self.cuts_at = messenger.CUTS_AT
        self.skipped: Counter[str] = Counter()
        self.doubtful = source.doubtful
        self._messages = messenger.read(source, self.skipped)

    @property
    def room(self) -> str | None:
        """The room's title, where the export or its file's name has it; some have it at their end only."""
        return self._source.room or self._room

    def __iter__(self) -> Iterator[Message]:
        return iter(self._messages)

    def columns(self) -> Iterator[Columns]:
        """Give the messages many at a time."""
        return columns_of(self._messages)


def read_export(stream: BinaryIO, *, name: str) -> Reading:
    """Open an export; its messages are read as they are asked for, in memory that does not grow.

    Args:
        stream: anything with ``read(n)``, for instance an S3 object's body; a zip may hold the export.
        name: the file's name, for error messages.

    Raises:
        UnreadableExport: no reader understands the file; iterating the reading may raise it too.
    """
    first = read_fully(stream, len(archive.SIGNATURE))
    if first == archive.SIGNATURE:
        source = archive.open_archive(stream, name=name, first=first, is_export=is_export)
    else:
        source = Source(stream, name=name, first=first)
    return read_source(source)


def read_source(source: Source) -> Reading:
    """Open an export whose first block was read.

    Raises:
        UnreadableExport: no reader understands it; iterating the reading may raise it too.
    """
    name = source.name
    head, text = source.head, source.head_text
    if not text.strip():
        raise UnreadableExport(f"{name} is empty. {_EXPECTED}.")
    if said := told_by_start(head, name) or told_of_page(text):
        raise UnreadableExport(f"{name} {said}")
    if what := medium_of(head):
        raise UnreadableExport(f"{name} is {what}. {_EXPECTED}.")
    if not source.encoding.startswith("utf-16") and (at := head.find(0)) >= 0:
        raise UnreadableExport(f"{name} is no text: byte {at} is a NUL. {_EXPECTED}.")
    return Reading(_messenger_of(name, text), source)


def is_export(source: Source) -> bool:
    """Tell whether a text has records of some messenger's at its start."""
    text = source.head_text
    return any(messenger.score(text) for messenger in _MESSENGERS)


def account_in(source: Source) -> Account | None:
    """Tell which messenger's export of a whole account a text is; None where it is no such thing."""
    text = source.head_text
    return next((messenger for messenger in _ACCOUNTS if messenger.is_account(text)), None)


def _messenger_of(name: str, text: str) -> Messenger:
    scores = [(messenger.score(text), messenger) for messenger in _MESSENGERS]
    best = max(score for score, _ in scores)
    likely = [messenger for score, messenger in scores if score == best]
    if not best or len(likely) > 1:
        raise _unrecognised(name, text, like=[messenger.FORMAT for messenger in likely] if best else [])
    # What a text quotes may outnumber the records of its own kind.
    first = _of_first_record(text)
    most = max((score for score, messenger in scores if messenger in first), default=0)
    of_first = [messenger for score, messenger in scores if messenger in first and score == most]
    return of_first[0] if len(of_first) == 1 else likely[0]


def _of_first_record(text: str) -> list[Messenger]:
    """Give whose the first record may be."""
    for line_end in islice(re.finditer("\n", text), _LINES_ABOVE_RECORDS):
        start = text[: line_end.end()]
        if found := [messenger for messenger in _MESSENGERS if messenger.score(start)]:
            return found
    return []


def _unrecognised(name: str, text: str, *, like: list[str]) -> UnreadableExport:
    lines = tuple(line[:SHOWN_CHARACTERS] for line in text.splitlines() if line.strip())[:_LINES_TO_SHOW]
    columns = [column.strip('" \ufeff') for column in re.split("[,;\t]", lines[0])]
    known = [column.casefold() in _COLUMN_NAMES for column in columns]
    if any(known):
        # What is no column name might be somebody's words.
        shown = (column if ok else shape_of(column) for column, ok in zip(columns, known, strict=True))
        return UnreadableExport(f"{name} has the columns {', '.join(shown)}. {_EXPECTED}.", excerpt=lines)
    if said := told_by_text(text):
        return UnreadableExport(f"{name} {said}", excerpt=lines)
    shapes = " / ".join(map(shape_of, lines))
    why = f"may be {' or '.join(like)} alike" if like else "is no export that is understood"
    return UnreadableExport(
        f"{name} {why}. {_EXPECTED}. It starts like this, letters replaced: {shapes}",
        excerpt=lines,
    )
