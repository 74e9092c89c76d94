"""What a job's creator can follow: its status, events, checkpoint and result file."""

from __future__ import annotations

import csv
import io
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from infra.local.finetuning.engine import Checkpoint
from infra.local.finetuning.files import keep_file
from infra.local.finetuning.store import new_id

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from infra.local.finetuning.engine import Trained
    from infra.local.finetuning.store import Record, Store

ACTIVE = ("validating_files", "queued", "running")
Level = Literal["info", "warn", "error"]
_MARK = ":ckpt-"


def add_event(store: Store, job: str, message: str, *, level: Level = "info") -> None:
    """Tell the job's creator something in words."""
    _add_event(store, job, message, level=level, metrics=None)


def fail(store: Store, job: str, message: str, *, code: str, param: str | None) -> None:
    """End a job without a model."""
    error = {"code": code, "message": message, "param": param}
    now = int(time.time())
    with store.transaction():
        if store.advance(job, "failed", after=ACTIVE, error=error, finished_at=now, estimated_finish=None):
            add_event(store, job, f"The job failed: {message}", level="error")


def checkpoint_model(model: str, part: str) -> str:
    """The name under which a checkpoint in the folder ``part`` of a model answers."""
    return f"{model}{_MARK}{part}"


def model_and_part(name: str) -> tuple[str, str]:
    """The model that a name means, and the folder of its checkpoint, which is empty for the model itself."""
    model, _, part = name.partition(_MARK)
    return model, part


def succeed(store: Store, job: Record, model: str, trained: Trained) -> bool:
    """End a job with a model; false where somebody cancelled it first."""
    identity, now = job["id"], int(time.time())
    with store.transaction():
        done = store.advance(
            identity,
            "succeeded",
            after={"running"},
            fine_tuned_model=model,
            finished_at=now,
            estimated_finish=None,
            trained_tokens=trained.trained_tokens,
            result_files=[_keep_results(store, identity, now)],
        )
        if done is None:
            return False
        store.add("model", {"id": model, "created": now, "job": identity})
        for each in trained.checkpoints:
            _add_checkpoint(store, identity, checkpoint_model(model, each.part), each, now)
        _add_checkpoint(store, identity, model, Checkpoint(trained.steps, trained.metrics), now)
        add_event(store, identity, f"New fine-tuned model created: {model}")
        add_event(store, identity, "The job has successfully completed")
    return True


@dataclass(frozen=True, slots=True)
class JobWatch:
    """The engine's view of a running job (see ``engine.Watch``)."""

    store: Store
    job: str
    stopping: Callable[[], bool]

    def report(
        self,
        message: str,
        metrics: Mapping[str, float] | None = None,
        *,
        seconds_left: float | None = None,
    ) -> None:
        """Add an event, of type ``metrics`` where there are some."""
        with self.store.transaction():
            if seconds_left is not None:
                finish = int(time.time() + seconds_left)
                self.store.advance(self.job, "running", after={"running"}, estimated_finish=finish)
            _add_event(self.store, self.job, message, level="info", metrics=metrics)

    def cancelled(self) -> bool:
        """Whether the job was cancelled, or the server is about to stop."""
        return self.stopping() or not self.wanted()

    def wanted(self) -> bool:
        """Whether the job is to be trained still, by this server or the next."""
        record = self.store.get("job", self.job)
        return record is not None and record["status"] == "running"


def _add_event(
    store: Store, job: str, message: str, *, level: Level, metrics: Mapping[str, float] | None
) -> None:
    event: Record = {
        "id": new_id("ftevent-"),
        "object": "fine_tuning.job.event",
        "created_at": int(time.time()),
        "level": level,
        "message": message,
        "type": "message" if metrics is None else "metrics",
        "data": dict(metrics or {}),
    }
    store.add("event", event, parent=job)


def _add_checkpoint(store: Store, job: str, model: str, checkpoint: Checkpoint, now: int) -> None:
    record: Record = {
        "id": new_id("ftckpt_"),
        "object": "fine_tuning.job.checkpoint",
        "created_at": now,
        "fine_tuned_model_checkpoint": model,
        "fine_tuning_job_id": job,
        "metrics": {"step": checkpoint.step, **checkpoint.metrics},
        "step_number": checkpoint.step,
    }
    store.add("checkpoint", record, parent=job)


def _keep_results(store: Store, job: str, now: int) -> str:
    """Keep the job's metrics as a CSV file with one line per metrics event, and return its id."""
    measured = [event["data"] for event in store.scan("event", parent=job, order="asc") if event["data"]]
    # A training that was taken up again tells the steps since its last checkpoint once more.
    rows = list({(row.get("step"), *row): row for row in measured}.values())
    columns = list(dict.fromkeys(name for row in rows for name in row))
    table = io.StringIO()
    writer = csv.DictWriter(table, columns)
    writer.writeheader()
    writer.writerows(rows)
    content = table.getvalue().encode()
    record: Record = {
        "id": new_id("file-", 22),
        "object": "file",
        "bytes": len(content),
        "created_at": now,
        "filename": "step_metrics.csv",
        "purpose": "fine-tune-results",
        "status": "processed",
        "status_details": None,
        "expires_at": None,
    }
    keep_file(store, record, io.BytesIO(content))
    return record["id"]
