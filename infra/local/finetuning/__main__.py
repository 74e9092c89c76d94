"""``python -m infra.local.finetuning``: run the server until it is told to stop."""

from __future__ import annotations

import argparse
import os
import signal
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from infra.local.finetuning.app import create_app
from infra.local.finetuning.behaviour import BEHAVIOURS
from infra.local.finetuning.engines import NAMES, open_engine
from infra.local.finetuning.serving import Server, address, listen

if TYPE_CHECKING:
    from collections.abc import Sequence

KEY_VARIABLE = "FINETUNING_API_KEY"


def _stopped(_number: int, _frame: object) -> None:
    pass


def main(arguments: Sequence[str] | None = None) -> None:
    """Serve on 127.0.0.1 until SIGTERM or SIGINT."""
    parser = argparse.ArgumentParser(prog="python -m infra.local.finetuning", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0, the default, takes a free port")
    parser.add_argument("--data", type=Path, required=True, help="folder for files, jobs and models")
    parser.add_argument("--engine", choices=NAMES, default=NAMES[0])
    parser.add_argument("--base-model", help="what the engine lora tunes: a folder, a GGUF file or a hub id")
    parser.add_argument(
        "--host-behaviour",
        choices=BEHAVIOURS,
        default="openai",
        help="whose ways it has: for trying what a host of the same protocol does otherwise",
    )
    parser.add_argument("--jobs", type=int, help="how many may be under way at a time; any number by default")
    parser.add_argument("--queue-seconds", type=float, default=0.0, help="how long each waits to be trained")
    parser.add_argument(
        "--api-key",
        default=os.environ.get(KEY_VARIABLE),
        help="the Bearer token that callers must send; "
        f"better set as {KEY_VARIABLE}, where no process list shows it",
    )
    chosen = parser.parse_args(arguments)
    try:
        engine = open_engine(chosen.engine, chosen.base_model)
    except ValueError as error:
        parser.error(str(error))
    host = replace(
        BEHAVIOURS[chosen.host_behaviour], most_jobs=chosen.jobs, queue_seconds=chosen.queue_seconds
    )
    app = create_app(chosen.data, engine=engine, api_key=chosen.api_key, host=host)
    try:
        listener = listen(chosen.port)
    except OSError as error:
        parser.error(f"cannot listen on port {chosen.port}: {error.strerror}")
    # uvicorn stops on these signals and then raises them again; having stopped cleanly is no failure.
    for stop in (signal.SIGTERM, signal.SIGINT):
        signal.signal(stop, _stopped)
    Server(app, lambda: print(f"listening on {address(listener)}", flush=True)).run([listener])


if __name__ == "__main__":
    main()
