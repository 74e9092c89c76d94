"""How far a set's distribution of a marker is from the persona's."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.spatial.distance import jensenshannon

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from maltu.style.arrays import Floats
    from maltu.style.turns import Block

_MOST_BINS = 150
_distance: Any = jensenshannon  # scipy has no types
_REST = "…"


@dataclass(frozen=True, slots=True)
class Distribution:
    """The persona's distribution of one marker, over its own most frequent bins and one for the rest.

    Attributes:
        bins: where each bin's count stands.
        share: of each bin, together 1.
        labels: the bins of a block.
    """

    bins: Mapping[str, int]
    share: Floats
    labels: Callable[[Block], Iterable[str]]

    @classmethod
    def of(cls, blocks: Iterable[Block], labels: Callable[[Block], Iterable[str]]) -> Distribution:
        """Count the bins of the persona's blocks."""
        found = Counter(label for block in blocks for label in labels(block))
        names = [name for name, _ in found.most_common(_MOST_BINS)]
        counts = np.array([*(found[name] for name in names), found.total()], dtype=np.float64)
        counts[-1] -= counts[:-1].sum()
        bins = {name: at for at, name in enumerate([*names, _REST])}
        return cls(bins, counts / counts.sum(), labels)

    def tally(self, blocks: Sequence[Block]) -> Floats:
        """Count each block's bins: one row a block, one column a bin."""
        counts = np.zeros((len(blocks), len(self.bins)))
        for row, block in enumerate(blocks):
            for label in self.labels(block):
                counts[row, self.bins.get(label, len(self.bins) - 1)] += 1
        return counts

    def divergence(self, counts: Floats) -> Floats:
        """Give the Jensen-Shannon divergence, in bits from 0 to 1, of counts whose last axis are the bins."""
        return np.asarray(_distance(counts, self.share, base=2, axis=-1), dtype=np.float64) ** 2
