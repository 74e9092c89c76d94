"""What every export is made of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

Kind = Literal["text", "media", "system", "deleted"]


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


# What Message(...) calls, without the call in between, for a reader's loop.
# pyright sees tuple's own type variables.
unchecked_message: Callable[  # pyright: ignore[reportUnknownVariableType]
    [type[Message], tuple[datetime, str, str, Kind]], Message
] = tuple.__new__
