"""Waiting for what other threads do."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

SECONDS = 60.0
# To look takes a part of the processor, which whoever is waited for lacks meanwhile.
PAUSE = 0.05


def until(condition: Callable[[], object], *, seconds: float = SECONDS, pause: float = PAUSE) -> None:
    """Wait until ``condition`` holds."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not within {seconds:g} seconds"
        time.sleep(pause)
