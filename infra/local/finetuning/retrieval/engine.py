"""Training the retrieval engine."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import TYPE_CHECKING

from infra.local.finetuning.engine import Plan, Trained, TrainingCancelled
from infra.local.finetuning.retrieval.fitting import descend, mean_loss, trial
from infra.local.finetuning.retrieval.memory import remember
from infra.local.finetuning.retrieval.model import RetrievalModel
from infra.local.finetuning.retrieval.ngrams import likeness
from infra.local.finetuning.retrieval.ranking import UNFITTED
from infra.local.finetuning.retrieval.turns import Framing, turns_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from infra.local.finetuning.engine import Dataset, Hyperparameters, Watch
    from infra.local.finetuning.retrieval.fitting import Trial
    from infra.local.finetuning.retrieval.memory import Memory
    from infra.local.finetuning.retrieval.ranking import Weights
    from infra.local.finetuning.retrieval.turns import Turn

_TRIALS = 200
_DRAWS = 5


@dataclass(frozen=True, slots=True)
class RetrievalEngine:
    """Learns which of the persona's own turns answers what (see the package)."""

    base_model: str = "maltu-retrieval-1"

    def plan(self, wanted: Hyperparameters, examples: int) -> Plan:
        """Ten epochs, in batches of at most 16: an epoch passes over at most 200 turns, in milliseconds."""
        return Plan(
            n_epochs=wanted.n_epochs or 10,
            batch_size=wanted.batch_size or min(16, examples),
            learning_rate_multiplier=wanted.learning_rate_multiplier or 1.0,
        )

    def train(  # noqa: PLR0913  the protocol's inputs
        self,
        training: Dataset,
        validation: Dataset | None,
        plan: Plan,
        *,
        seed: int,
        folder: Path,
        watch: Watch,
    ) -> Trained:
        """Index the persona's turns, fit the ranking, measure it, and write the model.

        Fitting and measuring use at most 200 turns each. Without a validation file, the turns to measure on
        are training turns that fitting does not use; every training turn is tried without itself.

        Raises:
            TrainingCancelled: somebody cancelled the job.
        """

        def pause() -> None:
            if watch.cancelled():
                raise TrainingCancelled

        dice = random.Random(seed)  # noqa: S311  chance, not secrecy
        framing = Framing.of(training)
        turns = turns_of(training, framing)
        memory = remember(turns, framing, pause)
        watch.report(f"Indexed {len(turns)} turns with {len(memory.replies)} different replies")
        trials = _trials(memory, turns, turns_of(validation, framing) if validation else [], dice, pause)
        weights, steps, metrics = _fit(trials, plan, dice, watch, pause)
        watch.report(*_comparison(trials, weights, steps))
        RetrievalModel(memory, weights).save(folder)
        return Trained(sum(len(turn.reply) for turn in turns) * plan.n_epochs, steps, metrics)

    def load(self, folder: Path) -> RetrievalModel:
        """Open a trained model."""
        return RetrievalModel.load(folder)

    def base(self) -> None:
        """It has learned no reply yet."""


@dataclass(frozen=True, slots=True)
class _Trials:
    """Turns to fit on, turns to measure on, and how alike replies drawn at random are to the latter."""

    fitted: list[Trial]
    measured: list[Trial]
    by_chance: float


def _trials(
    memory: Memory, turns: list[Turn], unseen: list[Turn], dice: random.Random, pause: Callable[[], None]
) -> _Trials:
    order = dice.sample(range(len(turns)), min(2 * _TRIALS, len(turns)))
    half = len(order) // 2

    def tried(places: list[int]) -> list[Trial]:
        found: list[Trial] = []
        for at in places:
            pause()
            found.append(trial(memory, turns[at], at=at))
        return found

    fitted = tried(order[: max(half, 1)])
    if unseen:
        truths = dice.sample(unseen, min(_TRIALS, len(unseen)))
        measured = [trial(memory, turn) for turn in truths]
    else:
        truths = [turns[at] for at in order[half:]]
        measured = tried(order[half:])
    chance = [
        likeness(drawn.reply, truth.reply)
        for truth in truths
        for drawn in dice.sample(turns, min(_DRAWS, len(turns)))
        if drawn is not truth
    ]
    return _Trials(fitted, measured, sum(chance) / max(len(chance), 1))


def _fit(
    trials: _Trials, plan: Plan, dice: random.Random, watch: Watch, pause: Callable[[], None]
) -> tuple[Weights, int, dict[str, float]]:
    weights, steps, metrics = UNFITTED, 0, dict[str, float]()
    order = list(trials.fitted)
    starts = range(0, len(order), plan.batch_size)
    total = len(starts) * plan.n_epochs
    for epoch in range(1, plan.n_epochs + 1):
        dice.shuffle(order)
        for start in starts:
            pause()
            # The rate falls to zero, so that the last batches do not decide by their noise.
            left = 1 - steps / total
            batch = order[start : start + plan.batch_size]
            weights = descend(batch, weights, plan.learning_rate_multiplier * left)
            steps += 1
        valid = mean_loss(trials.measured, weights)
        metrics = {
            "train_loss": round(mean_loss(trials.fitted, weights), 4),
            "valid_loss": round(valid, 4),
            "full_valid_loss": round(valid, 4),
        }
        losses = f"training loss={metrics['train_loss']}, validation loss={metrics['valid_loss']}"
        told = {"step": steps, "total_steps": total, "epoch": epoch, **metrics}
        watch.report(f"Step {steps}/{total}: {losses}", told)
    return weights, steps, metrics


def _comparison(trials: _Trials, weights: Weights, steps: int) -> tuple[str, dict[str, float]]:
    """How alike the model's answers are to the true ones, against replies drawn at random."""
    hits = sum(one.hit(weights) for one in trials.measured) / len(trials.measured)
    found = {
        "step": steps,
        "valid_likeness": round(hits, 4),
        "valid_likeness_by_chance": round(trials.by_chance, 4),
    }
    message = (
        f"On {len(trials.measured)} turns held out, answers are {hits:.3f} alike to what was really said "
        f"(character n-gram F-score); replies drawn at random are {trials.by_chance:.3f} alike"
    )
    return message, found
