"""A CSV's bytes, block by block: for whoever can read many rows at once, and for the csv module as lines."""

from __future__ import annotations

import codecs
import io
from itertools import chain
from typing import TYPE_CHECKING

from maltu.exports.source import read_fully

if TYPE_CHECKING:
    from collections.abc import Iterator

    from maltu.exports.source import Source

# So small that what it is split into stays in the processor's cache, and its text is no page fault each time.
BLOCK_BYTES = 64 * 1024


class Blocks:
    """What of a CSV has not been read yet, from the start of a record on; UTF-8, whatever the file is in.

    Attributes:
        unread: the next bytes.
        taken_lines: how many lines ``take`` has taken.
    """

    def __init__(self, source: Source) -> None:
        self.unread = b""
        self.taken_lines = 0
        self._source = source
        self._decode = codecs.getincrementaldecoder(source.encoding)().decode
        self._text = io.StringIO()
        self._ended = False

    def fill(self) -> bytes:
        """Give about a block of what is unread; less at the file's end.

        Raises:
            UnicodeDecodeError: of all that is unread and of what cannot be decoded behind it.
        """
        # What the csv module was given and has not asked for.
        if given := self._text.read():
            self.unread = given.encode() + self.unread
        if len(self.unread) < BLOCK_BYTES:
            self._read()
        return self.unread

    def take(self, size: int, *, lines: int) -> None:
        """Take the first ``size`` bytes, which were read and are so many lines."""
        self.unread = self.unread[size:]
        self.taken_lines += lines

    def lines(self) -> Iterator[str]:
        """Give the lines, with their ends, as the csv module reads them: no line is taken before it asks."""
        return chain.from_iterable(self._texts())

    def _texts(self) -> Iterator[io.StringIO]:
        while text := self._whole_lines():
            self._text = io.StringIO(text, newline="")
            yield self._text

    def _whole_lines(self) -> str:
        if not self.unread:
            self._read()
        end = _end_of_lines(self.unread)
        while not end and not self._ended:
            before = len(self.unread)
            self._read()
            end = _end_of_lines(self.unread, max(before - 1, 0))
        end = len(self.unread) if self._ended else end
        try:
            text = self.unread[:end].decode()
        except UnicodeDecodeError as error:
            raise _located(error, self.unread) from None
        self.unread = self.unread[end:]
        return text

    def _read(self) -> None:
        block = read_fully(self._source, BLOCK_BYTES)
        self._ended = len(block) < BLOCK_BYTES
        self.unread += block if self._source.encoding == "utf-8" else self._recoded(block)

    def _recoded(self, block: bytes) -> bytes:
        try:
            return self._decode(block, final=self._ended).encode()
        except UnicodeDecodeError as error:
            before = self.unread.decode().encode(self._source.encoding)
            raise _located(error, before + error.object, len(before)) from None


def _located(error: UnicodeDecodeError, unread: bytes, before: int = 0) -> UnicodeDecodeError:
    return UnicodeDecodeError(error.encoding, unread, before + error.start, before + error.end, error.reason)


def _end_of_lines(block: bytes, start: int = 0) -> int:
    """Find where the last whole line ends; 0 where none does. A line feed may follow a last CR."""
    return max(block.rfind(b"\n", start), block.rfind(b"\r", start, -1)) + 1
