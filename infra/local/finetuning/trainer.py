"""The two workers behind the jobs: one validates files, one trains, each one job at a time."""

from __future__ import annotations

import logging
import traceback
from threading import Event, Thread
from typing import TYPE_CHECKING

from infra.local.finetuning.engine import TrainingCancelled, TrainingFailed
from infra.local.finetuning.journal import add_event, fail
from infra.local.finetuning.training import JobFailed, remove_leftovers, train, validate

if TYPE_CHECKING:
    from collections.abc import Callable

    from infra.local.finetuning.engine import Engine
    from infra.local.finetuning.store import Record, Store

PATIENCE = 5.0
_log = logging.getLogger(__name__)


class Trainer:
    """Moves jobs from ``validating_files`` over ``queued`` and ``running`` to their end.

    Jobs that were running when the server died are queued again; the engine goes on from where it was, or
    trains from the start.
    """

    def __init__(self, store: Store, engine: Engine, queue_seconds: float = 0.0) -> None:
        self._store = store
        self._queue_seconds = queue_seconds
        self._stopping = Event()
        self._wakes: list[Event] = []
        self._threads: list[Thread] = []
        self._work: dict[str, Callable[[Record], None]] = {
            "validating_files": lambda job: validate(store, engine, job),
            "queued": lambda job: self._train(engine, job),
        }

    def start(self) -> None:
        """Take up the jobs that an earlier server left, and wait for new ones."""
        for job in self._jobs("running"):
            if self._store.advance(job["id"], "queued", after={"running"}):
                add_event(self._store, job["id"], "The server was restarted; the job is queued again")
        remove_leftovers(self._store)
        for status in self._work:
            wake = Event()
            thread = Thread(target=self._loop, args=(status, wake), name=f"jobs-{status}", daemon=True)
            self._wakes.append(wake)
            self._threads.append(thread)
            thread.start()

    def stop(self) -> None:
        """Let go of the running job, which the next start takes up again."""
        self._stopping.set()
        self.wake()
        for thread in self._threads:
            thread.join(PATIENCE)

    def wake(self) -> None:
        """Look for work now."""
        for wake in self._wakes:
            wake.set()

    def _jobs(self, status: str) -> list[Record]:
        return [job for job in self._store.scan("job", order="asc") if job["status"] == status]

    def _loop(self, status: str, wake: Event) -> None:
        while not self._stopping.is_set():
            wake.clear()
            waiting = self._jobs(status)
            for job in waiting:
                if self._stopping.is_set():
                    return
                self._attempt(job, status)
            if waiting:
                self.wake()
            else:
                wake.wait()

    def _train(self, engine: Engine, job: Record) -> None:
        if not self._stopping.wait(self._queue_seconds):
            train(self._store, engine, job, self._stopping.is_set)

    def _attempt(self, job: Record, status: str) -> None:
        identity = job["id"]
        try:
            self._work[status](job)
        except TrainingCancelled:
            _log.info("Job %s let go", identity)
        except JobFailed as error:
            fail(self._store, identity, str(error), code=error.code, param=error.param)
        except TrainingFailed as error:
            fail(self._store, identity, str(error), code="server_error", param=None)
        except Exception as error:  # noqa: BLE001  whatever happens to one job, the next one must get its turn
            # The exception's own text may quote the dataset, so only its class and place are shown.
            place = "".join(traceback.format_tb(error.__traceback__))
            _log.error("Job %s failed with %s\n%s", identity, type(error).__name__, place)
            fail(
                self._store,
                identity,
                f"The training failed with {type(error).__name__}; the server's output says where.",
                code="server_error",
                param=None,
            )
