"""What a training engine offers to the server, and what it is given.

An engine turns a dataset into a folder, and a folder into a model that answers. It knows nothing of HTTP,
jobs or files; the server knows nothing of how a model learns.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

Role = Literal["system", "user", "assistant"]
FinishReason = Literal["stop", "length"]


class TrainingCancelled(Exception):
    """Raised by an engine that found its ``Watch`` cancelled."""


class TrainingFailed(Exception):
    """Raised by an engine that cannot train; the job's creator reads the message, which quotes no text."""


@dataclass(frozen=True, slots=True)
class Message:
    """One turn of a conversation; ``learned`` is false where the dataset says ``"weight": 0``."""

    role: Role
    content: str
    learned: bool = True


@dataclass(frozen=True, slots=True)
class Dataset:
    """The examples of one file.

    A ``chat`` example is a conversation. A ``completions`` example is a user message that holds the raw
    prompt and an assistant message that holds the raw completion.
    """

    kind: Literal["chat", "completions"]
    examples: tuple[tuple[Message, ...], ...]


@dataclass(frozen=True, slots=True)
class Hyperparameters:
    """What the job's creator chose; ``None`` stands for ``"auto"``."""

    n_epochs: int | None = None
    batch_size: int | None = None
    learning_rate_multiplier: float | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """Hyperparameters with nothing left to decide."""

    n_epochs: int
    batch_size: int
    learning_rate_multiplier: float


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """An earlier state of a model, which answers too; ``load`` finds it in the model's folder ``part``."""

    step: int
    metrics: Mapping[str, float]

    @property
    def part(self) -> str:
        """The name of its folder."""
        return f"step-{self.step}"


@dataclass(frozen=True, slots=True)
class Trained:
    """What the job's creator is told about a finished training.

    ``trained_tokens`` counts in the engine's own tokens, over all epochs; ``metrics`` carries OpenAI's
    checkpoint metrics (``train_loss``, ``valid_loss``, ``full_valid_loss``, …) as far as the engine has them.
    """

    trained_tokens: int
    steps: int
    metrics: Mapping[str, float]
    checkpoints: tuple[Checkpoint, ...] = ()


@dataclass(frozen=True, slots=True)
class Sampling:
    """How to choose among possible answers; ``max_tokens`` counts in the engine's own tokens.

    Without a ``temperature``, each engine takes the one it does best with.
    """

    temperature: float | None = None
    top_p: float = 1.0
    seed: int | None = None
    max_tokens: int | None = None


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of an answer; the last piece says why the answer ended, and may be empty."""

    text: str
    tokens: int
    finish: FinishReason | None = None


class Watch(Protocol):
    """The running job, as its engine sees it."""

    def report(
        self,
        message: str,
        metrics: Mapping[str, float] | None = None,
        *,
        seconds_left: float | None = None,
    ) -> None:
        """Tell the job's creator how far the training is."""
        ...

    def cancelled(self) -> bool:
        """Whether to raise ``TrainingCancelled``; cheap enough to be asked once a batch."""
        ...


class Model(Protocol):
    """A trained model; safe to use from several threads."""

    def reply(self, messages: Sequence[Message], sampling: Sampling) -> Iterator[Piece]:
        """Answer a conversation as its assistant."""
        ...

    def complete(self, prompt: str, sampling: Sampling) -> Iterator[Piece]:
        """Continue a raw prompt."""
        ...

    def count_tokens(self, prompt: str | Sequence[Message]) -> int:
        """Count the engine's tokens in a text, or in a conversation as the model reads it."""
        ...

    @property
    def context_window(self) -> int | None:
        """How many tokens prompt and answer may have together; ``None`` where it does not matter."""
        ...


class Engine(Protocol):
    """A way of learning to answer from a dataset."""

    @property
    def base_model(self) -> str:
        """The model name that callers fine-tune."""
        ...

    def plan(self, wanted: Hyperparameters, examples: int) -> Plan:
        """Decide what the job's creator left to ``"auto"``, from the number of training examples."""
        ...

    def train(  # noqa: PLR0913  each argument is one independent input of a training
        self,
        training: Dataset,
        validation: Dataset | None,
        plan: Plan,
        *,
        seed: int,
        folder: Path,
        watch: Watch,
    ) -> Trained:
        """Write a model into ``folder``, which exists.

        It is empty, or holds what an earlier call with the same arguments had written when its process died;
        the engine may go on from there.

        Raises:
            TrainingCancelled: ``watch.cancelled()`` turned true.
            TrainingFailed: it cannot be done, for a reason that the job's creator can understand.
        """
        ...

    def load(self, folder: Path) -> Model:
        """Open what ``train`` wrote."""
        ...

    def base(self) -> Model | None:
        """The base model as it is before any training; ``None`` where it has nothing to answer."""
        ...
