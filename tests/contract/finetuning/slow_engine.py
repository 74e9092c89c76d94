"""An engine that trains until it is allowed to end, to look at jobs in between."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from threading import Event
from typing import TYPE_CHECKING

from infra.local.finetuning.engine import Trained, TrainingCancelled
from infra.local.finetuning.retrieval.engine import RetrievalEngine

if TYPE_CHECKING:
    from pathlib import Path

    from infra.local.finetuning.engine import Dataset, Hyperparameters, Plan, Watch
    from infra.local.finetuning.retrieval.model import RetrievalModel


@dataclass(frozen=True)
class SlowEngine:
    """Trains as the retrieval engine does, or raises ``failure``, once ``gate`` is set."""

    gate: Event = field(default_factory=Event)
    failure: Exception | None = None
    base_model: str = "slow-1"

    def plan(self, wanted: Hyperparameters, examples: int) -> Plan:
        return RetrievalEngine().plan(wanted, examples)

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
        while not self.gate.is_set():
            if watch.cancelled():
                raise TrainingCancelled
            time.sleep(0.005)
        if self.failure is not None:
            raise self.failure
        return RetrievalEngine().train(training, validation, plan, seed=seed, folder=folder, watch=watch)

    def load(self, folder: Path) -> RetrievalModel:
        return RetrievalEngine().load(folder)
