"""Where the local chain finds its tools and puts what it makes."""

from __future__ import annotations

import fcntl
import os
import shutil
import sys
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Generator

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / "build"
LOCAL = BUILD / "local"
PYTHON = Path(sys.executable)
MINISTACK = PYTHON.parent / "ministack"
UV = PYTHON.parent / "uv"
# The engine lora runs in an environment of its own: torch is larger than all the rest together.
LORA_PYTHON = ROOT / ".venv-lora" / "bin" / "python"
GEMMA = ROOT / ".models" / "gemma-3-270m"
SAM = ROOT / ".venv-sam" / "bin" / "sam"


class LocalRunError(Exception):
    """The local chain cannot go on; the message is for the person at the terminal."""


@dataclass(frozen=True, slots=True)
class Workspace:
    """One run's folders: ``scratch`` goes when the run ends, ``logs`` stay until the next one.

    ``kept``, where there is one, is a person's own: the next run with it goes on from there.
    """

    scratch: Path
    logs: Path
    kept: Path | None = None

    @property
    def state(self) -> Path:
        """Where what was dropped and trained is held."""
        return self.kept or self.scratch

    @property
    def sam_settings(self) -> Path:
        """An empty samconfig.toml: the person's own one is about their account."""
        return self.scratch / "samconfig.toml"


@contextmanager
def workspace(name: str, kept: Path | None = None) -> Generator[Workspace]:
    """Take the workspace ``name`` for this process alone; ``kept`` is made where it is missing.

    Raises:
        LocalRunError: another process has it.
    """
    LOCAL.mkdir(parents=True, exist_ok=True)
    with (LOCAL / f"{name}.lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            raise LocalRunError(
                f"make {name} is already running in this checkout (process {lock.read()}); stop it first."
            ) from None
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        scratch, logs = LOCAL / "run" / name, LOCAL / "logs" / name
        for folder in (scratch, logs):
            # A run that was killed outright may have left its folders.
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
        try:
            place = Workspace(scratch, logs, kept)
            if kept:
                kept.mkdir(parents=True, exist_ok=True, mode=0o700)
            place.sam_settings.write_text("version = 0.1\n", encoding="utf-8")
            yield place
        finally:
            shutil.rmtree(scratch, ignore_errors=True)
            with suppress(OSError):
                scratch.parent.rmdir()
