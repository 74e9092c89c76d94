"""Writes examples as they come, and sets the newest apart once all are known."""

from __future__ import annotations

import os
import shutil
from array import array
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

MIN_EXAMPLES = 10


@dataclass(frozen=True, slots=True)
class Part:
    """One of a dataset's files: how many examples it has, and how many tokens they have together."""

    examples: int
    tokens: int


class ExampleFile:
    """A file of examples in the order of time; remembers where each conversation starts.

    Attributes:
        count: the examples written.
        longest: tokens of the longest one.
        over_limit: how many have more than ``limit`` tokens.
    """

    def __init__(self, file: BinaryIO, *, limit: int) -> None:
        self._file = file
        self._starts = array("q")
        self._examples = array("q")
        self._tokens = array("q")
        self._written = 0
        self._limit = limit
        self.count = 0
        self.longest = 0
        self.over_limit = 0

    def write(self, lines: Iterable[tuple[str, int]]) -> None:
        """Append one conversation's lines, each given with its number of tokens."""
        encoded: list[bytes] = []
        total = 0
        for line, tokens in lines:
            encoded.append(line.encode() + b"\n")
            total += tokens
            self.longest = max(self.longest, tokens)
            self.over_limit += tokens > self._limit
        if not encoded:
            return
        self._starts.append(self._written)
        self._examples.append(len(encoded))
        self._tokens.append(total)
        self._written += self._file.write(b"".join(encoded))
        self.count += len(encoded)

    def split(self, share: float, train: Path, validation: Path) -> tuple[Part, Part]:
        """Move the newest conversations, about ``share`` of the examples, from ``train`` to ``validation``.

        ``train`` is the path of the file, which is written out first. At least ``MIN_EXAMPLES`` stay; where
        that or whole conversations leave nothing to move there is no validation file.
        """
        self._file.flush()
        first = _first_of_validation(self._examples, share)
        if first < len(self._starts):
            start = self._starts[first]
            with train.open("rb") as source, validation.open("wb") as target:
                source.seek(start)
                shutil.copyfileobj(source, target)
            os.truncate(train, start)
        return (
            Part(sum(self._examples[:first]), sum(self._tokens[:first])),
            Part(sum(self._examples[first:]), sum(self._tokens[first:])),
        )


def _first_of_validation(examples: Sequence[int], share: float) -> int:
    """Find the conversation from which on the number of examples comes nearest to the share."""
    total = sum(examples)
    wanted = round(total * share)
    taken = 0
    first = len(examples)
    while first:
        more = taken + examples[first - 1]
        if total - more < MIN_EXAMPLES or abs(more - wanted) >= abs(taken - wanted):
            break
        taken = more
        first -= 1
    return first
