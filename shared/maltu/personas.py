"""What the endpoint tells of personas: which answer, and how each is doing."""

from __future__ import annotations

import json
from datetime import datetime
from typing import TYPE_CHECKING, Any

from typing_extensions import TypedDict

from maltu.errors import ReportNotFound
from maltu.naming import MAX_KEY_BYTES, as_asked, dataset_prefix, unknown
from maltu.registry import run_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from maltu.progress import Watch
    from maltu.registry import Item, Registry
    from maltu.storage import Bucket

_SHOWN = (
    "version", "status", "run", "attempt", "created_at", "timeline", "failure", "export", "exports",
    "provider", "estimate_usd", "budget_usd", "approval", "cancelled", "report", "trained_tokens",
    "billed_usd", "leftovers",
)  # fmt: skip


class Persona(TypedDict):
    """A persona that anything was ever dropped for."""

    persona: str
    live_version: str | None
    created_at: str


class Personas(TypedDict):
    """Answers ``GET /v1/personas``."""

    object: str
    data: list[Persona]


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
        if "live_version" in item and reached(item["sk"])
    ]
    return {"object": "list", "data": data}


def list_all(registry: Registry, *, reached: Callable[[str], bool]) -> Personas:
    """Answer ``GET /v1/personas``: every persona that the caller's key reaches, answering or not."""
    data: list[Persona] = [
        {
            "persona": item["sk"],
            "live_version": item.get("live_version"),
            "created_at": item["created_at"],
        }
        for item in registry.personas()
        if reached(item["sk"])
    ]
    return {"object": "list", "data": data}


def report_of(name: str, version: str, *, registry: Registry, bucket: Bucket) -> dict[str, Any]:
    """Answer ``GET /v1/personas/{persona}/versions/{version}/report``: the dataset's, with its samples.

    Raises:
        ReportNotFound: there is no such version, or no dataset of it (any longer).
    """
    persona = as_asked(name)
    known = registry.version(persona, version) if 0 < len(version.encode()) <= MAX_KEY_BYTES else None
    stored = bucket.read(f"{dataset_prefix(persona, version)}/report.json") if known else None
    if stored is None:
        raise ReportNotFound(
            f"There is no report of {version[:80]!r}. GET /v1/personas/{persona} lists the versions."
        )
    return json.loads(stored)


def describe(name: str, registry: Registry, watch: Watch) -> dict[str, Any]:
    """Answer ``GET /v1/personas/{persona}``: its live version, and every version's story, newest first.

    What is under way at the provider is asked of it; what is not, or cannot be told now, has no progress.

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
        "versions": [{**_shown(item), "progress": watch.progress(item)} for item in versions],
    }


def _shown(item: Item) -> Item:
    """A version without what only the vendor and the workflow need to know."""
    shown = {**item, "run": run_of(item)}
    waiting = {"waiting_for": shown.get("waiting_for")} if shown["status"] == "deploying" else {}
    return {name: shown.get(name) for name in _SHOWN if name in shown or name == "failure"} | waiting
