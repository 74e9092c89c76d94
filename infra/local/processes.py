"""Child processes that never outlive their parent's intention."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from infra.local.workspace import LocalRunError, Workspace

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping, Sequence
    from pathlib import Path
    from types import FrameType

# What is kept is written when its service is asked to end.
GRACE_SECONDS = 20.0
_END_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Children:
    """The processes that one run has started, each the head of its own process group.

    Their own group keeps a terminal's Ctrl-C from reaching them before their parent has decided, and lets the
    parent stop what they started in turn.
    """

    def __init__(self, place: Workspace) -> None:
        self.place = place
        self._running: list[subprocess.Popen[bytes]] = []

    def start(
        self, name: str, command: Sequence[str | Path], *, env: Mapping[str, str]
    ) -> subprocess.Popen[bytes]:
        """Start ``command`` in the background; what it prints goes to ``<name>.log``."""
        with self.log(name).open("ab") as log:
            child = subprocess.Popen(
                [str(part) for part in command],
                env=dict(env),
                cwd=self.place.scratch,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._running.append(child)
        return child

    def run(self, name: str, command: Sequence[str | Path], *, env: Mapping[str, str]) -> None:
        """Run ``command`` to its end.

        Raises:
            LocalRunError: it failed; the message ends in the last lines it printed.
        """
        child = self.start(name, command, env=env)
        if child.wait() != 0:
            raise LocalRunError(f"{name} failed with status {child.returncode}.\n{_tail(self.log(name))}")

    def log(self, name: str) -> Path:
        """The file that holds what ``name`` printed."""
        return self.place.logs / f"{name}.log"

    def stop(self) -> None:
        """End every child and whatever they started, asking first."""
        for child in self._running:
            _signal_group(child, signal.SIGTERM)
        deadline = time.monotonic() + GRACE_SECONDS
        for child in self._running:
            with suppress(subprocess.TimeoutExpired):
                child.wait(timeout=max(0.0, deadline - time.monotonic()))
        for child in self._running:
            _signal_group(child, signal.SIGKILL)
            child.wait()
        self._running.clear()


@contextmanager
def running_children(place: Workspace) -> Generator[Children]:
    """The children of one run, stopped at its end however it ends."""
    started = Children(place)
    try:
        yield started
    finally:
        with _unhurried():
            started.stop()


def stop_on_signals() -> None:
    """Turn every signal that asks for an end into ``SystemExit`` with the customary status."""

    def leave(number: int, _frame: FrameType | None) -> None:
        raise SystemExit(128 + number)

    # SIGINT as well: a shell starts background jobs with SIGINT ignored.
    for number in _END_SIGNALS:
        signal.signal(number, leave)


def free_port() -> int:
    """A loopback port that nothing listens on at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def is_free(port: int) -> bool:
    """Whether nothing listens on a loopback port."""
    with socket.socket() as probe:
        # What was closed a moment ago does not listen any more.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def wait_for_http(url: str, child: subprocess.Popen[bytes], log: Path, *, seconds: float = 30) -> None:
    """Wait until ``url`` answers, whatever it answers.

    Raises:
        LocalRunError: ``child``, which should answer, has ended or stays silent; its log says more.
    """
    # An empty handler keeps a configured proxy from being asked for loopback.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    deadline = time.monotonic() + seconds
    while True:
        try:
            opener.open(url, timeout=1).close()
        except urllib.error.HTTPError:
            return
        except OSError:
            if child.poll() is not None or time.monotonic() > deadline:
                raise LocalRunError(f"{url} does not answer.\n{_tail(log)}") from None
            time.sleep(0.05)
        else:
            return


def _tail(log: Path, lines: int = 30) -> str:
    return "\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:])


def _signal_group(child: subprocess.Popen[bytes], number: int) -> None:
    # macOS says "not permitted" of a group whose members have all ended.
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(child.pid, number)


@contextmanager
def _unhurried() -> Generator[None]:
    """Let an impatient second Ctrl-C not cut the clean-up short."""
    previous = {number: signal.signal(number, signal.SIG_IGN) for number in _END_SIGNALS}
    try:
        yield
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
