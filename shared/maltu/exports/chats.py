"""An account's chats put aside on disk, one behind the other, so that each can be read by itself."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from typing import TYPE_CHECKING

from maltu.errors import UnreadableExport
from maltu.exports.message import InColumns
from maltu.exports.spool import IN_MEMORY_BYTES, decoded, encoded

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from maltu.exports.message import Columns

MAX_CHATS = 4000


@dataclass(frozen=True, slots=True)
class Chat:
    """One of them.

    Attributes:
        title: its name, where it has one.
        start: where its messages start on disk.
        end: where they end.
        messages: how many it has, whatever their kind.
        texts: how many of these are text.
        skipped: how many records were no message, by reason.
    """

    title: str | None
    start: int
    end: int
    messages: int
    texts: int
    skipped: Mapping[str, int]


class Chats:
    """The chats of one file; what stays in memory is where each starts, whatever their length.

    Use it in ``contextlib.closing``.

    Attributes:
        ended: those that are complete, without those that hold nothing.
    """

    def __init__(self) -> None:
        self.ended: list[Chat] = []
        self._file = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY_BYTES)  # noqa: SIM115 - closed by close()
        self._start = self._messages = self._texts = 0

    def close(self) -> None:
        """Throw the messages away."""
        self._file.close()

    def extend(self, columns: Columns) -> None:
        """Put messages of the present chat aside; they are read again as many at a time."""
        self._file.write(encoded(columns) + b"\n")
        self._messages += len(columns.kinds)
        self._texts += columns.kinds.count("text")

    def end(self, title: str | None, skipped: Mapping[str, int]) -> None:
        """End the present chat; ``skipped`` is what of it was no message.

        Raises:
            UnreadableExport: there are too many.
        """
        end = self._file.tell()
        if self._messages or skipped:
            if len(self.ended) == MAX_CHATS:
                raise UnreadableExport(
                    f"The export holds more than {MAX_CHATS:,} chats. Export it again with fewer kinds of "
                    "them: without channels and bots."
                )
            self.ended.append(Chat(title, self._start, end, self._messages, self._texts, skipped))
        self._start = end
        self._messages = self._texts = 0

    def read(self, chat: Chat) -> InColumns:
        """Give a chat's messages; other chats may be read in between, once all have ended."""
        return InColumns(self._columns(chat))

    def _columns(self, chat: Chat) -> Iterator[Columns]:
        at = chat.start
        while at < chat.end:
            self._file.seek(at)
            line = self._file.readline()
            at += len(line)
            yield decoded(line)
