"""Writes examples as they come, and sets the newest apart once all are known."""

from __future__ import annotations

import json
import os
import shutil
from array import array
from bisect import bisect_right
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, BinaryIO

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

MIN_EXAMPLES = 10
SAMPLES = 3

_SAMPLE_BYTES = 4096
_LINES_TO_SAMPLE_FROM = 20


@dataclass(frozen=True, slots=True)
class Part:
    """One of a dataset's files: how many examples it has, their tokens together, and its size in bytes."""

    examples: int
    tokens: int
    size: int


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

    def write(self, lines: Iterable[tuple[bytes, int]]) -> None:
        """Append one conversation's lines, each given with its number of tokens."""
        count = total = size = 0
        for line, tokens in lines:
            size += self._file.write(line)
            count += 1
            total += tokens
            self.longest = max(self.longest, tokens)
            self.over_limit += tokens > self._limit
        if not count:
            return
        self._starts.append(self._written)
        self._examples.append(count)
        self._tokens.append(total)
        self._written += size
        self.count += count

    def split(self, share: float, train: Path, validation: Path) -> tuple[Part, Part]:
        """Move the newest conversations, about ``share`` of the examples, from ``train`` to ``validation``.

        ``train`` is the path of the file, which is written out first. At least ``MIN_EXAMPLES`` stay; where
        that or whole conversations leave nothing to move there is no validation file.
        """
        self._file.flush()
        first = _first_of_validation(self._examples, share)
        start = self._written
        if first < len(self._starts):
            start = self._starts[first]
            with train.open("rb") as source, validation.open("wb") as target:
                source.seek(start)
                shutil.copyfileobj(source, target)
            os.truncate(train, start)
        return (
            Part(sum(self._examples[:first]), sum(self._tokens[:first]), start),
            Part(sum(self._examples[first:]), sum(self._tokens[first:]), self._written - start),
        )

    def samples(self, train: Path) -> tuple[dict[str, Any], ...]:
        """Read some of the training examples back, from all over the file, rather short than long ones."""
        with train.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            found = [
                _sample_from(file, start)
                for number in range(SAMPLES)
                if (start := self._start_before(size * number // SAMPLES)) is not None
            ]
        return tuple(json.loads(line) for line in dict.fromkeys(found))

    def _start_before(self, offset: int) -> int | None:
        at = bisect_right(self._starts, offset)
        return self._starts[at - 1] if at else None


def _sample_from(file: BinaryIO, start: int) -> bytes:
    file.seek(start)
    lines = [line for _ in range(_LINES_TO_SAMPLE_FROM) if (line := file.readline())]
    return next((line for line in lines if len(line) <= _SAMPLE_BYTES), min(lines, key=len))


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
