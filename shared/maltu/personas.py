"""What the endpoint tells of personas: which answer, and how each is doing."""

from __future__ import annotations

import json
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal, NotRequired, cast

from typing_extensions import TypedDict

from maltu.errors import ReportNotFound
from maltu.naming import MAX_KEY_BYTES, as_asked, dataset_prefix, normalised, unknown
from maltu.progress import Progress
from maltu.registry import Status, run_of
from maltu.serving import live_model

if TYPE_CHECKING:
    from collections.abc import Callable

    from maltu.progress import Watch
    from maltu.registry import Item, Registry
    from maltu.storage import Bucket


class Model(TypedDict):
    """A persona that answers, as OpenAI lists a model."""

    id: str
    object: Literal["model"]
    created: int
    owned_by: Literal["maltu"]


class Models(TypedDict):
    """The personas that answer."""

    object: Literal["list"]
    data: list[Model]


class Persona(TypedDict):
    """A persona that anything was ever dropped for."""

    persona: str
    live_version: str | None
    created_at: str


class Personas(TypedDict):
    """Every persona, whether it answers or not."""

    object: Literal["list"]
    data: list[Persona]


class TimelineEntry(TypedDict):
    """When a version reached a state."""

    state: str
    at: str


class Failure(TypedDict):
    """Why a version failed.

    Attributes:
        error: the name of what went wrong.
        reason: what was wrong, where, and what to do.
        at: when.
    """

    error: str
    reason: str
    at: str


class SaidBy(TypedDict):
    """Which key decided, and when."""

    by: str
    at: str


class DroppedObject(TypedDict):
    """An object in the bucket.

    Attributes:
        key: where it stands.
        id: which of the objects that stood there: S3's version id.
    """

    key: str
    id: str


class StyleScores(TypedDict):
    """What a version's style report comes to.

    Attributes:
        asked: how many held-out questions it was asked.
        void: whether no score means anything; then there are none.
        overall: from 0, as the other speaker, to 1, as the persona.
        low: where the interval of ``overall`` begins; ``high`` is where it ends.
        copy_rate: the part of its long replies that is copied from the training data.
        auc: how well the two speakers can be told apart; 0.5 is a coin.
        blocks: how many blocks of messages were compared.
    """

    asked: int
    void: bool
    overall: NotRequired[float]
    low: NotRequired[float]
    high: NotRequired[float]
    copy_rate: NotRequired[float]
    auc: NotRequired[float]
    blocks: NotRequired[int]


class Version(TypedDict):
    """A version's story.

    Attributes:
        run: the run of its present attempt, which is approved, rejected or cancelled by this name.
        attempt: counts from 1; the same exports dropped again are tried again.
        failure: why it failed, where it did.
        export: the drop that it was made for.
        exports: every object that it is trained on.
        estimate_usd: what training will cost, null where nobody knows.
        budget_usd: what it may cost without being asked for, null for any price.
        report: what became of the exports, in numbers.
        billed_usd: what training did cost by the provider's count of tokens, null where nobody knows.
        leftovers: what could not be removed at the provider.
        style: how alike it writes, once that was measured.
        verdict: why it was promoted or waits as a candidate, in words.
        accepted: who promoted it, where it was a candidate.
        progress: how it does at the provider, null where that cannot be told.
        waiting_for: what its deployment waits for, while it is ``deploying``.
    """

    version: str
    status: Status
    run: str
    attempt: int
    created_at: str
    timeline: list[TimelineEntry]
    failure: Failure | None
    export: NotRequired[DroppedObject]
    exports: NotRequired[list[str]]
    provider: NotRequired[str]
    estimate_usd: NotRequired[float | None]
    budget_usd: NotRequired[float | None]
    approval: NotRequired[SaidBy]
    cancelled: NotRequired[SaidBy]
    report: NotRequired[dict[str, Any]]
    trained_tokens: NotRequired[int | None]
    billed_usd: NotRequired[float | None]
    leftovers: NotRequired[list[str]]
    style: NotRequired[StyleScores]
    verdict: NotRequired[str]
    accepted: NotRequired[SaidBy]
    waiting_for: NotRequired[str | None]
    progress: NotRequired[Progress | None]


class PersonaStory(TypedDict):
    """How a persona is doing.

    Attributes:
        status: its newest version's; ``waiting`` where an export was dropped and no run has taken it up yet.
        live_version: the one that answers, null where none does.
        versions: the newest twenty, newest first.
    """

    persona: str
    status: Status | Literal["waiting"]
    live_version: str | None
    versions: list[Version]


_SHOWN = (
    "version", "status", "run", "attempt", "created_at", "timeline", "failure", "export", "exports",
    "provider", "estimate_usd", "budget_usd", "approval", "cancelled", "report", "trained_tokens",
    "billed_usd", "leftovers", "style", "verdict", "accepted",
)  # fmt: skip


def as_models(registry: Registry, *, reached: Callable[[str], bool]) -> Models:
    """Answer ``GET /v1/models``: every persona with a live version that the caller's key reaches."""
    data = [
        _as_model(item["sk"], item)
        for item in registry.personas()
        if "live_version" in item and reached(item["sk"])
    ]
    return {"object": "list", "data": data}


def as_model(name: str, registry: Registry) -> Model:
    """Answer ``GET /v1/models/{model}`` for a persona that answers, or a version of one.

    Raises:
        PersonaNotFound: there is no such persona, or it has no such version.
        PersonaNotReady: it does not answer yet.
    """
    live = live_model(name, registry)
    return _as_model(normalised(name), registry.version(live.persona, live.version) or {})


def _as_model(name: str, item: Item) -> Model:
    created = int(datetime.fromisoformat(item["created_at"]).timestamp())
    return {"id": name, "object": "model", "created": created, "owned_by": "maltu"}


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


def report_of(
    name: str, version: str, file: Literal["report.json", "style.json"], *, registry: Registry, bucket: Bucket
) -> dict[str, Any]:
    """Show a version's report, with samples of the chat: its dataset's, or how alike it writes.

    Raises:
        ReportNotFound: there is no such version, or no such report of it (any longer).
    """
    persona = as_asked(name)
    known = registry.version(persona, version) if 0 < len(version.encode()) <= MAX_KEY_BYTES else None
    stored = bucket.read(f"{dataset_prefix(persona, version)}/{file}") if known else None
    if stored is None:
        raise ReportNotFound(
            f"There is no {file} of {version[:80]!r}. GET /v1/personas/{persona} lists the versions."
        )
    return json.loads(stored)


def describe(name: str, registry: Registry, watch: Watch) -> PersonaStory:
    """Answer ``GET /v1/personas/{persona}``: its live version, and every version's story, newest first.

    What is under way at the provider is asked of it; what is not, or cannot be told now, has no progress.

    Raises:
        PersonaNotFound: nothing was ever dropped for it.
    """
    persona = as_asked(name)
    versions = registry.versions(persona)
    pointer = registry.persona(persona)
    if not versions and pointer is None:
        raise unknown(persona)
    return {
        "persona": persona,
        "status": versions[0]["status"] if versions else "waiting",
        "live_version": (pointer or {}).get("live_version"),
        "versions": [{**_shown(item), "progress": watch.progress(item)} for item in versions],
    }


def _shown(item: Item) -> Version:
    """A version without what only the vendor and the workflow need to know."""
    shown = {**item, "run": run_of(item)}
    waiting = {"waiting_for": shown.get("waiting_for")} if shown["status"] == "deploying" else {}
    story = {name: shown.get(name) for name in _SHOWN if name in shown or name == "failure"} | waiting
    return cast("Version", story)
