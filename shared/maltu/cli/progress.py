"""How far reading has come, for people who watch a terminal."""

from __future__ import annotations

import io
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path
    from typing import BinaryIO

_SECONDS_BETWEEN = 0.1
_BAR = 30
_CLEAR_LINE = "\r\x1b[K"


@contextmanager
def opened(path: Path, *, doing: str) -> Generator[BinaryIO, None, None]:
    """Open a file to read; on a terminal, standard error shows how far it was read."""
    with path.open("rb") as file:
        if not sys.stderr.isatty():
            yield file
            return
        watched = _Watched(file, path.stat().st_size, f"{doing} {path.name}")
        try:
            yield io.BufferedReader(watched)
        finally:
            sys.stderr.write(_CLEAR_LINE)


class _Watched(io.RawIOBase):
    """A file that draws a bar while it is read."""

    def __init__(self, file: BinaryIO, size: int, label: str) -> None:
        super().__init__()
        self._file = file
        self._size = max(size, 1)
        self._label = label
        self._drawn_at = 0.0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return self._file.seekable()

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        return self._file.tell()

    def readinto(self, buffer: bytearray | memoryview, /) -> int:  # pyright: ignore[reportIncompatibleMethodOverride] - the only buffers that BufferedReader gives
        read = self._file.read(len(buffer))
        buffer[: len(read)] = read
        self._draw()
        return len(read)

    def _draw(self) -> None:
        now = time.monotonic()
        if now - self._drawn_at < _SECONDS_BETWEEN:
            return
        self._drawn_at = now
        part = min(self._file.tell() / self._size, 1)
        bar = "█" * round(part * _BAR)
        sys.stderr.write(f"{_CLEAR_LINE}{self._label} {bar:░<{_BAR}} {part:4.0%}")
        sys.stderr.flush()
