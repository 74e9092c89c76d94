"""The engine as the server sees it; torch is imported when a model is first asked, and never to start."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

from infra.local.finetuning.engine import Plan
from infra.local.finetuning.lora import process
from infra.local.finetuning.lora.job import TrainingJob

if TYPE_CHECKING:
    from infra.local.finetuning.engine import Dataset, Hyperparameters, Trained, Watch
    from infra.local.finetuning.lora.adapters import Host
    from infra.local.finetuning.lora.model import LoraModel

PREFIX = "maltu-lora/"  # by which the chain knows that it costs nothing
_EPOCHS = 3
_FEWEST_BATCHES, _LARGEST_BATCH = 16, 16


@dataclass(slots=True)
class LoraEngine:
    """Tunes the causal language model ``source``: a folder, a GGUF file or a hub id.

    A training that is interrupted loses at most ``checkpoint_seconds`` and one step.
    """

    source: str
    checkpoint_seconds: float = 60.0
    _host: Host | None = None
    _lock: Lock = field(default_factory=Lock)

    @property
    def base_model(self) -> str:
        """Where it is tuned, and the last part of its path, or its hub id."""
        path = Path(self.source).expanduser()
        name = path.resolve().name.removesuffix(".gguf") if path.exists() else self.source
        return f"{PREFIX}{name}"

    def plan(self, wanted: Hyperparameters, examples: int) -> Plan:
        """Three epochs, as hosts choose for most datasets, in at least 16 batches of at most 16 examples."""
        return Plan(
            n_epochs=wanted.n_epochs or _EPOCHS,
            batch_size=wanted.batch_size or min(_LARGEST_BATCH, max(1, examples // _FEWEST_BATCHES)),
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
        """Tune an adapter in a process of its own, and make the server ready to be asked.

        Raises:
            TrainingCancelled: somebody cancelled the job, or the server stops.
            TrainingFailed: the training process says why, or died.
        """
        job = TrainingJob(
            base=self.source,
            folder=str(folder.resolve()),
            training=training,
            validation=validation,
            plan=plan,
            seed=seed,
            checkpoint_seconds=self.checkpoint_seconds,
        )
        trained = process.run(job, watch)
        watch.report("Loading the base model, to answer")
        self._opened().open()
        return trained

    def load(self, folder: Path) -> LoraModel:
        """A tuned model."""
        return self._model(folder)

    def base(self) -> LoraModel:
        """The base model as it is."""
        return self._model(None)

    def _model(self, folder: Path | None) -> LoraModel:
        host = self._opened()
        from infra.local.finetuning.lora.model import LoraModel  # noqa: PLC0415  it imports torch

        return LoraModel(host, folder)

    def _opened(self) -> Host:
        from infra.local.finetuning.lora.adapters import Host  # noqa: PLC0415  it imports torch

        with self._lock:
            self._host = self._host or Host(self.source)
            return self._host
