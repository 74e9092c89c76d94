"""Which examples are trained together, and in which order; the same for the same seed, in any process."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_BUCKET = 8


def batches(lengths: Sequence[int], size: int, *, seed: int, epoch: int) -> list[list[int]]:
    """An epoch's batches of ``size`` examples each, the last one made may have fewer.

    Batches are filled from buckets of eight batches' examples, sorted by length, so that little is padded.
    """
    dice = random.Random(f"{seed} {epoch}")  # noqa: S311  chance, not secrecy
    order = dice.sample(range(len(lengths)), len(lengths))
    found: list[list[int]] = []
    for start in range(0, len(order), size * _BUCKET):
        bucket = sorted(order[start : start + size * _BUCKET], key=lambda at: lengths[at])
        found += [bucket[at : at + size] for at in range(0, len(bucket), size)]
    dice.shuffle(found)
    return found


def steps_per_epoch(examples: int, size: int) -> int:
    """How many batches an epoch has."""
    return -(-examples // size)


def rows_at_once(
    batch: Sequence[int], costs: Sequence[tuple[int, int]], *, most: tuple[int, int]
) -> list[list[int]]:
    """A batch in parts that fit into memory, whatever the batch's size; a single example always passes.

    Args:
        batch: Places of examples.
        costs: For each example, its tokens and how many of them are learned.
        most: A part's most tokens, padding included, and most learned tokens.
    """
    parts: list[list[int]] = []
    learned = 0
    for at in sorted(batch, key=lambda at: costs[at][0]):
        length, weight = costs[at]
        full = not parts or (len(parts[-1]) + 1) * length > most[0] or learned + weight > most[1]
        if full:
            parts.append([])
            learned = 0
        parts[-1].append(at)
        learned += weight
    return parts
