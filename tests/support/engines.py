"""Engines that wrap the real one, to show what a run does when training goes otherwise than well."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

from infra.local.finetuning.engine import TrainingCancelled
from infra.local.finetuning.retrieval.engine import RetrievalEngine

if TYPE_CHECKING:
    from pathlib import Path

    from infra.local.finetuning.engine import Dataset, Plan, Trained, Watch


class StalledEngine(RetrievalEngine):
    """Trains only when it is let; gives up when cancelled."""

    def __init__(self) -> None:
        super().__init__()
        self.started = threading.Event()
        self.may_finish = threading.Event()

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
        """Wait, then train."""
        self.started.set()
        while not self.may_finish.wait(0.005):
            if watch.cancelled():
                raise TrainingCancelled
        return super().train(training, validation, plan, seed=seed, folder=folder, watch=watch)


class BrokenEngine(RetrievalEngine):
    """Fails as often as it is told to, then trains."""

    def __init__(self, failures: int) -> None:
        super().__init__()
        self.failures = failures

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
        """Fail, or train."""
        time.sleep(0.01)
        if self.failures:
            self.failures -= 1
            raise MemoryError("out of memory")
        return super().train(training, validation, plan, seed=seed, folder=folder, watch=watch)
