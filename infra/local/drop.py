"""Dropping an export into the bucket and following what becomes of it."""

from __future__ import annotations

import re
import time
import unicodedata
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import quote

from infra.local.endpoint import Json
from infra.local.workspace import ROOT, LocalRunError
from maltu.errors import UnreadableExport
from maltu.exports import Exports
from maltu.naming import MAX_PERSONA_LENGTH, is_persona, normalised

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from infra.local.endpoint import Endpoint
    from infra.local.stack import Stack

SAMPLES = ROOT / "infra" / "local" / "sample"
SAMPLE_PERSONA = "하준"

# It goes no further by itself.
_STOPPED = {"failed", "cancelled", "rejected", "superseded", "awaiting_approval"}
_POLL_SECONDS = 0.25
_FIRST_SIGN_SECONDS = 120
_PROGRESS_SECONDS = 10


@dataclass(frozen=True, slots=True)
class Export:
    """A file to drop: for which persona, and as which of its speakers (None: by the file's own names)."""

    path: Path
    persona: str
    speaker: str | None

    @property
    def key(self) -> str:
        """Where it is dropped in the bucket."""
        return f"exports/{self.persona}/{self.path.name}"

    @property
    def metadata(self) -> Mapping[str, str]:
        """The object's metadata: HTTP headers carry ASCII, so the speaker is percent-encoded."""
        return {"speaker": quote(self.speaker, safe="")} if self.speaker else {}


def choose_export(path: Path | None, *, speaker: str | None, persona: str | None) -> Export:
    """Take a person's file, or the sample where ``path`` is None.

    Raises:
        LocalRunError: there is no such file, or ``persona`` is no valid name.
    """
    if persona is not None and not is_persona(normalised(persona)):
        raise LocalRunError(
            f"PERSONA={persona} cannot be a persona's name: use letters, digits and '-', "
            f"at most {MAX_PERSONA_LENGTH}."
        )
    if path is None:
        sample = next(SAMPLES.glob("*.csv"))
        return Export(sample, normalised(persona or persona_name(speaker or SAMPLE_PERSONA)), speaker)
    if not path.is_file():
        raise LocalRunError(f"EXPORT={path}: there is no such file.")
    return Export(path, normalised(persona or persona_name(speaker or _room_of(path) or "")), speaker)


def persona_name(name: str) -> str:
    """A valid persona name for a speaker or a room: what it must not hold becomes ``-``."""
    kept = "".join(char if unicodedata.category(char)[0] in "LNM" else "-" for char in normalised(name))
    short = re.sub("-+", "-", kept).strip("-")[:MAX_PERSONA_LENGTH].strip("-")
    return short if is_persona(short) else "persona"


def _room_of(path: Path) -> str | None:
    try:
        with Exports() as files:
            rooms = {files.read(export).room for export in files.held_by(path, name=path.name)}
    except UnreadableExport:
        return None  # the run says why
    return rooms.pop() if len(rooms) == 1 else None


def drop(export: Export, stack: Stack) -> None:
    """Put the file into the bucket."""
    with export.path.open("rb") as body:
        stack.aws.session.client("s3", endpoint_url=stack.aws.url).put_object(
            Bucket=stack.bucket, Key=export.key, Body=body, Metadata=export.metadata
        )


def follow(endpoint: Endpoint, persona: str, told: Callable[[str], None], *, seconds: float) -> Json:
    """Wait until the persona's newest version answers or has failed.

    Each state is told as it is reached, and now and then how far the training is.

    Returns:
        The version as the API describes it; its ``status`` says how it ended.

    Raises:
        LocalRunError: nothing new was heard of the run for ``seconds``, or the API is broken.
    """
    sign: object = None
    heard = progress_told = time.monotonic()
    seen = 0
    while time.monotonic() < heard + (seconds if seen else _FIRST_SIGN_SECONDS):
        answer = endpoint.persona(persona)
        if not answer.ok and answer.status != HTTPStatus.NOT_FOUND:
            raise LocalRunError(f"The API answered {answer.status}: {answer.body}")
        known = answer.body
        versions: list[Json] = known.get("versions", [])
        version = max(versions, key=lambda each: str(each["version"]), default=Json())
        timeline: list[Json] = version.get("timeline", [])
        for entry in timeline[seen:]:
            told(entry["state"])
        seen = max(seen, len(timeline))
        # A version succeeds a moment before it is promoted, and only then does it answer.
        answers = version.get("status") == "succeeded" and known.get("live_version")
        if answers or version.get("status") in _STOPPED:
            return version
        progress: Json = version.get("progress") or {}
        now = time.monotonic()
        if (latest := (seen, progress)) != sign:
            sign, heard = latest, now
        if progress.get("events") and now > progress_told + _PROGRESS_SECONDS:
            told(progress["events"][0])
            progress_told = now
        time.sleep(_POLL_SECONDS)
    raise LocalRunError(
        f"Nothing was heard of the run for {time.monotonic() - heard:.0f} s; it reached {seen} states."
    )
