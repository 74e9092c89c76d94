"""Where other hosts of the same protocol behave unlike OpenAI: what an adapter must get along with.

A behaviour changes what the server shows and refuses, never how a model learns.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal

from infra.local.finetuning.journal import ACTIVE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from infra.local.finetuning.store import Record, Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Behaviour:
    """One host's ways.

    Attributes:
        served: how a tuned model comes to answer: at once, as a custom model, or from a deployment that its
            owner makes.
        file_status: what an upload's status is told as: as it is, not at all, or late.
        file_seconds: how late.
        keeps_metadata: jobs keep theirs and are found by it; elsewhere an unknown field is refused.
        shows_mark: a job shows its suffix and its model's name, which contains it.
        takes_auto: hyperparameters may be ``"auto"``.
        checkpoint_model: a field of a checkpoint that names what can be deployed, where the job does not.
        serving_bases: the names under which bases serve, where they train under others.
        lists_models: what can be trained is listed as a model.
        deletes_models: a tuned model can be deleted under its own name.
        trains: jobs can be created at all.
        shutdown_date: the base model's last day, ``YYYY-MM-DD``.
        most_jobs: how many may be under way; whoever creates one more is refused. None takes any number.
        queue_seconds: how long a job stands in the queue before it trains, one after the other.
    """

    served: Literal["at_once", "as_custom_model", "by_hand"] = "at_once"
    file_status: Literal["shown", "hidden", "late"] = "shown"
    file_seconds: float = 1.0
    keeps_metadata: bool = True
    shows_mark: bool = True
    takes_auto: bool = True
    checkpoint_model: str | None = None
    serving_bases: Mapping[str, str] = field(default_factory=dict[str, str])
    lists_models: bool = True
    deletes_models: bool = True
    trains: bool = True
    shutdown_date: str | None = None
    most_jobs: int | None = None
    queue_seconds: float = 0.0

    def shown_job(self, record: Record) -> Record:
        """A job as the host tells of it."""
        hidden = {"adapter"} if self.shows_mark else {"adapter", "user_provided_suffix"}
        shown = {name: value for name, value in record.items() if name not in hidden}
        return shown if self.shows_mark else {**shown, "fine_tuned_model": None}

    def shown_file(self, record: Record, *, fresh: bool) -> Record:
        """A file as the host tells of it; ``fresh`` where it has just come."""
        if self.file_status == "hidden":
            return {**record, "status": None}
        return {**record, "status": "pending"} if self.file_status == "late" and fresh else record

    def has_place(self, store: Store) -> bool:
        """Whether one more job may be under way."""
        under_way = sum(job["status"] in ACTIVE for job in store.scan("job"))
        return self.most_jobs is None or under_way < self.most_jobs


BEHAVIOURS: Final[Mapping[str, Behaviour]] = {
    "openai": Behaviour(),
    "nebius": Behaviour(
        served="as_custom_model",
        file_status="hidden",
        keeps_metadata=False,
        shows_mark=False,
        takes_auto=False,
        serving_bases={"meta-llama/Llama-3.1-8B-Instruct": "meta-llama/Meta-Llama-3.1-8B-Instruct"},
        lists_models=False,
        deletes_models=False,
    ),
    "crusoe": Behaviour(
        served="by_hand",
        keeps_metadata=False,
        checkpoint_model="fine_tuned_model_id",
        lists_models=False,
        deletes_models=False,
    ),
    "foundry": Behaviour(served="by_hand", file_status="late", keeps_metadata=False, deletes_models=False),
}
