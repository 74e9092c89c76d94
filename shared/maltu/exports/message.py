"""What every export is made of."""

from __future__ import annotations

from functools import partial
from itertools import chain, islice
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Protocol, cast, runtime_checkable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from datetime import datetime

Kind = Literal["text", "media", "system", "deleted"]

# So many that what a batch costs beside its messages does not count, so few that they are soon forgotten.
MESSAGES_AT_ONCE = 256


class Message(NamedTuple):
    """One message of a room.

    A tuple, because a file has hundreds of thousands and making them is where the reader's time goes.

    Attributes:
        sent_at: naive local time, as exact as the export has it.
        sender: the name as it stands in the export; empty where the messenger itself speaks.
        text: to the letter; the messenger's placeholder where ``kind`` is ``media``.
        kind: who or what speaks.
    """

    sent_at: datetime
    sender: str
    text: str
    kind: Kind


# What Message(...) calls, without the call in between: a file has a million messages.
# pyright sees tuple's own type variables.
_new_message: Callable[  # pyright: ignore[reportUnknownVariableType]
    [tuple[datetime, str, str, Kind]], Message
] = partial(tuple.__new__, Message)


class Columns(NamedTuple):
    """Some of a room's messages, one or more, as columns: a column costs a fraction of what its rows do."""

    sent_at: Sequence[datetime]
    senders: Sequence[str]
    texts: Sequence[str]
    kinds: Sequence[Kind]


class InColumns:
    """Messages that are made many at a time, to be read once: in columns, or one by one."""

    def __init__(self, batches: Iterator[Columns]) -> None:
        self._batches = batches
        # A file has a million messages: none of them resumes a generator.
        self._messages = chain.from_iterable(map(_rows_of, batches))

    def __iter__(self) -> Iterator[Message]:
        return self._messages

    def columns(self) -> Iterator[Columns]:
        """Give the messages in batches of about ``MESSAGES_AT_ONCE``."""
        return self._batches


@runtime_checkable
class _Columnar(Protocol):
    def columns(self) -> Iterator[Columns]: ...


def columns_of(messages: Iterable[Message]) -> Iterator[Columns]:
    """Give messages in columns, as they were made or in batches of ``MESSAGES_AT_ONCE``."""
    return messages.columns() if isinstance(messages, _Columnar) else _transposed(iter(messages))


def _transposed(messages: Iterator[Message]) -> Iterator[Columns]:
    while some := list(islice(messages, MESSAGES_AT_ONCE)):
        yield transposed(some)


def transposed(messages: Sequence[Message]) -> Columns:
    """Give some messages, one or more, as columns."""
    return Columns._make(cast("Iterator[Any]", zip(*messages, strict=True)))


def _rows_of(columns: Columns) -> Iterator[Message]:
    return map(_new_message, zip(*columns, strict=True))
