"""What each side of a conversation said, in columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import compress, pairwise
from typing import TYPE_CHECKING, NamedTuple, TypeVar, overload

if TYPE_CHECKING:
    from datetime import datetime, timedelta


_T = TypeVar("_T")


class Turn(NamedTuple):
    """Everything that one side said in a row.

    Attributes:
        persona: whether the persona speaks; everybody else is the user's side.
        text: the messages' texts, joined by a line feed.
        started_at: when the first message was sent.
        ended_at: when the last one was.
        messages: how many there are; 0 in the empty turn of a user to whom the persona speaks first.
        whole: false where the export cut one of the messages short.
    """

    persona: bool
    text: str
    started_at: datetime
    ended_at: datetime
    messages: int
    whole: bool = True


@dataclass(slots=True)  # not frozen, which would make it in thrice the time
class Turns(Sequence[Turn]):
    """Turns that alternate, one or more: a dataset has a million, and columns cost less than tuples.

    Attributes:
        persona_first: whether the persona speaks first.
        texts: each turn's messages, joined by a line feed.
        whole: for each turn 1, or 0 where the export cut one of the messages short.
        bounds: where in ``sent_at`` each turn starts; and at last, where the last one ends.
        sent_at: when each message was sent, perhaps more than those of these turns.
        tokens: what each turn's text costs; empty before it was counted.
        together: what all of them cost; None before it was counted.
    """

    persona_first: bool
    texts: list[str]
    whole: bytes
    bounds: list[int]
    sent_at: Sequence[datetime]
    tokens: Sequence[int] = ()
    together: int | None = None

    def __len__(self) -> int:
        return len(self.texts)

    @overload
    def __getitem__(self, at: int, /) -> Turn: ...
    @overload
    def __getitem__(self, at: slice, /) -> Turns: ...
    def __getitem__(self, at: int | slice, /) -> Turn | Turns:
        """Give one turn, or some that follow each other."""
        if isinstance(at, slice):
            start, end, _ = at.indices(len(self.texts))
            return Turns(
                self.is_persona(start),
                self.texts[start:end],
                self.whole[start:end],
                self.bounds[start : end + 1],
                self.sent_at,
                self.tokens[start:end],
            )
        at = range(len(self.texts))[at]
        return Turn(
            persona=self.is_persona(at),
            text=self.texts[at],
            started_at=self.started_at(at),
            ended_at=self.ended_at(at),
            messages=self.messages(at),
            whole=bool(self.whole[at]),
        )

    def is_persona(self, at: int) -> bool:
        """Tell who speaks in a turn."""
        return self.persona_first is (at % 2 == 0)

    def of_persona(self, column: Sequence[_T]) -> Sequence[_T]:
        """Give what a column has of the persona's turns."""
        return column[not self.persona_first :: 2]

    def messages(self, at: int) -> int:
        """How many messages a turn has."""
        return self.bounds[at + 1] - self.bounds[at]

    def started_at(self, at: int) -> datetime:
        """When the first message of a turn was sent."""
        return self.sent_at[self.bounds[at]]

    def ended_at(self, at: int) -> datetime:
        """When the last message of a turn was sent."""
        return self.sent_at[max(self.bounds[at + 1] - 1, self.bounds[at])]

    def pause_before(self, at: int) -> timedelta:
        """How long nobody wrote before a turn that is not the first; never negative."""
        return abs(self.started_at(at) - self.ended_at(at - 1))

    def counted(self, tokens: Sequence[int]) -> Turns:
        """Say what each turn's text costs."""
        return Turns(self.persona_first, self.texts, self.whole, self.bounds, self.sent_at, tokens)

    def opened(self) -> Turns:
        """Let the user's side say nothing before the first turn, which is the persona's."""
        return Turns(
            False,  # noqa: FBT003 - the first column
            ["", *self.texts],
            b"\1" + self.whole,
            [self.bounds[0], *self.bounds],
            self.sent_at,
            self.tokens and [0, *self.tokens],
        )


def turns_of(sent_at: Sequence[datetime], mine: bytearray, texts: Sequence[str], whole: bytearray) -> Turns:
    """Join consecutive messages of one side.

    Args:
        sent_at: when each of a conversation's messages was sent.
        mine: 1 where it is the persona's, 0 where it is not.
        texts: what it says.
        whole: 0 where the export cut it short, or else 1.
    """
    size = len(texts)
    # As one number, all are compared with their neighbours at once.
    sides = int.from_bytes(mine)
    changes = (sides ^ sides >> 8).to_bytes(size)
    bounds = [0, *compress(range(1, size), changes[1:]), size]
    return Turns(
        bool(mine[0]),
        [
            texts[start] if end - start == 1 else "\n".join(texts[start:end])
            for start, end in pairwise(bounds)
        ],
        bytes(all(whole[start:end]) for start, end in pairwise(bounds))
        if 0 in whole
        else b"\1" * (len(bounds) - 1),
        bounds,
        sent_at,
    )
