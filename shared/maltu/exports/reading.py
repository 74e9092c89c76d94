"""Finds the reader that understands a file."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, BinaryIO, Protocol

from maltu.errors import UnreadableExport
from maltu.exports import kakaotalk_csv
from maltu.exports.shape import SHOWN_CHARACTERS, shape_of
from maltu.exports.source import Source, not_utf8

if TYPE_CHECKING:
    from collections.abc import Iterator

    from maltu.exports.message import Message


class Messenger(Protocol):
    """What a module that reads one messenger's export offers."""

    @property
    def FORMAT(self) -> str:  # noqa: N802 - a constant of the module
        """The format's name."""
        ...

    def recognises(self, head: str) -> bool:
        """Tell whether a file that starts with ``head`` is this messenger's."""
        ...

    def read(self, source: Source, skipped: Counter[str]) -> Iterator[Message]:
        """Stream the messages in the file's order; count what is skipped by reason."""
        ...


_MESSENGERS: tuple[Messenger, ...] = (kakaotalk_csv,)

_EXPECTED = "Maltu reads the CSV that KakaoTalk for macOS saves, with the columns Date,User,Message"
_SIGNATURES = (
    (b"PK\x03\x04", "a zip archive or an office document"),
    (b"\x89PNG", "a PNG picture"),
    (b"\xff\xd8\xff", "a JPEG picture"),
    (b"%PDF", "a PDF document"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"\xff\xfe", "text in UTF-16; save it as UTF-8"),
    (b"\xfe\xff", "text in UTF-16; save it as UTF-8"),
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


class Reading:
    """An export being read: iterate it once.

    Attributes:
        format: which messenger's, for instance ``kakaotalk-csv``.
        skipped: how many rows were no message, by reason; complete when the iteration has ended.
    """

    def __init__(self, messenger: Messenger, source: Source) -> None:
        self.format = messenger.FORMAT
        self.skipped: Counter[str] = Counter()
        self._messages = messenger.read(source, self.skipped)

    def __iter__(self) -> Iterator[Message]:
        return self._messages


def read_export(stream: BinaryIO, *, name: str) -> Reading:
    """Open an export; its messages are read as they are asked for, in memory that does not grow.

    Args:
        stream: anything with ``read(n)``, for instance an S3 object's body.
        name: the file's name, for error messages.

    Raises:
        UnreadableExport: no reader understands the file; iterating the reading may raise it too.
    """
    source = Source(stream, name=name)
    head = source.head
    text = head.decode(errors="replace")
    if not text.strip():
        raise UnreadableExport(f"{name} is empty. {_EXPECTED}.")
    for signature, what in _SIGNATURES:
        if head.startswith(signature):
            raise UnreadableExport(f"{name} is {what}. {_EXPECTED}.")
    if (at := head.find(0)) >= 0:
        raise UnreadableExport(f"{name} is no text: byte {at} is a NUL. {_EXPECTED}.")
    for messenger in _MESSENGERS:
        if messenger.recognises(text):
            return Reading(messenger, source)
    raise _unrecognised(name, head, text)


def _unrecognised(name: str, head: bytes, text: str) -> UnreadableExport:
    try:
        # The head may end inside a character.
        head.rpartition(b"\n")[0].decode()
    except UnicodeDecodeError as error:
        return not_utf8(error.start, line=1 + head.count(b"\n", 0, error.start))
    lines = tuple(line[:SHOWN_CHARACTERS] for line in text.splitlines() if line.strip())[:_LINES_TO_SHOW]
    columns = [column.strip('" \ufeff') for column in re.split("[,;\t]", lines[0])]
    known = [column.casefold() in _COLUMN_NAMES for column in columns]
    if any(known):
        # What is no column name might be somebody's words.
        shown = (column if ok else shape_of(column) for column, ok in zip(columns, known, strict=True))
        return UnreadableExport(f"{name} has the columns {', '.join(shown)}. {_EXPECTED}.", excerpt=lines)
    shapes = " / ".join(map(shape_of, lines))
    return UnreadableExport(
        f"{name} is no export that is understood. {_EXPECTED}. It starts like this, letters "
        f"replaced: {shapes}",
        excerpt=lines,
    )
