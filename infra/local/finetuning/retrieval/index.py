"""BM25 over terms, as three flat arrays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

Floats: TypeAlias = NDArray[np.float32]
Integers: TypeAlias = NDArray[np.int32]

# BM25's usual saturation; a weaker length correction than usual, because chat turns are all short.
_SATURATION, _LENGTH_CORRECTION = 1.2, 0.4
_ARRAYS = ("starts", "texts", "impacts", "ceilings")


@dataclass(frozen=True, slots=True)
class Index:
    """Texts by the terms they hold.

    Term ``t`` stands in the texts ``texts[starts[t]:starts[t + 1]]``, and adds the same slice of ``impacts``
    to their scores. ``ceilings[t]`` is the most it adds to any text; ``rarest`` stands in for unknown terms.
    """

    starts: NDArray[np.int64]
    texts: Integers
    impacts: Floats
    ceilings: Floats
    size: int

    @property
    def rarest(self) -> float:
        """What a term that stands in one text only would add at most."""
        return float(self.ceilings.max(initial=1.0))

    def similarities(self, known: Integers, unknown: int) -> Floats:
        """How much of a query every text covers, from 0 to 1, in shape ``(size,)``.

        Args:
            known: The query's terms.
            unknown: How many more terms it has, which no text of the dataset holds.
        """
        most = float(self.ceilings[known].sum()) + unknown * self.rarest
        spans = [slice(self.starts[term], self.starts[term + 1]) for term in known]
        if most == 0 or not spans:
            return np.zeros(self.size, np.float32)
        texts = np.concatenate([self.texts[span] for span in spans])
        impacts = np.concatenate([self.impacts[span] for span in spans])
        scores = np.bincount(texts, weights=impacts, minlength=self.size)
        return (scores / most).astype(np.float32)

    def save(self, folder: Path, name: str) -> None:
        """Write the arrays as ``<name>.<array>.npy``."""
        for array in _ARRAYS:
            np.save(folder / f"{name}.{array}.npy", getattr(self, array))

    @staticmethod
    def load(folder: Path, name: str, size: int) -> Index:
        """Open what ``save`` wrote; pages are read when they are needed."""
        starts, texts, impacts, ceilings = (
            np.load(folder / f"{name}.{array}.npy", mmap_mode="r") for array in _ARRAYS
        )
        return Index(starts, texts, impacts, ceilings, size)


def build_index(documents: Iterable[list[int]], vocabulary: int) -> Index:
    """Index documents given as lists of term numbers below ``vocabulary``."""
    arrays = [np.asarray(document, np.int32) for document in documents]
    size = len(arrays)
    lengths = np.asarray([len(array) for array in arrays])
    occurring = np.concatenate([*arrays, np.empty(0, np.int32)]).astype(np.int64)
    keys, counts = np.unique(occurring * size + np.repeat(np.arange(size), lengths), return_counts=True)
    terms, texts = np.divmod(keys, max(size, 1))
    found = np.bincount(terms, minlength=vocabulary)
    idf = np.log1p((size - found + 0.5) / (found + 0.5))
    relative = lengths / max(float(lengths.mean()) if size else 0.0, 1.0)
    damping = _SATURATION * (1 - _LENGTH_CORRECTION + _LENGTH_CORRECTION * relative)
    impacts = (idf[terms] * counts / (counts + damping[texts])).astype(np.float32)
    starts = np.concatenate([[0], np.cumsum(found)])
    ceilings = np.zeros(vocabulary, np.float32)
    np.maximum.at(ceilings, terms, impacts)
    return Index(starts, texts.astype(np.int32), impacts, ceilings, size)
