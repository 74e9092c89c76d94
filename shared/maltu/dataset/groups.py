"""What belongs together, where some is known not to."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator, Sequence


class Groups:
    """Groups of numbers; two with the same key, other than None, are never in one, not even by a third."""

    def __init__(self, apart: Sequence[Hashable]) -> None:
        """Start with every number in a group of its own; ``apart`` are their keys."""
        self._apart = apart
        self._leader = list(range(len(apart)))
        self._keys = [{key} - {None} for key in apart]

    def pairs(self) -> Iterator[tuple[int, int]]:
        """Give the pairs that may be in one group."""
        for one, other in combinations(range(len(self._apart)), 2):
            if self._apart[one] is None or self._apart[one] != self._apart[other]:
                yield one, other

    def leader_of(self, number: int) -> int:
        """Give the number that stands for the whole group."""
        while self._leader[number] != number:
            number = self._leader[number]
        return number

    def join(self, one: int, other: int) -> None:
        """Make one group of two, unless that would join what is apart."""
        one, other = self.leader_of(one), self.leader_of(other)
        if one != other and self._keys[one].isdisjoint(self._keys[other]):
            self._leader[other] = one
            self._keys[one] |= self._keys[other]
