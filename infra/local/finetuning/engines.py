"""The engines by name; an engine's own dependencies are imported only when it is chosen."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from infra.local.finetuning.engine import Engine

NAMES = ("retrieval", "lora")


def open_engine(name: str, base_model: str | None = None) -> Engine:
    """The engine of that name; ``lora`` tunes ``base_model``, a path or a hub id.

    Raises:
        ValueError: there is no such engine, or it has no base model, or one that it cannot choose.
    """
    if name == "lora":
        if base_model is None:
            raise ValueError("The engine 'lora' needs a base model: a folder, a GGUF file or a hub id.")
        from infra.local.finetuning.lora.engine import LoraEngine  # noqa: PLC0415  see the module

        return LoraEngine(base_model)
    if base_model is not None:
        raise ValueError(f"The engine '{name}' has a base model of its own.")
    if name == "retrieval":
        from infra.local.finetuning.retrieval.engine import RetrievalEngine  # noqa: PLC0415  see the module

        return RetrievalEngine()
    raise ValueError(f"There is no engine '{name}'; there is {', '.join(NAMES)}.")
