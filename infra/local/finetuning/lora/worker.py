"""``python -m infra.local.finetuning.lora.worker``: the training process; ``job.py`` has what it says."""

from __future__ import annotations

import os
import sys
import traceback
from threading import Thread

from infra.local.finetuning.engine import TrainingFailed
from infra.local.finetuning.lora.job import Failed, event_line, read_job
from infra.local.finetuning.lora.process import OUT_OF_MEMORY

_WANT_OF_MEMORY = ("out of memory", "can't allocate memory", "not enough memory")


def main() -> None:
    """Train the one job that standard input names, and tell how it goes on standard output."""
    # Whatever prints, in C too, prints for the person at the terminal: this pipe is for events only.
    with os.fdopen(os.dup(1), "w", encoding="utf-8") as events:
        os.dup2(2, 1)

        def tell(event: object) -> None:
            print(event_line(event), file=events, flush=True)  # pyright: ignore[reportArgumentType]  # an Event

        job = read_job(sys.stdin.readline())
        Thread(target=_end_with_the_server, daemon=True).start()
        try:
            from infra.local.finetuning.lora.training import train  # noqa: PLC0415  a failing import is told too

            tell(train(job, tell))
        except TrainingFailed as error:
            tell(Failed(str(error)))
        except Exception as error:  # noqa: BLE001  whatever happened, the server is told
            tell(Failed(reason_of(error)))


def _end_with_the_server() -> None:
    # It holds the other end of the pipe for as long as it lives.
    sys.stdin.read()
    os._exit(1)


def reason_of(error: Exception) -> str:
    """What to tell whoever wanted the training; the rest goes to standard error."""
    # The exception's own text may quote the dataset, so only its class and place are shown.
    print(type(error).__name__, *traceback.format_tb(error.__traceback__), sep="\n", file=sys.stderr)
    name = type(error).__name__
    if isinstance(error, MemoryError) or any(words in str(error).lower() for words in _WANT_OF_MEMORY):
        return f"The training ran out of memory. {OUT_OF_MEMORY}"
    return f"The training failed with {name}; the server's output says where."


if __name__ == "__main__":
    main()
