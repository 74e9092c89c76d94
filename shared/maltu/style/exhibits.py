"""What a report shows beside its numbers: distributions, and replies next to what was really answered."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np

from maltu.style import overlap
from maltu.style.report import Bins, Sample
from maltu.style.turns import spread

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from maltu.style.distribution import Distribution
    from maltu.style.turns import Block, Turn

_SAMPLES = 24
_BINS = 14
_NUMBER = re.compile(r"\d+")


def bins_of(distribution: Distribution, sets: Mapping[str, Sequence[Block]]) -> Bins:
    """Give every set's share of the persona's most frequent bins."""
    counts = {name: distribution.tally(blocks).sum(axis=0) for name, blocks in sets.items()}
    largest: list[int] = np.argsort(-distribution.share, kind="stable")[:_BINS].tolist()
    names = list(distribution.bins)
    largest.sort(key=lambda at: _in_order(names[at]))
    shares = {
        name: tuple(float(count[at] / max(count.sum(), 1)) for at in largest)
        for name, count in counts.items()
    }
    return Bins(tuple(names[at] for at in largest), shares)


def _in_order(name: str) -> int:
    """Put bins that are numbers in their order; the others stay with the most frequent first."""
    number = _NUMBER.match(name)
    return int(number.group()) if number else 0


def samples_of(held_out: Sequence[Turn], sets: Mapping[str, Sequence[Turn]]) -> tuple[Sample, ...]:
    """Put replies next to the persona's real answers, each prompt once."""
    replies = {name: overlap.answers_by_prompt(turns) for name, turns in sets.items()}
    first = next(iter(replies.values()))
    asked = {key: turn for turn in held_out if (key := overlap.prompt_key(turn.prompt)) in first}
    return tuple(
        Sample(
            turn.prompt,
            turn.text,
            {name: found[0] for name, known in replies.items() if (found := known.get(key))},
        )
        for key, turn in spread(list(asked.items()), _SAMPLES)
    )
