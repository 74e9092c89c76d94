"""``python -m tests.load.big``: one enormous export through both passes, format by format.

Each runs in a process of its own, as ``maltu prepare`` does it and preprocessing does: CPU seconds count, and
the most memory that it held. A Lambda of 1,769 MB has one processor.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
from datetime import datetime
from pathlib import Path
from typing import Any

from tests.bench.generate import PERSONA, write_export
from tests.load.written import FORMATS
from tests.support.handlers import ROOT

BYTES_PER_MESSAGE = 67
ENORMOUS = 5e9


def main() -> None:
    """Print a line for each format."""
    parser = argparse.ArgumentParser(prog="python -m tests.load.big", description=__doc__)
    parser.add_argument("formats", nargs="*", default=list(FORMATS))
    parser.add_argument(
        "--megabytes", type=int, default=100, help="of the CSV; the others tell the same chat"
    )
    asked = parser.parse_args()
    print(f"{platform.platform()}, Python {platform.python_version()}, {os.cpu_count()} cores\n")
    titles = ("format", "MB", "dataset MB", "CPU s", "MB/s", "peak MB", "5 GB in s")
    print(f"{titles[0]:20}" + "".join(f"{title:>12}" for title in titles[1:]))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        source = folder / "source.csv"
        write_export(source, asked.megabytes * 1_000_000 // BYTES_PER_MESSAGE)
        for chosen in asked.formats:
            file, write = FORMATS[chosen]
            path = folder / file
            if write is not None:
                with source.open(encoding="utf-8", newline="") as stream:
                    rows = csv.reader(stream)
                    next(rows)
                    write(((datetime.fromisoformat(at), sender, text) for at, sender, text in rows), path)
            print(_line(chosen, path, folder / "dataset"), flush=True)
            if path != source:
                path.unlink()


def _line(chosen: str, path: Path, out: Path) -> str:
    command = [sys.executable, "-m", "tests.load.big_one", str(path), str(out), PERSONA]
    env = {**os.environ, "PYTHONPATH": f"{ROOT / 'shared'}{os.pathsep}{ROOT}"}
    done = subprocess.run(command, check=True, capture_output=True, text=True, env=env, cwd=ROOT)
    told: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    size, rate = path.stat().st_size, path.stat().st_size / told["cpu"]
    made = sum(file.stat().st_size for file in out.iterdir())
    for file in out.iterdir():
        file.unlink()
    figures = (size / 1e6, made / 1e6, told["cpu"], rate / 1e6, told["peak"], ENORMOUS / rate)
    shown = (f"{figure:12,.{digits}f}" for figure, digits in zip(figures, (0, 0, 1, 1, 0, 0), strict=True))
    return f"{chosen:20}" + "".join(shown)


def peak_megabytes() -> float:
    """The most that this process has held in memory."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    # Linux counts in kibibytes, macOS in bytes.
    return peak / 1e6 if sys.platform == "darwin" else peak * 1024 / 1e6


if __name__ == "__main__":
    main()
