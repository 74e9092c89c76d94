"""The real engine with a gate in front of it: what happens while a job trains, and when it fails."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from infra.local.finetuning.engine import Trained, TrainingCancelled
from infra.local.finetuning.retrieval.engine import RetrievalEngine

if TYPE_CHECKING:
    from pathlib import Path

    from infra.local.finetuning.engine import Dataset, Hyperparameters, Plan, Watch
    from infra.local.finetuning.retrieval.model import RetrievalModel


@dataclass
class GatedEngine:
    """Says ``told``, waits until ``gate`` is set, raises ``failure`` that many ``times``, then trains."""

    failure: Exception | None = None
    times: int = 1
    base_model: str = "maltu-retrieval-1"
    told: str | None = None
    gate: threading.Event = field(default_factory=threading.Event)
    started: threading.Event = field(default_factory=threading.Event)

    def plan(self, wanted: Hyperparameters, examples: int) -> Plan:
        return RetrievalEngine().plan(wanted, examples)

    def train(  # noqa: PLR0913 - the protocol's inputs
        self,
        training: Dataset,
        validation: Dataset | None,
        plan: Plan,
        *,
        seed: int,
        folder: Path,
        watch: Watch,
    ) -> Trained:
        if self.told:
            watch.report(self.told)
        self.started.set()
        while not self.gate.wait(0.005):
            if watch.cancelled():
                raise TrainingCancelled
        if self.failure is not None and self.times:
            self.times -= 1
            raise self.failure
        return RetrievalEngine().train(training, validation, plan, seed=seed, folder=folder, watch=watch)

    def base(self) -> None:
        RetrievalEngine().base()

    def load(self, folder: Path) -> RetrievalModel:
        return RetrievalEngine().load(folder)


def broken_engine() -> GatedEngine:
    """An engine whose first training fails at once."""
    engine = GatedEngine(MemoryError("out of memory"))
    engine.gate.set()
    return engine
