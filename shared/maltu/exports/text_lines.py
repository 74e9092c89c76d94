"""The lines of a txt export."""

from __future__ import annotations

from typing import IO, TYPE_CHECKING

from maltu.errors import UnreadableExport
from maltu.exports.source import MAX_RECORD_BYTES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from maltu.exports.source import Source


def lines_of(source: Source) -> Iterator[tuple[int, str, str]]:
    r"""Yield every line's number, text and end: ``\n``, ``\r\n``, or nothing at the file's end.

    Raises:
        UnreadableExport: a line that is not text, or too long.
    """
    number = 0
    try:
        # A lone carriage return ends no line: it is somebody's text.
        for number, line in enumerate(source.open_text(newline="\n"), start=1):
            source.record_line = number
            text = line.removesuffix("\n").removesuffix("\r") if line.endswith("\n") else line
            yield number, text, line[len(text) :]
    except UnicodeDecodeError as error:
        raise source.undecodable(error, lines=number) from None


def spooled(spool: IO[str]) -> Iterator[tuple[int, str, str]]:
    """Yield the same of lines that were put aside."""
    for number, line in enumerate(spool, start=1):
        text = line.removesuffix("\n").removesuffix("\r") if line.endswith("\n") else line
        yield number, text, line[len(text) :]


def too_long(characters: int, line: int) -> None:
    """Give up on a message that goes on and on: it is held in memory as a whole.

    Raises:
        UnreadableExport: it has more characters than a record may have.
    """
    if characters > MAX_RECORD_BYTES:
        raise UnreadableExport(
            f"The message before line {line} has over {MAX_RECORD_BYTES:,} characters: the lines there are "
            "no messages. Export the chat again."
        )
