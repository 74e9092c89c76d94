"""Makes a JSON document's records into messages, as many at a time as were read at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from maltu.exports.json_stream import record_start, string_of
from maltu.exports.message import transposed
from maltu.exports.unread import NotAMessage, Unread

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Callable, Iterator, Sequence

    from maltu.errors import UnreadableExport
    from maltu.exports.identities import Identities
    from maltu.exports.message import Columns, Message


class Records:
    """Makes messages, and counts by reason and number what is none.

    Attributes:
        found: whether any record was a message.
    """

    def __init__(self, read: Callable[[dict[str, object]], Message], skipped: Counter[str]) -> None:
        """Make each object what ``read`` makes of it, unless that raises ``NotAMessage``."""
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
                messages.append(read(object_of(record, "no object")))
            except NotAMessage as why:
                self._unread.count(str(why), number, record_start(record))
        self._number += len(records)
        if messages:
            self.found = True
            columns = transposed(messages)
            yield columns._replace(texts=_strings_of(columns.texts))

    def no_messages(self, expected: str) -> UnreadableExport:
        """Say that there was no message; ``expected`` is a sentence on what one looks like."""
        return self._unread.no_messages(expected)


def object_of(value: object, otherwise: str) -> dict[str, object]:
    """Give a value that is an object; raise ``NotAMessage``, with that for a reason, where it is none."""
    if not isinstance(value, dict):
        raise NotAMessage(otherwise)
    return cast("dict[str, object]", value)


def sender_of(identities: Identities, user_id: object, *names: object) -> str:
    """Give the name of whoever has an id, the first of some names where it is new.

    Raises:
        NotAMessage: there is neither an id nor a name.
    """
    # Nearly every id has been met.
    if isinstance(user_id, str) and (known := identities.names.get(user_id)) is not None:
        return known
    user_id = string_of(user_id)
    name = next((name for name in map(string_of, names) if name), "")
    if not user_id and not name:
        raise NotAMessage("no sender")
    return identities.name_of(user_id, name)


def _strings_of(texts: Sequence[str]) -> Sequence[str]:
    try:
        "".join(texts).encode()
    except UnicodeEncodeError:
        return [string_of(text) for text in texts]
    return texts
