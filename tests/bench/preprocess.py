"""``make bench``: how fast an export becomes a dataset, as ratios against other ways, in one run.

Every variant runs in a process of its own, in shuffled rounds, so that a machine that is busy for a while is
busy for all; the figure is the median. CPU seconds count, not wall time.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import random
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median

from tests.bench.generate import write_export
from tests.bench.variants import VARIANTS

LARGE, SMALL = 1_000_000, 100_000
# The plain scripts hold everything in memory and take their time: they are compared on the smaller file.
SLOW = ("plain_script", "pandas_cookbook")
GOALS = (
    ("without tokens / csv.reader", LARGE, "dataset_without_tokens", ("csv_reader",), 2.2),
    ("with tokens / (csv.reader + tiktoken)", LARGE, "dataset", ("csv_reader", "tiktoken_loop"), 1.5),
    ("with tokens / plain script", SMALL, "dataset", ("plain_script",), 1 / 2),
    ("the same, counted by rs-bpe", SMALL, "dataset_counted_faster", ("plain_script",), 1 / 4),
    ("with tokens / pandas and cookbook", SMALL, "dataset", ("pandas_cookbook",), 1 / 6),
)


def main() -> None:
    """Measure, and print the table and the ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    python = f"Python {platform.python_version()}"
    print(f"{platform.platform()}, {python}, {os.cpu_count()} cores, {rounds} rounds\n")
    with tempfile.TemporaryDirectory() as folder:
        files = {size: Path(folder) / f"{size}.csv" for size in (SMALL, LARGE)}
        for size, path in files.items():
            write_export(path, size)
        seen = _measure(files, rounds)
    print(f"{'variant':28}{'messages':>10}{'CPU s':>9}{'per s':>12}{'peak MB':>9}")
    for (name, size), runs in sorted(seen.items(), key=lambda item: (item[0][1], item[0][0])):
        cpu = median(run["cpu"] for run in runs)
        peak = median(run["peak"] for run in runs) / 1e6
        print(f"{name:28}{size:>10,}{cpu:>9.2f}{size / cpu:>12,.0f}{peak:>9.0f}")
    print()
    for title, size, name, others, goal in GOALS:
        ratios = [
            run["cpu"] / sum(seen[other, size][at]["cpu"] for other in others)
            for at, run in enumerate(seen[name, size])
        ]
        spread = f"{min(ratios):.2f} to {max(ratios):.2f}"
        print(f"{title:40}{median(ratios):6.2f}  ({spread}; goal at most {goal:.2f})")
    grown = [
        big["peak"] - small["peak"]
        for big, small in zip(seen["dataset", LARGE], seen["dataset", SMALL], strict=True)
    ]
    print(f"{'memory, ten times the messages':40}{median(grown) / 1e6:+6.1f} MB")


def _measure(files: dict[int, Path], rounds: int) -> dict[tuple[str, int], list[dict[str, float]]]:
    todo = [(name, size) for size in files for name in VARIANTS if size == SMALL or name not in SLOW]
    seen: dict[tuple[str, int], list[dict[str, float]]] = {each: [] for each in todo}
    draw = random.Random(0)  # noqa: S311 - the order of the rounds
    for _ in range(rounds):
        draw.shuffle(todo)
        for name, size in todo:
            command = [sys.executable, "-m", "tests.bench.variants", name, str(files[size])]
            answer = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603 - ours
            seen[name, size].append(json.loads(answer.stdout))
    return seen


if __name__ == "__main__":
    main()
