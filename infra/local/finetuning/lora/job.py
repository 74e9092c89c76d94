"""What the server and the training process tell each other: JSON, a line each.

The server sends one job. The process answers with any number of ``report`` lines, then ``trained`` or
``failed``.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from infra.local.finetuning.engine import Checkpoint, Dataset, Message, Plan, Trained

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class TrainingJob:
    """One training: ``folder`` is where its model and its state go, ``base`` a path or a hub id."""

    base: str
    folder: str
    training: Dataset
    validation: Dataset | None
    plan: Plan
    seed: int
    checkpoint_seconds: float

    def line(self) -> str:
        """As it is sent."""
        return json.dumps(asdict(self), ensure_ascii=False)


@dataclass(frozen=True, slots=True)
class Report:
    """See ``engine.Watch.report``."""

    message: str
    metrics: Mapping[str, float] | None = None
    seconds_left: float | None = None


@dataclass(frozen=True, slots=True)
class Failed:
    """Why there will be no model, in words that quote no text."""

    reason: str


Event = Report | Trained | Failed


def read_job(line: str) -> TrainingJob:
    """Undo ``TrainingJob.line``."""
    sent: dict[str, Any] = json.loads(line)
    training, validation, plan = (sent.pop(name) for name in ("training", "validation", "plan"))
    return TrainingJob(
        **sent,
        training=_dataset(training),
        validation=None if validation is None else _dataset(validation),
        plan=Plan(**plan),
    )


def event_line(event: Event) -> str:
    """An event as it is sent."""
    return json.dumps({"kind": type(event).__name__, **asdict(event)}, ensure_ascii=False)


def read_event(line: str) -> Event:
    """Undo ``event_line``."""
    sent: dict[str, Any] = json.loads(line)
    kind = sent.pop("kind")
    if kind == "Report":
        return Report(**sent)
    if kind == "Failed":
        return Failed(**sent)
    checkpoints = tuple(Checkpoint(**each) for each in sent.pop("checkpoints"))
    return Trained(**sent, checkpoints=checkpoints)


def _dataset(sent: dict[str, Any]) -> Dataset:
    return Dataset(sent["kind"], tuple(tuple(Message(**each) for each in one) for one in sent["examples"]))
