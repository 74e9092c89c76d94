"""The engines by name; an engine's own dependencies are imported only when it is chosen."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from infra.local.finetuning.engine import Engine

NAMES = ("retrieval",)


def open_engine(name: str) -> Engine:
    """The engine of that name.

    Raises:
        ValueError: there is none.
    """
    if name == "retrieval":
        from infra.local.finetuning.retrieval.engine import RetrievalEngine  # noqa: PLC0415  see the module

        return RetrievalEngine()
    raise ValueError(f"There is no engine '{name}'; there is {', '.join(NAMES)}.")
