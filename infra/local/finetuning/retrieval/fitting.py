"""Fitting the ranking's weights to turns that the model has not seen.

The loss of one turn is ``-log Σ p(c) · likeness(c, truth)`` over its candidates ``c``: how far the model is
from giving its probability to replies like the one that the persona gave. 0 is perfect; a model that always
answers with something half alike has ``log 2``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from infra.local.finetuning.retrieval.ngrams import likeness
from infra.local.finetuning.retrieval.ranking import UNFITTED, Candidates, Weights, find_candidates

if TYPE_CHECKING:
    from collections.abc import Sequence

    from infra.local.finetuning.retrieval.memory import Memory
    from infra.local.finetuning.retrieval.turns import Turn

_FLOOR = 0.01
_STEP = 8.0
_PULL = 0.002


@dataclass(frozen=True, slots=True)
class Trial:
    """One turn with its candidates, and how alike each of them is to what the persona really said."""

    candidates: Candidates
    alike: Weights

    def loss(self, weights: Weights) -> float:
        """See the module."""
        return float(-np.log(softmax(self.candidates.scores(weights)) @ self.alike))

    def gradient(self, weights: Weights) -> Weights:
        """The loss's gradient: expected features before seeing the truth, minus after."""
        before = softmax(self.candidates.scores(weights))
        after = before * self.alike
        return (before - after / after.sum()) @ self.candidates.features

    def hit(self, weights: Weights) -> float:
        """How alike the best candidate is."""
        return float(self.alike[int(np.argmax(self.candidates.scores(weights)))])


def softmax(scores: Weights) -> Weights:
    """Scores as probabilities."""
    powers = np.exp(scores - scores.max())
    return powers / powers.sum()


def trial(memory: Memory, turn: Turn, *, at: int | None = None) -> Trial:
    """Try a turn; ``at`` is its own place in the memory, which must not help."""
    own = None if at is None else int(memory.reply_of[at])
    said_once = own is not None and memory.counts[own] == 1
    candidates = find_candidates(
        memory, turn.context, banned=(own,) if own is not None and said_once else (), without_turn=at
    )
    alike = [likeness(memory.replies[int(number)], turn.reply) for number in candidates.replies]
    return Trial(candidates, np.maximum(np.asarray(alike), _FLOOR))


def mean_loss(trials: Sequence[Trial], weights: Weights) -> float:
    """The mean loss of some trials."""
    return sum(one.loss(weights) for one in trials) / len(trials)


def descend(trials: Sequence[Trial], weights: Weights, rate: float) -> Weights:
    """One step down the mean loss of a batch; what was asked never counts against a reply."""
    slope = sum((one.gradient(weights) for one in trials), np.zeros_like(weights)) / len(trials)
    moved = weights - rate * _STEP * (slope + _PULL * (weights - UNFITTED))
    return np.maximum(moved, 0)
