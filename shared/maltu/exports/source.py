"""Bytes from anywhere, as text lines, in memory that does not grow with the file."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from maltu.errors import UnreadableExport

if TYPE_CHECKING:
    from typing import BinaryIO

BLOCK_BYTES = 64 * 1024
MAX_RECORD_BYTES = 8 * 1024 * 1024

_BOM = b"\xef\xbb\xbf"


def not_utf8(offset: int, *, line: int) -> UnreadableExport:
    """Say where a file stops being UTF-8, and what to do."""
    return UnreadableExport(
        f"Byte {offset} (line {line}) is not UTF-8. Open the file in an editor, save it as UTF-8 "
        "and drop it again."
    )


class Source(io.BufferedIOBase):
    """The object under an ``io.TextIOWrapper``: checks what it hands out, and stops a runaway record.

    A record (a row with all its line breaks) must be held in memory as a whole, so a quote that never
    closes would load the rest of the file. The reader therefore sets ``record_line`` after every record,
    and a source that has handed out ``MAX_RECORD_BYTES`` without seeing it change gives up.
    """

    def __init__(self, stream: BinaryIO, *, name: str) -> None:
        super().__init__()
        self.name = name
        self.record_line = 0
        self._stream = stream
        self._block = self._read_head()
        self._taken = len(_BOM) if self._block.startswith(_BOM) else 0
        self._handed_out = self._taken
        self._line_at_last_block = 0
        self._bytes_in_record = 0

    @property
    def head(self) -> bytes:
        """The first block, its byte order mark left out; meant to be read before the text is opened."""
        return self._block[self._taken :]

    def open_text(self) -> io.TextIOWrapper:
        """Open the lines; row ends and line breaks inside a field are handed on as they are."""
        return io.TextIOWrapper(self, encoding="utf-8", newline="")

    def locate(self, error: UnicodeDecodeError) -> int:
        """Give the offset in the file, in bytes, of what could not be decoded."""
        return self._handed_out - len(error.object) + error.start

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

    def _read_head(self) -> bytes:
        head = bytearray()
        while len(head) < BLOCK_BYTES and (more := self._stream.read(BLOCK_BYTES - len(head))):
            head += more
        return bytes(head)

    def _check_block(self) -> None:
        if (at := self._block.find(0)) >= 0:
            raise UnreadableExport(
                f"Byte {self._handed_out + at} is a NUL, after line {self.record_line}: the file is damaged "
                "or no text. Export the chat again."
            )
        if self.record_line != self._line_at_last_block:
            self._line_at_last_block = self.record_line
            self._bytes_in_record = 0
        self._bytes_in_record += len(self._block)
        if self._bytes_in_record > MAX_RECORD_BYTES:
            raise UnreadableExport(
                f"The row that starts at line {self.record_line + 1} does not end within "
                f"{MAX_RECORD_BYTES:,} bytes: a quote may open there that never closes."
            )
