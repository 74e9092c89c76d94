"""Makes a JSON document's records into messages, as many at a time as were read at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from maltu.exports.json_stream import record_start, string_of
from maltu.exports.message import Columns, Message
from maltu.exports.unread import NotAMessage, Unread

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Callable, Iterator, Sequence

    from maltu.errors import UnreadableExport


class Records:
    """Makes messages, and counts by reason and number what is none.

    Attributes:
        found: whether any record was a message.
    """

    def __init__(self, read: Callable[[object], Message], skipped: Counter[str]) -> None:
        """Make each record what ``read`` makes of it, unless that raises ``NotAMessage``."""
        self.found = False
        self._read = read
        self._unread = Unread(skipped, unit="message")
        self._number = 0

    def columns(self, records: Sequence[object]) -> Iterator[Columns]:
        """Give the messages among the records, if there are any; half a surrogate pair becomes U+FFFD."""
        read = self._read
        messages: list[Message] = []
        for number, record in enumerate(records, start=self._number + 1):
            try:
                messages.append(read(record))
            except NotAMessage as why:
                self._unread.count(str(why), number, record_start(record))
        self._number += len(records)
        if messages:
            self.found = True
            columns = Columns._make(cast("Iterator[Any]", zip(*messages, strict=True)))
            yield columns._replace(texts=_strings_of(columns.texts))

    def no_messages(self, expected: str) -> UnreadableExport:
        """Say that there was no message; ``expected`` is a sentence on what one looks like."""
        return self._unread.no_messages(expected)


def _strings_of(texts: Sequence[str]) -> Sequence[str]:
    try:
        "".join(texts).encode()
    except UnicodeEncodeError:
        return [string_of(text) for text in texts]
    return texts
