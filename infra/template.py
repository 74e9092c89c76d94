"""Templates, read: ``template.yaml``, and what sam made of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from samtranslator.yaml_helper import yaml_parse  # pyright: ignore[reportUnknownVariableType]  # untyped

ROOT: Final = Path(__file__).parents[1]

Template = dict[str, Any]


def read_template(path: Path = ROOT / "template.yaml") -> Template:
    """Read a template as it stands, its conditions undecided and its functions unexpanded."""
    return yaml_parse(path.read_text("utf-8"))
