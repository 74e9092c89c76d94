"""What the stack leaves behind when it is closed: the last of its tests, for it closes what they share."""

from __future__ import annotations

import os
import subprocess
import time
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.support.deployed import Chain

pytestmark = pytest.mark.e2e


def test_nothing_is_left_running(chain: Chain) -> None:
    started = descendants()
    assert started

    chain.close()

    # An orphan would be nobody's descendant any more, but it would still be there.
    deadline = time.monotonic() + 5
    while left := started & parents_of_processes().keys():
        assert time.monotonic() < deadline, f"still running: {left}"
        time.sleep(0.1)


def descendants() -> set[int]:
    """The processes that this one has started, and those that they have started."""
    found = {os.getpid()}
    parents = parents_of_processes()
    while more := {pid for pid, parent in parents.items() if parent in found} - found:
        found |= more
    return found - {os.getpid()}


def parents_of_processes() -> dict[int, int]:
    listed = subprocess.run(["ps", "-axo", "pid=,ppid="], capture_output=True, text=True, check=True).stdout  # noqa: S607 - where ps stands differs
    return {int(pid): int(parent) for pid, parent in map(str.split, listed.splitlines())}
