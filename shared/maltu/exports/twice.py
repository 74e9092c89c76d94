"""A txt export's lines twice, for what only all of them tell."""

from __future__ import annotations

import tempfile
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING

from maltu.exports.spool import IN_MEMORY_BYTES
from maltu.exports.text_lines import blocks_of, spooled_blocks

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from maltu.exports.source import Source


@contextmanager
def blocks_twice(source: Source) -> Generator[tuple[Iterator[str], Iterator[str]]]:
    """Give the lines as ``blocks_of`` yields them, and once more, to be read when the first are at their end.

    They are read from the source again. What cannot go back, a pipe, is put aside on disk.
    """
    if source.goes_back:
        yield blocks_of(source), _again(source)
        return
    with tempfile.SpooledTemporaryFile(max_size=IN_MEMORY_BYTES) as spool:
        yield _put_aside(source, spool), _from(spool)


def _again(source: Source) -> Iterator[str]:
    yield from blocks_of(source.from_its_start())


def _put_aside(source: Source, spool: IO[bytes]) -> Iterator[str]:
    for lines in blocks_of(source):
        # What was decoded can be encoded.
        spool.write(lines.encode())
        yield lines


def _from(spool: IO[bytes]) -> Iterator[str]:
    spool.seek(0)
    yield from spooled_blocks(spool)
