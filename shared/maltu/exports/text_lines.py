"""The lines of a txt export."""

from __future__ import annotations

import codecs
import io
from itertools import chain
from typing import IO, TYPE_CHECKING

from maltu.errors import UnreadableExport
from maltu.exports.source import BLOCK_BYTES, MAX_RECORD_BYTES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from maltu.exports.source import Source

# So small that what it is cut into stays in the processor's cache, and its text is no page fault each time.
_BYTES_AT_ONCE = 16 * 1024


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


def blocks_of(source: Source) -> Iterator[str]:
    """Yield the same lines many at a time, with their ends; only the file's last one may have none.

    Raises:
        UnreadableExport: a line that is not text, or too long.
    """
    decode = codecs.getincrementaldecoder(source.encoding)().decode
    lines = 0
    begun: list[str] = []
    try:
        while block := source.read1(_BYTES_AT_ONCE):
            whole, line_end, rest = decode(block).rpartition("\n")
            if line_end:
                block_of_lines = "".join((*begun, whole, line_end))
                begun = [rest]
                lines += whole.count("\n") + 1
                source.record_line = lines
                yield block_of_lines
            else:
                begun.append(rest)
        begun.append(decode(b"", final=True))
    except UnicodeDecodeError as error:
        raise source.undecodable(error, lines=lines) from None
    if last := "".join(begun):
        yield last


def spooled(spool: IO[str]) -> Iterator[tuple[int, str, str]]:
    """Yield the same of lines that were put aside."""
    for number, line in enumerate(spool, start=1):
        text = line.removesuffix("\n").removesuffix("\r") if line.endswith("\n") else line
        yield number, text, line[len(text) :]


def spooled_blocks(spool: IO[bytes]) -> Iterator[str]:
    """Yield whole lines, many at a time, that were put aside in UTF-8."""
    while block := spool.read(BLOCK_BYTES):
        yield (block + spool.readline()).decode()


def numbered(blocks: Iterable[str], *, above: int = 0) -> Iterator[tuple[int, str, str]]:
    """Yield number, text and end of every line; as many lines stand above."""
    lines = chain.from_iterable(io.StringIO(block, newline="\n") for block in blocks)
    for number, line in enumerate(lines, start=above + 1):
        end = end_of(line)
        yield number, line.removesuffix(end), end


def end_of(lines: str) -> str:
    """Give what ends the last of some lines."""
    if lines.endswith("\n"):
        return "\r\n" if lines.endswith("\r\n") else "\n"
    return ""


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
