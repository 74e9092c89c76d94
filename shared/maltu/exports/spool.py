"""Messages put aside on disk, for what can only be told at a file's end."""

from __future__ import annotations

import json
import tempfile
from datetime import datetime
from typing import TYPE_CHECKING

from maltu.exports.message import Message

if TYPE_CHECKING:
    from collections.abc import Iterator

IN_MEMORY_BYTES = 1024 * 1024

_PAGE_MESSAGES = 1000
_PAGE_CHARACTERS = 256 * 1024


class Spool:
    """Messages in the order in which they were appended, to be read from either end.

    They are written in pages of about a thousand; what stays in memory is one page and where each starts.
    Use it in ``contextlib.closing``.
    """

    def __init__(self) -> None:
        self._file = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY_BYTES)  # noqa: SIM115 - closed by close()
        self._pages: list[tuple[int, int]] = []
        self._page: list[tuple[str, str, str, str]] = []
        self._characters = 0

    def close(self) -> None:
        """Throw the messages away."""
        self._file.close()

    def append(self, message: Message) -> None:
        """Put one message aside."""
        sent_at, sender, text, kind = message
        self._page.append((sent_at.isoformat(), sender, text, kind))
        self._characters += len(sender) + len(text)
        if len(self._page) >= _PAGE_MESSAGES or self._characters >= _PAGE_CHARACTERS:
            self._write_page()

    def __iter__(self) -> Iterator[Message]:
        self._write_page()
        for page in self._pages:
            yield from self._read_page(*page)

    def __reversed__(self) -> Iterator[Message]:
        self._write_page()
        for page in reversed(self._pages):
            yield from reversed(self._read_page(*page))

    def _write_page(self) -> None:
        if not self._page:
            return
        # ASCII, because a text may hold a surrogate, which UTF-8 cannot.
        page = json.dumps(self._page).encode("ascii")
        start = self._file.seek(0, 2)
        self._file.write(page)
        self._pages.append((start, len(page)))
        self._page.clear()
        self._characters = 0

    def _read_page(self, start: int, size: int) -> list[Message]:
        self._file.seek(start)
        return [
            Message(datetime.fromisoformat(sent_at), sender, text, kind)
            for sent_at, sender, text, kind in json.loads(self._file.read(size))
        ]
