"""The real engine with something in its way: what a run does when training goes otherwise than well."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from infra.local.finetuning.engine import TrainingCancelled
from infra.local.finetuning.retrieval.engine import RetrievalEngine

if TYPE_CHECKING:
    from pathlib import Path

    from infra.local.finetuning.engine import Dataset, Hyperparameters, Model, Plan, Trained, Watch


@dataclass
class HinderedEngine:
    """Waits until ``may_finish`` is set, fails ``failures`` times, and then trains."""

    failures: int = 0
    started: threading.Event = field(default_factory=threading.Event)
    may_finish: threading.Event = field(default_factory=threading.Event)
    real: RetrievalEngine = field(default_factory=RetrievalEngine)

    @property
    def base_model(self) -> str:
        return self.real.base_model

    def plan(self, wanted: Hyperparameters, examples: int) -> Plan:
        return self.real.plan(wanted, examples)

    def train(  # noqa: PLR0913 - the engine's signature
        self,
        training: Dataset,
        validation: Dataset | None,
        plan: Plan,
        *,
        seed: int,
        folder: Path,
        watch: Watch,
    ) -> Trained:
        self.started.set()
        while not self.may_finish.wait(0.005):
            if watch.cancelled():
                raise TrainingCancelled
        if self.failures:
            self.failures -= 1
            raise MemoryError("out of memory")
        return self.real.train(training, validation, plan, seed=seed, folder=folder, watch=watch)

    def load(self, folder: Path) -> Model:
        return self.real.load(folder)


def broken_engine(failures: int) -> HinderedEngine:
    """An engine that fails at once, that often."""
    engine = HinderedEngine(failures)
    engine.may_finish.set()
    return engine
