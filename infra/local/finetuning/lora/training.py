"""A whole training: epochs of steps, measured, with checkpoints to go on from and to ask."""

from __future__ import annotations

import shutil
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from infra.local.finetuning.engine import Checkpoint, Trained, TrainingFailed
from infra.local.finetuning.lora import state as states
from infra.local.finetuning.lora.batches import batches, steps_per_epoch
from infra.local.finetuning.lora.job import Report
from infra.local.finetuning.lora.loading import chosen_device, open_encoder, open_model
from infra.local.finetuning.lora.tuning import measure, optimizer_of, rate_at, step, with_adapter

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import torch

    from infra.local.finetuning.lora.job import TrainingJob
    from infra.local.finetuning.lora.tokens import Sequenced
    from infra.local.finetuning.lora.tuning import Loss

    Tell = Callable[[Report], None]

LONGEST: Final = 1024
_EARLIER_KEPT: Final = 2


def train(job: TrainingJob, tell: Tell) -> Trained:
    """Tune the base model, or go on with what an earlier process left in the job's folder.

    Raises:
        TrainingFailed: the base model or the dataset is of no use.
    """
    device = chosen_device()
    tell(Report(f"Loading the base model, to train on {device.type}"))
    encoder = open_encoder(job.base)
    training = encoder.examples(job.training, LONGEST)
    validation = encoder.examples(job.validation, LONGEST) if job.validation else []
    if not training:
        raise TrainingFailed("The training file has no answer to learn from.")
    model = with_adapter(open_model(job.base, device), seed=job.seed)
    return _Run(job, tell, model, optimizer_of(model), training, validation).to_the_end()


@dataclass(slots=True)
class _Run:
    job: TrainingJob
    tell: Tell
    model: Any
    optimizer: torch.optim.Optimizer
    training: Sequence[Sequenced]
    validation: Sequence[Sequenced]
    state: states.State = field(default_factory=states.State)
    _saved: float = 0.0

    def to_the_end(self) -> Trained:
        kept = states.restore(self.folder, self.model, self.optimizer)
        if kept is not None:
            self.state = kept
            self.tell(Report(f"Going on after step {kept.step} of {self.steps}"))
        clock = _Clock(self.state.step)
        self._saved = time.monotonic()
        for epoch in range(self.state.step // self.per_epoch + 1, self.job.plan.n_epochs + 1):
            self._epoch(epoch, clock)
        self.model.save_pretrained(self.folder, save_embedding_layers=False)
        states.forget(self.folder)
        state = self.state
        earlier = tuple(each for each in state.checkpoints if each.step != self.steps)
        return Trained(state.trained_tokens, self.steps, state.metrics, earlier)

    @property
    def folder(self) -> Path:
        return Path(self.job.folder)

    @property
    def per_epoch(self) -> int:
        return steps_per_epoch(len(self.training), self.job.plan.batch_size)

    @property
    def steps(self) -> int:
        return self.per_epoch * self.job.plan.n_epochs

    def _epoch(self, epoch: int, clock: _Clock) -> None:
        plan, state = self.job.plan, self.state
        lengths = [len(one.ids) for one in self.training]
        order = batches(lengths, plan.batch_size, seed=self.job.seed, epoch=epoch)
        for batch in order[state.step - (epoch - 1) * self.per_epoch :]:
            rate = plan.learning_rate_multiplier * rate_at(state.step, self.steps)
            loss = step(self.model, self.optimizer, self.training, batch, rate)
            state.step += 1
            state.trained_tokens += sum(lengths[at] for at in batch)
            self._tell_step(loss, clock)
            if state.step < epoch * self.per_epoch:
                self._save_now_and_then()
        self._end_epoch(epoch)

    def _tell_step(self, loss: Loss, clock: _Clock) -> None:
        done = self.state.step
        self.state.metrics = {
            "train_loss": round(loss.mean, 4),
            "train_mean_token_accuracy": round(loss.accuracy, 4),
        }
        speed = clock.steps_a_second(done)
        left = (self.steps - done) / speed
        told = (
            f"Step {done}/{self.steps}: training loss={loss.mean:.4f}, "
            f"{speed:.2f} steps a second, {left:.0f} s left"
        )
        metrics = {"step": done, "total_steps": self.steps, **self.state.metrics}
        pace = {"steps_per_second": round(speed, 4), "seconds_left": round(left, 1)}
        self.tell(Report(told, {**metrics, **pace}, left))

    def _end_epoch(self, epoch: int) -> None:
        state = self.state
        if self.validation:
            valid = round(measure(self.model, self.validation).mean, 4)
            state.metrics |= {"valid_loss": valid, "full_valid_loss": valid}
            told = f"Epoch {epoch}/{self.job.plan.n_epochs}: validation loss={valid}"
            self.tell(Report(told, {"step": state.step, "epoch": epoch, "full_valid_loss": valid}))
        checkpoint = Checkpoint(state.step, dict(state.metrics))
        state.checkpoints.append(checkpoint)
        if state.step < self.steps:
            self.model.save_pretrained(self.folder / checkpoint.part, save_embedding_layers=False)
        for old in state.checkpoints[: -_EARLIER_KEPT - 1]:
            shutil.rmtree(self.folder / old.part, ignore_errors=True)
        state.checkpoints = state.checkpoints[-_EARLIER_KEPT - 1 :]
        self._save()

    def _save_now_and_then(self) -> None:
        if time.monotonic() - self._saved >= self.job.checkpoint_seconds:
            self._save()

    def _save(self) -> None:
        states.save(self.folder, self.state, self.model, self.optimizer)
        self._saved = time.monotonic()


class _Clock:
    """Steps a second, since this process began to train."""

    def __init__(self, step: int) -> None:
        self._first = step
        self._started = time.monotonic()

    def steps_a_second(self, step: int) -> float:
        return (step - self._first) / max(time.monotonic() - self._started, 1e-9)
