from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from infra.local.finetuning.engine import Hyperparameters
from infra.local.finetuning.retrieval.engine import RetrievalEngine
from tests.unit.finetuning.dialogue import dataset

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from infra.local.finetuning.engine import Dataset
    from infra.local.finetuning.retrieval.model import RetrievalModel

    Train = Callable[[Dataset], RetrievalModel]


@dataclass
class RecordingWatch:
    """Remembers what was reported, and turns cancelled after being asked ``patience`` times."""

    patience: int = 1_000_000
    metrics: list[Mapping[str, float]] = field(default_factory=list)

    def report(
        self,
        message: str,
        metrics: Mapping[str, float] | None = None,
        *,
        seconds_left: float | None = None,
    ) -> None:
        assert message
        assert seconds_left is None or seconds_left >= 0
        if metrics is not None:
            self.metrics.append(metrics)

    def cancelled(self) -> bool:
        self.patience -= 1
        return self.patience < 0


@pytest.fixture
def watch() -> RecordingWatch:
    return RecordingWatch()


@pytest.fixture
def train(tmp_path: Path, watch: RecordingWatch) -> Train:
    def trained(training: Dataset) -> RetrievalModel:
        engine = RetrievalEngine()
        plan = engine.plan(Hyperparameters(), len(training.examples))
        engine.train(training, None, plan, seed=7, folder=tmp_path, watch=watch)
        return engine.load(tmp_path)

    return trained


@pytest.fixture
def minji(train: Train) -> RetrievalModel:
    return train(dataset("minji"))
