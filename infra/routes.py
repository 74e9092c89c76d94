"""The API's routes, as its functions register them."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from infra.template import ROOT

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator
    from types import ModuleType

    from aws_lambda_powertools.event_handler.api_gateway import Route

FUNCTIONS = ROOT / "functions"


def routes() -> Iterator[Route]:
    """Every route of the API; the page, its files and this document are none."""
    for path in sorted(FUNCTIONS.glob("*/app.py")):
        if "open_router()" not in path.read_text("utf-8"):
            continue
        app = load(path.parent.name).app
        # There is no other list of them that knows the functions behind.
        yield from (*app._static_routes, *app._dynamic_routes)  # noqa: SLF001


@cache
def load(function: str) -> ModuleType:
    """Import a function's app as Lambda does: its own folder and the common one are on the path."""
    folder = FUNCTIONS / function
    spec = importlib.util.spec_from_file_location(f"{function}_app", folder / "app.py")
    if spec is None or spec.loader is None:
        raise ImportError(f"{folder}/app.py cannot be imported.")
    # pydantic looks names up in the module that a class says it is of.
    app = sys.modules[spec.name] = importlib.util.module_from_spec(spec)
    before = set(sys.modules)
    with _on_the_path(folder, FUNCTIONS / "common"):
        spec.loader.exec_module(app)
    for name in set(sys.modules) - before:
        # Another function's module of the same name is another module.
        if Path(getattr(sys.modules[name], "__file__", None) or "").parent == folder:
            del sys.modules[name]
    return app


@cache
def envelope() -> ModuleType:
    """Import what every function answers failures with."""
    with _on_the_path(FUNCTIONS / "common"):
        return importlib.import_module("envelope")


@contextmanager
def _on_the_path(*folders: Path) -> Generator[None]:
    own = [str(folder) for folder in folders]
    sys.path[:0] = own
    try:
        yield
    finally:
        for each in own:
            sys.path.remove(each)
