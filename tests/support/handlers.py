"""The Lambda handlers as Lambda loads them, and the events that go with them."""

from __future__ import annotations

import importlib.util
import json
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.support.document import checked

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Context:
    """What a handler is told of its invocation."""

    function_name: str = "function"
    memory_limit_in_mb: int = 512
    invoked_function_arn: str = "arn:aws:lambda:us-east-1:123456789012:function:function"
    aws_request_id: str = "52fdfc07-2182-154f-163f-5f0f9a621d72"

    def get_remaining_time_in_millis(self) -> int:
        return 900_000


class FunctionDied(Exception):
    """An invocation ended without an answer: no handler of ours raised this."""

    # What AWS's own Python runtime reports of a process that is gone.
    error_type = "Runtime.ExitError"


@cache
def load_handler(name: str) -> Callable[[Any, Any], Any]:
    """Import ``functions/<name>/app.py`` with its folder on the path, as Lambda does.

    What it answers over HTTP is held against the OpenAPI document.
    """
    folder = ROOT / "functions" / name
    spec = importlib.util.spec_from_file_location(f"{name}_app", folder / "app.py")
    assert spec is not None
    assert spec.loader is not None
    # pydantic looks names up in the module that a class says it is of.
    module = sys.modules[spec.name] = importlib.util.module_from_spec(spec)
    own = [str(folder), str(folder.parent / "common")]
    sys.path[:0] = own
    try:
        spec.loader.exec_module(module)
    finally:
        for path in own:
            sys.path.remove(path)
    return checked(module.handler)


def sample_event(name: str) -> dict[str, Any]:
    """Read ``events/<name>.json``."""
    return json.loads((ROOT / "events" / f"{name}.json").read_text("utf-8"))
