"""What somebody said in a row, and the blocks of it in which a manner of speaking can be told."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

# A single message says too little about who wrote it; published work attributes texts of this size.
BLOCK_MESSAGES = 20

_Item = TypeVar("_Item")


class Turn(NamedTuple):
    """One side's turn: ``text`` is its messages joined by line feeds, ``prompt`` what it answers."""

    text: str
    prompt: str = ""

    @property
    def messages(self) -> list[str]:
        """The messages in order; blank ones are none."""
        return [line for part in self.text.split("\n") if (line := part.strip())]


Block = tuple[Turn, ...]


def blocks_of(turns: Iterable[Turn]) -> list[Block]:
    """Cut turns, in order, into blocks of at least ``BLOCK_MESSAGES`` messages; no turn is split.

    What is left over at the end is no block.
    """
    blocks: list[Block] = []
    block: list[Turn] = []
    messages = 0
    for turn in turns:
        said = len(turn.messages)
        if not said:
            continue
        block.append(turn)
        messages += said
        if messages >= BLOCK_MESSAGES:
            blocks.append(tuple(block))
            block, messages = [], 0
    return blocks


def messages_of(block: Block) -> list[str]:
    """Give a block's messages in order."""
    return [message for turn in block for message in turn.messages]


def spread(items: Sequence[_Item], most: int) -> Sequence[_Item]:
    """Give at most ``most`` of the items, evenly spaced over all of them."""
    if len(items) <= most:
        return items
    return [items[at * len(items) // most] for at in range(most)]
