"""What a function finds on Lambda beside its own files: its layers, what Lambda brings, and nothing else."""

from __future__ import annotations

import os
import re
import shutil
from importlib.metadata import distribution
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

# awslambdaric is what calls the function.
_LAMBDA_BRINGS = ("awslambdaric", "boto3")
_NAME = re.compile(r"[\w.-]+")


def lay_over(layers: Sequence[Path], into: Path) -> Path:
    """Lay layers over each other as Lambda does below ``/opt``; return where their modules are."""
    for layer in layers:
        shutil.copytree(layer, into, copy_function=_link, dirs_exist_ok=True)
    return into / "python"


def link_runtime(into: Path) -> Path:
    """Link what Lambda's own Python has of ours, so that nothing else of this environment is found."""
    into.mkdir(parents=True)
    for name in sorted(_with_requirements(_LAMBDA_BRINGS)):
        found = distribution(name)
        for part in {file.parts[0] for file in found.files or ()} - {"..", "__pycache__"}:
            (into / part).symlink_to(str(found.locate_file(part)))
    return into


def _with_requirements(names: Iterable[str]) -> set[str]:
    found: set[str] = set()
    todo = list(names)
    while todo:
        name = todo.pop()
        if name not in found:
            found.add(name)
            required = distribution(name).requires or ()
            todo += (match[0] for each in required if "extra ==" not in each and (match := _NAME.match(each)))
    return found


def _link(source: str, target: str) -> None:
    # What two layers both have is the same: they are pinned together.
    if not os.path.lexists(target):
        os.link(source, target)
