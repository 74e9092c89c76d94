"""``make bench``: every measurement, one after the other, and then what has a goal, in one list.

Each part runs alone as well, as its own module; what it printed is kept in ``build/bench``.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
RESULTS = ROOT / "build" / "bench"
PYTHON, WITH_PANDAS = ".venv/bin/python", ".venv-bench/bin/python"
PARTS = {
    "sizes": [PYTHON, "-m", "infra.sizes"],
    "start": [PYTHON, "-m", "tests.bench.start"],
    "preprocess": [WITH_PANDAS, "-m", "tests.bench.preprocess"],
    "chain": [PYTHON, "-m", "tests.bench.chain"],
}


def main() -> None:
    """Run the parts that the command names, or all; end with an error where one failed."""
    RESULTS.mkdir(parents=True, exist_ok=True)
    chosen = sys.argv[1:] or list(PARTS)
    failed = [name for name in chosen if not _ran(name)]
    print("\n== against the goals\n")
    for name in chosen:
        for line in (RESULTS / f"{name}.txt").read_text("utf-8").splitlines():
            if "at most" in line:
                print(f"{name:12}{line}")
    if failed:
        sys.exit(f"Not measured: {', '.join(failed)}.")


def _ran(name: str) -> bool:
    print(f"\n== {name}\n", flush=True)
    with (RESULTS / f"{name}.txt").open("w", encoding="utf-8") as kept:
        part = subprocess.Popen(PARTS[name], cwd=ROOT, stdout=subprocess.PIPE, text=True)  # noqa: S603 - ours
        assert part.stdout is not None
        for line in part.stdout:
            print(line, end="", flush=True)
            kept.write(line)
    return part.wait() == 0


if __name__ == "__main__":
    main()
