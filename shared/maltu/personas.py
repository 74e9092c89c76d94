"""What the endpoint tells of personas: which answer, and how each is doing."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from maltu.naming import as_asked, unknown
from maltu.registry import run_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from maltu.registry import Item, Registry

_SHOWN = (
    "version", "status", "run", "attempt", "created_at", "timeline", "failure", "export", "exports",
    "provider", "estimate_usd", "budget_usd", "approval", "cancelled", "report", "trained_tokens",
    "billed_usd", "leftovers",
)  # fmt: skip


def as_models(registry: Registry, *, reached: Callable[[str], bool]) -> dict[str, Any]:
    """Answer ``GET /v1/models``: every persona with a live version that the caller's key reaches."""
    data = [
        {
            "id": item["sk"],
            "object": "model",
            "created": int(datetime.fromisoformat(item["created_at"]).timestamp()),
            "owned_by": "maltu",
        }
        for item in registry.personas()
        if reached(item["sk"])
    ]
    return {"object": "list", "data": data}


def describe(name: str, registry: Registry) -> dict[str, Any]:
    """Answer ``GET /v1/personas/{persona}``: its live version, and every version's story, newest first.

    Raises:
        PersonaNotFound: nothing was ever dropped for it.
    """
    persona = as_asked(name)
    versions = registry.versions(persona)
    if not versions:
        raise unknown(persona)
    pointer = registry.persona(persona) or {}
    return {
        "persona": persona,
        "status": versions[0]["status"],
        "live_version": pointer.get("live_version"),
        "versions": [_shown(item) for item in versions],
    }


def _shown(item: Item) -> Item:
    """A version without what only the vendor and the workflow need to know."""
    shown = {**item, "run": run_of(item)}
    waiting = {"waiting_for": shown.get("waiting_for")} if shown["status"] == "deploying" else {}
    return {name: shown.get(name) for name in _SHOWN if name in shown or name == "failure"} | waiting
