"""A bounded sample of an export's messages, by which two exports of one room recognise each other."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from maltu.dataset.merging import comparable

if TYPE_CHECKING:
    from datetime import datetime

    from maltu.exports.message import Columns

SAMPLE = 16_384

_SHORTEST = 5
# What a phone cuts off must not tell two texts apart.
_COMPARED = 400
_HASHES = 1 << 64


class _Seen(NamedTuple):
    minute: datetime
    sender: str


@dataclass(slots=True)
class Sketch:
    """The messages with the smallest hashes: two exports that share messages share many of these.

    Attributes:
        seen: the sampled messages by hash of minute and text.
        below: every message with a smaller hash is in the sample.
    """

    seen: dict[int, _Seen] = field(default_factory=dict[int, _Seen])
    below: int = _HASHES

    def watch(self, messages: Columns) -> None:
        """Sample some more messages."""
        for sent_at, sender, text, kind in zip(*messages, strict=True):
            if kind == "text" and len(text) >= _SHORTEST:
                minute = sent_at.replace(second=0, microsecond=0)
                key = hash((minute, comparable(text[:_COMPARED]))) % _HASHES
                if key < self.below:
                    self.seen[key] = _Seen(minute, sender)
                    if len(self.seen) > 2 * SAMPLE:
                        self._shrink()

    def _shrink(self) -> None:
        kept = sorted(self.seen)[:SAMPLE]
        self.below = kept[-1] + 1
        self.seen = {key: self.seen[key] for key in kept}


class Matches(NamedTuple):
    """What two samples have in common.

    Attributes:
        found: messages that are in both.
        possible: how many would be if both told the same of the time that they share; 0 where none is found.
        names: how often a name of the one said what a name of the other said.
    """

    found: int
    possible: int
    names: Counter[tuple[str, str]]


def matches(one: Sketch, other: Sketch) -> Matches:
    """Compare two samples."""
    below = min(one.below, other.below)
    if not one.seen or not other.seen:
        return Matches(0, 0, Counter())
    common = [key for key in one.seen.keys() & other.seen.keys() if key < below]
    if not common:
        # As with almost every pair of a download's hundreds of rooms.
        return Matches(0, 0, Counter())
    minutes = [[seen.minute for seen in sketch.seen.values()] for sketch in (one, other)]
    start, end = max(map(min, minutes)), min(map(max, minutes))
    possible = min(
        sum(key < below and start <= seen.minute <= end for key, seen in sketch.seen.items())
        for sketch in (one, other)
    )
    names = Counter((one.seen[key].sender, other.seen[key].sender) for key in common)
    return Matches(len(common), possible, names)
