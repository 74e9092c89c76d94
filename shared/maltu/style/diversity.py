"""Whether a model says more than one thing."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from maltu.style.turns import messages_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from maltu.style.arrays import Floats, Integers
    from maltu.style.turns import Block


def _words(block: Block) -> list[str]:
    return [word for message in messages_of(block) for word in message.split()]


def _word_pairs(block: Block) -> list[str]:
    return [
        f"{first} {second}"
        for message in messages_of(block)
        for first, second in pairwise(["", *message.split()])
    ]


def _whole_turns(block: Block) -> list[str]:
    return [" ".join(turn.text.split()) for turn in block]


KINDS: dict[str, Callable[[Block], list[str]]] = {
    "distinct_1": _words,
    "distinct_2": _word_pairs,
    "self_repetition": _whole_turns,
}
"""What must differ: words, pairs of words in a message (its start is one), whole turns."""


@dataclass(frozen=True, slots=True)
class Pieces:
    """A set's pieces of one kind, as numbers, by block."""

    blocks: tuple[Integers, ...]
    known: int

    @classmethod
    def of(cls, blocks: Iterable[Block], kind: Callable[[Block], list[str]]) -> Pieces:
        """Number the pieces in the order in which they come."""
        numbers: dict[str, int] = {}
        numbered = tuple(
            np.array([numbers.setdefault(piece, len(numbers)) for piece in kind(block)], dtype=np.int64)
            for block in blocks
        )
        return cls(numbered, len(numbers))

    @property
    def count(self) -> int:
        """How many there are, each as often as it comes."""
        return sum(map(len, self.blocks))

    def distinct(self, first: int, of: Sequence[int] | None = None) -> float:
        """Give the part that is new among the first so many pieces; texts are compared at one length.

        Args:
            first: how many pieces to look at; all of them where there are fewer.
            of: which blocks; all by default.
        """
        chosen = self.blocks if of is None else [self.blocks[at] for at in of]
        pieces = np.concatenate(chosen)[:first]
        return float(np.count_nonzero(np.bincount(pieces, minlength=self.known))) / max(len(pieces), 1)


def distinct_draws(pieces: Pieces, first: int, *, draws: int, rng: np.random.Generator) -> Floats:
    """Give the share of new pieces around its value, as far as chance would move it.

    Drawing with replacement would itself repeat, so halves are drawn without: they spread about their own
    mean as much as the whole does about its own (the jackknife of half of the blocks).
    """
    size = len(pieces.blocks)
    halves = (rng.permutation(size)[: max(size // 2, 1)].tolist() for _ in range(draws))
    half = np.array([pieces.distinct(first // 2, each) for each in halves])
    return pieces.distinct(first) + half - half.mean()
