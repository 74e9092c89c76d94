"""``make build-twice``: the same sources, built from two clean folders, are the same artifacts, byte by byte.

The folders differ in path, times and umask. Where the machine has Node.js of its own, the second build also
does without this checkout's environment, and with it without its Python, uv and Node.js.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from infra.local.workspace import BUILD, ROOT, SAM

PLACES = (("here", 0o022), ("somewhere/else", 0o077))


def main() -> None:
    """Build twice; name what differs, and end with an error where anything does."""
    BUILD.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=BUILD) as folder:
        first, second = (_built(Path(folder, place), umask) for place, umask in PLACES)
    different = sorted(name for name in first.keys() | second.keys() if first.get(name) != second.get(name))
    for name in different[:50]:
        print(name)  # noqa: T201 - it talks to a person at a terminal
    if different:
        sys.exit(f"{len(different)} of {len(first)} files differ.")
    print(f"The same {len(first):,} files, twice.")  # noqa: T201 - as above


def _built(place: Path, umask: int) -> dict[str, str]:
    """Build a copy of the sources; give the mode and digest of each file that is uploaded."""
    env = {**os.environ, "SAM_CLI_TELEMETRY": "0"}
    before = os.umask(umask)
    try:
        _copy_sources(place)
        if umask == PLACES[0][1] or not (shutil.which("node") and shutil.which("npm")):
            (place / ".venv").symlink_to(ROOT / ".venv")
            env["PATH"] = f"{ROOT / '.venv' / 'bin'}{os.pathsep}{env['PATH']}"
        subprocess.run([SAM, "build", "--parallel"], cwd=place, env=env, check=True)  # noqa: S603 - ours
    finally:
        os.umask(before)
    built = place / ".aws-sam" / "build"
    return {
        str(path.relative_to(built)): f"{path.stat().st_mode:o} {_digest(path)}"
        for artifact in built.iterdir()
        for path in artifact.rglob("*")
        if path.is_file()
    }


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _copy_sources(place: Path) -> None:
    git = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(git, cwd=ROOT, check=True, capture_output=True, text=True).stdout  # noqa: S603 - ours
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file():
            (place / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, place / name)


if __name__ == "__main__":
    main()
