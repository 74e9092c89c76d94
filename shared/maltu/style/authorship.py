"""Who wrote a block, the persona or somebody else of the chat? And can that be told at all?"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from sklearn import metrics
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression

from maltu.style.turns import messages_of, spread

if TYPE_CHECKING:
    from collections.abc import Sequence

    from maltu.style.arrays import Floats
    from maltu.style.turns import Block

FOLDS = 5
# With so few, only speakers who differ plainly pass for different: ``by_chance`` is high then.
FEWEST_BLOCKS = FOLDS + 1

# More blocks than these make no better classifier, only a slower one.
_MOST_BLOCKS = 600
_FEATURES = 20_000
# scikit-learn has no types.
_area: Any = cast("Any", metrics).roc_auc_score
_REGULARISATION = 10.0


@dataclass(frozen=True, slots=True)
class Separability:
    """How well the two speakers can be told apart.

    Attributes:
        auc: the classifier's, on blocks that it was not trained with: 0.5 is a coin, 1 is always right.
        by_chance: what it would stay under in 99 of 100 pairs of speakers who write the same.
    """

    auc: float
    by_chance: float


@dataclass(frozen=True, slots=True)
class Authorship:
    """A classifier between the persona and the others, by the characters of blocks."""

    vectorizer: Any
    classifier: Any

    @classmethod
    def trained(cls, persona: Sequence[Block], other: Sequence[Block]) -> Authorship:
        """Learn from the two speakers' training blocks."""
        persona, other = spread(persona, _MOST_BLOCKS), spread(other, _MOST_BLOCKS)
        vectorizer, vectors = _vectors([*persona, *other])
        return cls(vectorizer, _classifier().fit(vectors, _labels(persona, other)))

    def probabilities(self, blocks: Sequence[Block]) -> Floats:
        """Give for each block how probable it is that the persona wrote it."""
        return np.asarray(self.classifier.predict_proba(self.vectorizer.transform(_texts(blocks)))[:, 1])


def separability(persona: Sequence[Block], other: Sequence[Block]) -> Separability:
    """Tell by cross-validation how well the two speakers' blocks, each in order of time, can be told apart.

    The folds are stretches of time, so that no topic stands on both sides of a split. Each speaker needs
    ``FEWEST_BLOCKS``.
    """
    persona, other = spread(persona, _MOST_BLOCKS), spread(other, _MOST_BLOCKS)
    _, vectors = _vectors([*persona, *other])
    labels = _labels(persona, other)
    folds = np.concatenate([np.arange(len(side)) * FOLDS // len(side) for side in (persona, other)])
    said = np.zeros(len(labels))
    for fold in range(FOLDS):
        known, unknown = folds != fold, folds == fold
        classifier: Any = _classifier().fit(vectors[known], labels[known])
        said[unknown] = classifier.decision_function(vectors[unknown])
    # The deviation of the Mann-Whitney statistic where both write the same; 2.33 leaves out one in a hundred.
    deviation = math.sqrt((len(labels) + 1) / (12 * len(persona) * len(other)))
    return Separability(float(_area(labels, said)), 0.5 + 2.33 * deviation)


def _classifier() -> Any:  # noqa: ANN401 - scikit-learn has no types
    return LogisticRegression(C=_REGULARISATION, class_weight="balanced", max_iter=300, solver="liblinear")


def _vectors(blocks: Sequence[Block]) -> tuple[Any, Any]:
    vectorizer: Any = TfidfVectorizer(
        analyzer="char",
        ngram_range=(1, 4),
        max_features=_FEATURES,
        sublinear_tf=True,
        lowercase=False,
    )
    return vectorizer, vectorizer.fit_transform(_texts(blocks))


def _texts(blocks: Sequence[Block]) -> list[str]:
    # Line feeds stay, so that how a message starts and ends is a feature.
    return ["\n".join(messages_of(block)) for block in blocks]


def _labels(persona: Sequence[Block], other: Sequence[Block]) -> Floats:
    return np.concatenate([np.ones(len(persona)), np.zeros(len(other))])
