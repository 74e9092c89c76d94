"""The real engine with a gate in front of it, and models that say what a test wants them to."""

from __future__ import annotations

import random
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from infra.local.finetuning.engine import Piece, Trained, TrainingCancelled
from infra.local.finetuning.retrieval.engine import RetrievalEngine

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from infra.local.finetuning.engine import Dataset, Hyperparameters, Message, Plan, Sampling, Watch
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


@dataclass
class SpeakingEngine:
    """Models that answer as ``says`` did when they were loaded, whatever they were trained with.

    The base model answers as ``untuned`` does, if it is given.
    """

    says: Callable[[str, random.Random], str]
    untuned: Callable[[str, random.Random], str] | None = None
    base_model: str = "maltu-retrieval-1"

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
        return RetrievalEngine().train(training, validation, plan, seed=seed, folder=folder, watch=watch)

    def base(self) -> SpeakingModel | None:
        return SpeakingModel(self.untuned) if self.untuned else None

    def load(self, folder: Path) -> SpeakingModel:
        del folder
        return SpeakingModel(self.says)


@dataclass
class SpeakingModel:
    """Answers the last message; the same question gets the same answer."""

    says: Callable[[str, random.Random], str]
    context_window: None = None

    def reply(self, messages: Sequence[Message], sampling: Sampling) -> Iterator[Piece]:
        return self.complete(messages[-1].content, sampling)

    def complete(self, prompt: str, sampling: Sampling) -> Iterator[Piece]:
        del sampling
        answer = self.says(prompt, random.Random(prompt))  # noqa: S311 - nothing secret is drawn
        yield Piece(answer, self.count_tokens(answer), "stop")

    def count_tokens(self, prompt: str | Sequence[Message]) -> int:
        return len(prompt)
