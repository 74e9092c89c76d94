"""The training process, as the server holds it."""

from __future__ import annotations

import os
import queue
import signal
import subprocess
import sys
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Final

from infra.local.finetuning.engine import Trained, TrainingCancelled, TrainingFailed
from infra.local.finetuning.lora.job import Failed, read_event

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from infra.local.finetuning.engine import Watch
    from infra.local.finetuning.lora.job import Event, TrainingJob

ROOT: Final = Path(__file__).resolve().parents[4]
POLL_SECONDS: Final = 0.05
OUT_OF_MEMORY: Final = "A smaller batch_size or a smaller base model needs less."


def run(job: TrainingJob, watch: Watch) -> Trained:
    """Train in a process of its own, which ends with this call however it ends.

    A cancelled training is killed in the midst of a step: what it leaves is as good as what a dead server
    leaves.

    Raises:
        TrainingCancelled: ``watch`` says so.
        TrainingFailed: the process says why it could not, or died.
    """
    with started(job) as process, _events(process) as next_event:
        while True:
            if watch.cancelled():
                raise TrainingCancelled
            try:
                event = next_event()
            except queue.Empty:
                continue
            if event is None:
                raise TrainingFailed(_cause_of_death(process.wait()))
            if isinstance(event, Failed):
                raise TrainingFailed(event.reason)
            if isinstance(event, Trained):
                return event
            watch.report(event.message, event.metrics, seconds_left=event.seconds_left)


@contextmanager
def started(job: TrainingJob) -> Generator[subprocess.Popen[str]]:
    """The process that trains a job, for as long as the block lasts."""
    command = [sys.executable, "-m", "infra.local.finetuning.lora.worker"]
    path = [str(ROOT), str(ROOT / "shared"), *filter(None, [os.environ.get("PYTHONPATH")])]
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(path)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        encoding="utf-8",
    )
    try:
        if process.stdin is not None:
            # It may have died already; its end tells why.
            with suppress(BrokenPipeError):
                process.stdin.write(job.line() + "\n")
                process.stdin.flush()
        yield process
    finally:
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                with suppress(BrokenPipeError):
                    pipe.close()


@contextmanager
def _events(process: subprocess.Popen[str]) -> Generator[Callable[[], Event | None]]:
    """What the process tells: an event, ``queue.Empty`` for none at the moment, ``None`` for its end."""
    told: queue.Queue[Event | None] = queue.Queue()

    def listen() -> None:
        # A process that dies in the midst of a line leaves half of one.
        with suppress(ValueError):
            for line in process.stdout or ():
                told.put(read_event(line))
        told.put(None)

    listener = Thread(target=listen, name="training-events", daemon=True)
    listener.start()
    try:
        yield lambda: told.get(timeout=POLL_SECONDS)
    finally:
        process.kill()
        listener.join()


def _cause_of_death(status: int) -> str:
    if status == -signal.SIGKILL:
        return f"The training process was killed, most likely for want of memory. {OUT_OF_MEMORY}"
    if status < 0:
        return (
            f"The training process died of {signal.Signals(-status).name}; the server's output may say why."
        )
    return f"The training process ended with status {status}; the server's output says why."
