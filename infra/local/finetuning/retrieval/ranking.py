"""Which of the persona's replies fits a conversation: candidates, their features, and a learned weighting."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from numpy.typing import NDArray

from infra.local.finetuning.retrieval.ngrams import canonical, terms

if TYPE_CHECKING:
    from collections.abc import Collection

    from infra.local.finetuning.retrieval.index import Integers
    from infra.local.finetuning.retrieval.memory import Memory
    from infra.local.finetuning.retrieval.turns import Context

Weights: TypeAlias = NDArray[np.float64]

FEATURES = (
    "question",  # how alike the other side's last turn is
    "earlier",  # how alike the turns before it are
    "topic",  # how many of the question's terms the reply itself takes up
    "habit",  # how often the persona says it, whatever was asked
    "consensus",  # how alike it is to all that the persona answered in alike contexts
    "length",  # how near its length is to theirs
)
# Where fitting starts, and what it is pulled towards: what was asked counts most.
UNFITTED: Weights = np.asarray([12.0, 2.0, 1.0, 0.5, 3.0, 0.5])
_CANDIDATES = 48


@dataclass(frozen=True, slots=True)
class Candidates:
    """Replies that may fit: their numbers, and their features in shape ``(len(replies), len(FEATURES))``."""

    replies: Integers
    features: Weights

    def scores(self, weights: Weights) -> Weights:
        """One score a candidate; the softmax of the scores is how likely each is."""
        return self.features @ weights


def find_candidates(
    memory: Memory,
    context: Context,
    *,
    banned: Collection[int] = (),
    without_turn: int | None = None,
) -> Candidates:
    """The replies given in the most alike contexts, and the persona's fallbacks; never none.

    Args:
        memory: What the persona said.
        context: What is to be answered.
        banned: Replies to leave out, unless nothing else is left.
        without_turn: A turn to leave out, to see what the others know about it.
    """
    asked = memory.numbers(context.question)
    question = memory.questions.similarities(*asked)
    earlier = memory.earlier.similarities(*memory.numbers(context.earlier))
    topic = memory.answers.similarities(*asked)[memory.reply_of]
    alike = UNFITTED[0] * question + UNFITTED[1] * earlier + UNFITTED[2] * topic
    if without_turn is not None:
        alike[without_turn] = 0
    if banned:
        alike[np.isin(memory.reply_of, list(banned))] = 0
    turn_of: dict[int, int] = {}
    near: dict[int, float] = {}
    for turn in _best(alike):
        number = int(memory.reply_of[turn])
        turn_of.setdefault(number, int(turn))
        near[number] = near.get(number, 0.0) + float(np.exp(alike[turn]))
    fallbacks = [number for number in memory.fallbacks.tolist() if number not in banned]
    for number in fallbacks if fallbacks or near else memory.fallbacks.tolist():
        near[number] = near.get(number, 0.0) + float(np.exp(memory.priors[number]))
    replies = np.asarray(list(near), np.int32)
    found = [
        (question[turn], earlier[turn], topic[turn])
        if (turn := turn_of.get(number)) is not None
        else (0.0,) * 3
        for number in near
    ]
    chances = np.asarray(list(near.values()))
    consensus, length = _company([memory.replies[number] for number in near], chances / chances.sum())
    habit = memory.priors[replies] / np.log(len(memory.reply_of) + 1)
    return Candidates(replies, np.column_stack([np.asarray(found), habit, consensus, length]))


def _best(alike: NDArray[np.float64]) -> NDArray[np.intp]:
    """The turns that score most, best first, older before newer where they are equal; none that scores 0."""
    count = min(_CANDIDATES, len(alike))
    threshold = np.partition(alike, len(alike) - count)[len(alike) - count] if count else 0.0
    likely = np.flatnonzero(alike >= max(float(threshold), 1e-6))
    return likely[np.argsort(-alike[likely], kind="stable")][:count]


def _company(replies: list[str], near: Weights) -> tuple[Weights, Weights]:
    """How well each reply stands for all of them, itself included, each counted by how near its context is.

    Returns:
        The mean overlap of its terms with theirs, 0 to 1; minus the distance of its length from their mean
        length, as logarithms.
    """
    sets = [frozenset(terms(reply)) for reply in replies]
    columns = {term: at for at, term in enumerate(frozenset[str]().union(*sets))}
    holds = np.zeros((len(sets), len(columns)), np.float32)
    for row, found in enumerate(sets):
        holds[row, [columns[term] for term in found]] = 1
    sizes = holds.sum(axis=1)
    overlap = 2 * (holds @ holds.T) / np.maximum(sizes[:, None] + sizes[None, :], 1)
    lengths = np.log([1 + len(canonical(reply)) for reply in replies])
    return overlap @ near, -np.abs(lengths - lengths @ near)
