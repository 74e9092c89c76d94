"""Bytes from anywhere, as text lines, in memory that does not grow with the file."""

from __future__ import annotations

import codecs
import io
import re
from collections import Counter
from typing import TYPE_CHECKING, Protocol

from maltu.errors import UnreadableExport
from maltu.exports.encodings import encoding_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from typing import BinaryIO, Literal

BLOCK_BYTES = 64 * 1024
MAX_RECORD_BYTES = 8 * 1024 * 1024
MAX_RECORD_LINES = 64 * 1024

_BREAK = re.compile(r"\r\n?|\n")
_NAMES = {"utf-8": "UTF-8", "utf-16-le": "UTF-16", "utf-16-be": "UTF-16", "cp949": "CP949"}


class _Readable(Protocol):
    def read(self, size: int, /) -> bytes: ...


def read_fully(stream: _Readable, size: int, *, first: bytes = b"") -> bytes:
    """Read until there are ``size`` bytes, ``first`` included, or no more."""
    block = first or stream.read(size)
    if len(block) >= size:
        return block
    read = bytearray(block)
    while len(read) < size and (more := stream.read(size - len(read))):
        read += more
    return bytes(read)


def line_breaks(text: str) -> int:
    """Count what ends a line."""
    return len(_BREAK.findall(text)) if "\r" in text else text.count("\n")


def lines_of(row: Iterable[str]) -> int:
    """Count the lines that a CSV's row takes in the file."""
    return 1 + sum(map(line_breaks, row))


class Source(io.BufferedIOBase):
    """The object under an ``io.TextIOWrapper``: checks what it hands out, and stops a runaway record.

    A record (a row with all its line breaks) must be held in memory as a whole, so a quote that never
    closes would load the rest of the file. The reader therefore sets ``record_line`` after every record,
    and a source that has handed out ``MAX_RECORD_BYTES`` without seeing it change gives up.

    Attributes:
        name: the file's.
        encoding: ``utf-8``, ``utf-16-le``, ``utf-16-be`` or ``cp949``, told from the first block.
        record_line: how many lines the records take that have been read; the reader sets it.
        read_since: the rows read since then, where the reader reads many at once; it grows with each.
        doubtful: records that might as well be part of the one before, by reason; the reader counts them.
        room: the room's title, where only the end of the file has it; the reader sets it.
        goes_back: whether the bytes can be read again.
    """

    def __init__(
        self,
        stream: BinaryIO,
        *,
        name: str,
        first: bytes = b"",
        close: Callable[[], None] | None = None,
    ) -> None:
        """Read the first block.

        Args:
            stream: what is read.
            name: the file's.
            first: what was taken from the stream before.
            close: closes the stream, if that is for the source to do.
        """
        super().__init__()
        self.name = name
        self.record_line = 0
        self.read_since: Sequence[Sequence[str]] = ()
        self.doubtful: Counter[str] = Counter()
        self.room: str | None = None
        self._stream = stream
        self.goes_back: bool = getattr(stream, "seekable", bool)()
        self._start = stream.tell() - len(first) if self.goes_back else 0
        self._close = close
        self._block = read_fully(stream, BLOCK_BYTES, first=first)
        self.encoding, self._taken = encoding_of(self._block, whole=len(self._block) < BLOCK_BYTES)
        self._handed_out = self._taken
        self._read_at_last_block = (0, 0)
        self._bytes_in_record = 0

    @property
    def line(self) -> int:
        """How many lines the records take that have been read, the latest included."""
        return self.record_line + sum(map(lines_of, self.read_since))

    @property
    def head(self) -> bytes:
        """The first block, its byte order mark left out; meant to be read before the text is opened."""
        return self._block[self._taken :]

    @property
    def head_text(self) -> str:
        """What ``head`` says; what cannot be decoded is replaced, a last character cut in two is left out."""
        return codecs.getincrementaldecoder(self.encoding)("replace").decode(self.head)

    def open_text(self, *, newline: Literal["", "\n"] = "") -> io.TextIOWrapper:
        r"""Open the lines; what ends them is handed on as it is.

        Args:
            newline: where lines end: at LF, CR and CRLF alike, or at LF only.
        """
        return io.TextIOWrapper(self, encoding=self.encoding, newline=newline)

    def from_its_start(self) -> Source:
        """Open the same bytes again, if they can be; this source is not read any more."""
        self._stream.seek(self._start)
        return Source(self._stream, name=self.name)

    def endless(self) -> UnreadableExport:
        """Say that a record has more than ``MAX_RECORD_LINES``, as no message has."""
        return UnreadableExport(
            f"The message that starts at line {self.record_line + 1} does not end within "
            f"{MAX_RECORD_LINES:,} lines: what follows it is no export, or is damaged."
        )

    def undecodable(self, error: UnicodeDecodeError, *, lines: int) -> UnreadableExport:
        """Say where the file stops being text, and what to do; ``lines`` were read before."""
        readable = error.object[: error.start].decode(self.encoding, errors="replace")
        return UnreadableExport(
            f"Byte {self.locate(error)} (line {1 + lines + readable.count(chr(10))}) is not "
            f"{_NAMES[self.encoding]}. Open the file in an editor, save it as UTF-8 and drop it again."
        )

    def locate(self, error: UnicodeDecodeError) -> int:
        """Give the offset in the file, in bytes, of what could not be decoded."""
        return self._handed_out - len(error.object) + error.start

    def close(self) -> None:
        """Close the stream if that is for the source to do; ``io`` calls this when nobody reads any more."""
        if not self.closed and self._close:
            self._close()
        super().close()

    def readable(self) -> bool:
        """Tell ``io.TextIOWrapper`` that this may be read."""
        return True

    def read1(self, size: int = -1, /) -> bytes:
        """Read up to ``size`` bytes; empty at the end."""
        if self._taken >= len(self._block):
            self._block = self._stream.read(BLOCK_BYTES)
            self._taken = 0
            self._check_block()
        start = self._taken
        end = len(self._block) if size < 0 else min(start + size, len(self._block))
        self._taken = end
        self._handed_out += end - start
        return self._block[start:end]

    def read(self, size: int | None = -1, /) -> bytes:
        """Read up to ``size`` bytes; ``io.TextIOWrapper`` does not need more."""
        return self.read1(-1 if size is None else size)

    def _check_block(self) -> None:
        if not self.encoding.startswith("utf-16") and (at := self._block.find(0)) >= 0:
            raise UnreadableExport(
                f"Byte {self._handed_out + at} is a NUL, after line {self.line}: the file is damaged "
                "or no text. Export the chat again."
            )
        if (read := (self.record_line, len(self.read_since))) != self._read_at_last_block:
            self._read_at_last_block = read
            self._bytes_in_record = 0
        self._bytes_in_record += len(self._block)
        if self._bytes_in_record > MAX_RECORD_BYTES:
            raise UnreadableExport(
                f"The record that starts at line {self.line + 1} does not end within "
                f"{MAX_RECORD_BYTES:,} bytes: a quote may open there that never closes."
            )
