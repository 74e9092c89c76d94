"""``make bench``: how fast an export becomes a dataset, as ratios against other ways, in one run.

Every variant runs in a process of its own, in shuffled rounds, so that a machine that is busy for a while is
busy for all; the figure is the median. CPU seconds count, not wall time. What is close to its goal is run
thrice a round, because other work on the machine slows down most what needs the processor's caches.
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

from maltu.dataset.words import compiled
from tests.bench.generate import write_export
from tests.bench.variants import VARIANTS

SMALL, LARGE, HUGE = 100_000, 1_000_000, 5_000_000
CLOSE = ("csv_reader", "dataset_without_tokens", "dataset_counted_faster", "plain_script")
GOALS = (
    ("without tokens / csv.reader", "dataset_without_tokens", ("csv_reader",), 2.2),
    ("with tokens / (csv.reader + tiktoken)", "dataset", ("csv_reader", "tiktoken_loop"), 1.5),
    ("with tokens / plain script", "dataset", ("plain_script",), 1 / 2),
    ("the same, counted faster", "dataset_counted_faster", ("plain_script",), 1 / 4),
    ("with tokens / pandas and cookbook", "dataset", ("pandas_cookbook",), 1 / 6),
)
MOST_MB, MOST_MB_MORE = 128, 8


def main() -> None:
    """Measure, and print the table and the ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    python = f"Python {platform.python_version()} in {sys.base_prefix}"
    adding = "in C" if compiled() else "in Python, for _words.c is not compiled"
    print(f"{platform.platform()}, {python}, {os.cpu_count()} cores, {rounds} rounds")
    print(f"what counts faster adds words up {adding}\n")
    todo = [(name, LARGE) for name in VARIANTS] + [("dataset", SMALL)]
    todo += 2 * [(name, LARGE) for name in CLOSE]
    with tempfile.TemporaryDirectory() as folder:
        files = {size: Path(folder) / f"{size}.csv" for size in (SMALL, LARGE, HUGE)}
        for size, path in files.items():
            write_export(path, size)
        seen = _measure(todo, files, rounds)
        seen.update(_measure([("dataset", HUGE)], files, 1))
    print(f"{'variant':28}{'messages':>10}{'CPU s':>9}{'per s':>12}{'peak MB':>9}")
    for (name, size), runs in sorted(seen.items(), key=lambda item: (item[0][1], item[0][0])):
        cpu = median(run["cpu"] for run in runs)
        print(f"{name:28}{size:>10,}{cpu:>9.2f}{size / cpu:>12,.0f}{_peak(runs) / 1e6:>9.0f}")
    print()
    for title, name, others, goal in GOALS:
        ratios = [
            run["cpu"] / sum(each["cpu"] for each in beside)
            for run, *beside in zip(*(seen[each, LARGE] for each in (name, *others)), strict=False)
        ]
        spread = f"{min(ratios):.2f} to {max(ratios):.2f}"
        print(f"{title:40}{median(ratios):6.2f}  ({spread}; goal at most {goal:.2f})")
    peak = _peak(seen["dataset", HUGE])
    grown = peak - _peak(seen["dataset", SMALL])
    print(f"{'peak memory, five million messages':40}{peak / 1e6:6.1f} MB (goal at most {MOST_MB})")
    print(f"{'more than for a hundred thousand':40}{grown / 1e6:+6.1f} MB (goal at most {MOST_MB_MORE})")


def _measure(
    todo: list[tuple[str, int]], files: dict[int, Path], rounds: int
) -> dict[tuple[str, int], list[dict[str, float]]]:
    todo = list(todo)
    seen: dict[tuple[str, int], list[dict[str, float]]] = {each: [] for each in todo}
    draw = random.Random(0)  # noqa: S311 - the order of the rounds
    for _ in range(rounds):
        draw.shuffle(todo)
        for name, size in todo:
            command = [sys.executable, "-m", "tests.bench.variants", name, str(files[size])]
            answer = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603 - ours
            seen[name, size].append(json.loads(answer.stdout))
    return seen


def _peak(runs: list[dict[str, float]]) -> float:
    return median(run["peak"] for run in runs)


if __name__ == "__main__":
    main()
