"""`sam build` for this machine, done again only when something that goes into it has changed."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import sysconfig
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from infra.local.environment import build_environment
from infra.local.template import for_one_machine
from infra.local.workspace import LOCAL, PYTHON, ROOT, SAM, UV

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from infra.local.processes import Children

_SAM = LOCAL / "sam"
_SOURCES = ("functions", "shared")
_FILES = ("template.yaml", "infra/*.asl.*", "infra/local/template.py", "infra/local/runtime.py")


@contextmanager
def built_stack(children: Children) -> Generator[Path]:
    """The built template, ready to deploy to the local endpoint; its files stay as they are within the block.

    Builds live in folders named after their inputs, because a stack that is up imports its layer from there
    while the next build is made.

    Raises:
        LocalRunError: `sam build` failed.
    """
    _SAM.mkdir(parents=True, exist_ok=True)
    folder = _SAM / _fingerprint()
    with (_SAM / f"{folder.name}.lock").open("w") as in_use:
        with (_SAM / "build.lock").open("w") as building:
            fcntl.flock(building, fcntl.LOCK_EX)
            fcntl.flock(in_use, fcntl.LOCK_SH)
            _remove_unused(keep=folder)
            template = folder / "template.local.json"
            if not template.exists():
                _build(children, folder)
                for_one_machine(folder / "template.yaml", template)
        yield template


def _build(children: Children, folder: Path) -> None:
    command = [
        SAM, "build", "--config-file", children.place.sam_settings, "--template-file", ROOT / "template.yaml",
        "--build-dir", folder, "--cached", "--cache-dir", _SAM / "cache", "--parallel",
    ]  # fmt: skip
    env = build_environment(children.place.scratch) | {"LAYER_INTERPRETER": str(PYTHON), "UV": str(UV)}
    children.run("sam-build", command, env=env)


def _fingerprint() -> str:
    """A name for everything that the build reads: the sources, this Python and this platform."""
    digest = hashlib.sha256(f"{PYTHON} {sysconfig.get_platform()} {sysconfig.get_python_version()}".encode())
    for path in _input_files():
        content = hashlib.sha256(path.read_bytes()).hexdigest()
        digest.update(f"{path.relative_to(ROOT)} {content}\n".encode())
    return digest.hexdigest()[:16]


def _input_files() -> Iterator[Path]:
    for pattern in _FILES:
        yield from sorted(ROOT.glob(pattern))
    for source in _SOURCES:
        for folder, folders, files in os.walk(ROOT / source):
            folders[:] = sorted(set(folders) - {"__pycache__"})
            yield from (Path(folder) / file for file in sorted(files))


def _remove_unused(keep: Path) -> None:
    for lock in _SAM.glob("????????????????.lock"):
        folder = lock.with_suffix("")
        if folder == keep:
            continue
        with lock.open("w") as in_use, suppress(BlockingIOError):
            fcntl.flock(in_use, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(folder, ignore_errors=True)
            lock.unlink()
