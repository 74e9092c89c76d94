"""A value between its floor and its ceiling, with the interval that chance leaves it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.stats import norm, t

if TYPE_CHECKING:
    from collections.abc import Callable

    from maltu.style.arrays import Floats

DRAWS = 500
CONFIDENCE = 0.95


class Estimate(NamedTuple):
    """A number, and what it would have been in ``DRAWS`` other samples of the same size."""

    point: float
    draws: Floats

    @classmethod
    def certain(cls, point: float) -> Estimate:
        """Give a number that no sample moves."""
        return cls(point, np.full(DRAWS, point))


def bootstrap(tally: Floats, value: Callable[[Floats], Floats], rng: np.random.Generator) -> Estimate:
    """Resample blocks with replacement.

    Blocks and not messages, because what stands together in a conversation is alike.

    Args:
        tally: one row a block, of what adds up.
        value: the number for sums over blocks; their columns stand on the last axis.
        rng: draws.
    """
    size = len(tally)
    weights = rng.multinomial(size, np.full(size, 1 / size), size=DRAWS)
    return Estimate(float(value(tally.sum(axis=0))), value(weights @ tally))


def ratio(sums: Floats) -> Floats:
    """Divide the first column by the second; nothing of nothing is 0."""
    return sums[..., 0] / np.maximum(sums[..., 1], 1e-9)


def interval(draws: Floats, blocks: int) -> tuple[float, float]:
    """Give the ``CONFIDENCE`` interval of an estimate that rests on so many blocks.

    Percentiles of a bootstrap are too narrow for few blocks; these are taken further out, as far as Student's
    distribution is wider than the normal one (Hesterberg 2015, the expanded percentile interval).
    """
    tail = (1 - CONFIDENCE) / 2
    degrees = max(blocks - 1, 1)
    reach = float(t.ppf(tail, degrees)) * np.sqrt((degrees + 1) / degrees)
    expanded = float(norm.cdf(reach))
    low, high = np.quantile(draws, [expanded, 1 - expanded])
    return float(low), float(high)


def scaled(value: Estimate, floor: Estimate, ceiling: Estimate, *, beyond: float | None) -> Estimate:
    """Place a value: 0 is the floor, 1 the ceiling, -1 and less is -1.

    Args:
        value: what is placed.
        floor: the estimate that counts as 0.
        ceiling: the one that counts as 1.
        beyond: what counts as 0 on the ceiling's other side; without it everything there counts as 1.
    """
    point = _placed(*(np.array(each.point) for each in (value, floor, ceiling)), beyond=beyond)
    return Estimate(float(point), _placed(value.draws, floor.draws, ceiling.draws, beyond=beyond))


def _placed(value: Floats, floor: Floats, ceiling: Floats, *, beyond: float | None) -> Floats:
    # A resample's floor and ceiling may fall together; then it says nothing either way.
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.nan_to_num((value - floor) / (ceiling - floor), nan=0.0)
        over = 1.0 if beyond is None else (value - beyond) / (ceiling - beyond)
    return np.maximum(np.where(share > 1, np.minimum(over, 1), share), -1)
