"""Talking to the person at the terminal."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

from infra.local.processes import stop_on_signals
from infra.local.workspace import LocalRunError

if TYPE_CHECKING:
    from collections.abc import Callable


class Clock:
    """Says what goes on, and how many seconds after the start."""

    def __init__(self) -> None:
        self._started = time.monotonic()

    @property
    def seconds(self) -> float:
        """Seconds since the start."""
        return time.monotonic() - self._started

    def say(self, message: str) -> None:
        """Print one line with the time."""
        print(f"{self.seconds:6.1f} s  {message}", flush=True)


def run(main: Callable[[], None]) -> None:
    """Run a command to the exit status that its end deserves, stopping in order on Ctrl-C and SIGTERM."""
    stop_on_signals()
    try:
        main()
    except LocalRunError as error:
        print(f"\n{error}", file=sys.stderr)
        sys.exit(1)
