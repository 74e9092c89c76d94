"""``template.yaml``, read."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from samtranslator.yaml_helper import yaml_parse  # pyright: ignore[reportUnknownVariableType]  # untyped

ROOT: Final = Path(__file__).parents[1]

Template = dict[str, Any]


def read_template() -> Template:
    """Read the template as it stands, its conditions undecided and its functions unexpanded."""
    return yaml_parse((ROOT / "template.yaml").read_text("utf-8"))
