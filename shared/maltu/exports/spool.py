"""Messages put aside on disk, for what can only be told at a file's end."""

from __future__ import annotations

import json
import tempfile
from datetime import datetime
from itertools import chain
from typing import TYPE_CHECKING, Any

from maltu.exports.message import Columns

if TYPE_CHECKING:
    from collections.abc import Iterator

IN_MEMORY_BYTES = 1024 * 1024

_encode = json.JSONEncoder(ensure_ascii=False).encode

_PAGE_MESSAGES = 1000
_PAGE_CHARACTERS = 64 * 1024


class Spool:
    """Messages in the order in which they were appended, to be read from either end.

    They are written in pages of about a thousand; what stays in memory is one page and where each starts.
    Use it in ``contextlib.closing``.
    """

    def __init__(self) -> None:
        self._file = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY_BYTES)  # noqa: SIM115 - closed by close()
        self._pages: list[tuple[int, int]] = []
        self._page: tuple[list[Any], ...] = ([], [], [], [])
        self._characters = 0

    def close(self) -> None:
        """Throw the messages away."""
        self._file.close()

    def extend(self, columns: Columns) -> None:
        """Put messages aside."""
        for page, column in zip(self._page, columns, strict=True):
            page.extend(column)
        self._characters += sum(map(len, chain(columns.senders, columns.texts)))
        if len(self._page[0]) >= _PAGE_MESSAGES or self._characters >= _PAGE_CHARACTERS:
            self._write_page()

    def __iter__(self) -> Iterator[Columns]:
        self._write_page()
        for page in self._pages:
            yield self._read_page(*page)

    def __reversed__(self) -> Iterator[Columns]:
        self._write_page()
        for page in reversed(self._pages):
            yield Columns._make(column[::-1] for column in self._read_page(*page))

    def _write_page(self) -> None:
        if not self._page[0]:
            return
        page = encoded(Columns(*self._page))
        start = self._file.seek(0, 2)
        self._file.write(page)
        self._pages.append((start, len(page)))
        self._page = ([], [], [], [])
        self._characters = 0

    def _read_page(self, start: int, size: int) -> Columns:
        self._file.seek(start)
        return decoded(self._file.read(size))


def encoded(columns: Columns) -> bytes:
    """Give messages as one line of JSON, without its end."""
    sent_at, *rest = columns
    return _encode((list(map(datetime.isoformat, sent_at)), *rest)).encode()


def decoded(line: bytes) -> Columns:
    """Read what ``encoded`` gave."""
    sent_at, senders, texts, kinds = json.loads(line)
    return Columns(list(map(datetime.fromisoformat, sent_at)), senders, texts, kinds)
