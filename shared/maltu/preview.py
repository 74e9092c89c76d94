"""Who writes in an uploaded export, and how much: read as a run reads it, and never a word of it shown."""

from __future__ import annotations

import time
from collections import Counter
from typing import TYPE_CHECKING, Final

from typing_extensions import TypedDict

from maltu.deadline import Deadline
from maltu.errors import PreviewTooLarge
from maltu.exports import Exports
from maltu.exports.names import Spellings
from maltu.planning import examine

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from maltu.exports import Survey
    from maltu.uploads import Uploads

# With the file's way from the bucket and the start of a cold function below the gateway's 29 s.
READING_SECONDS: Final = 18.0

_MOST_SPEAKERS: Final = 200
_MOST_IN_A_ROOM: Final = 50


class Speaker(TypedDict):
    """Somebody who writes, and how many text messages."""

    name: str
    messages: int


class Room(TypedDict):
    """One chat; ``first`` and ``last`` are local times, for exports know no zone."""

    name: str | None
    format: str
    messages: int
    first: str | None
    last: str | None
    speakers: list[Speaker]


class Preview(TypedDict):
    """What an uploaded file holds; of each list of speakers those who write most, most first."""

    export: str
    file_name: str
    bytes: int
    messages: int
    rooms: list[Room]
    speakers: list[Speaker]
    skipped: dict[str, int]
    warnings: list[str]


def preview(export: str, *, by: str, uploads: Uploads, seconds: float = READING_SECONDS) -> Preview:
    """Answer ``GET /v1/exports/{export}``.

    Args:
        export: its id.
        by: whose key asks.
        uploads: where it is.
        seconds: how long to read at most.

    Raises:
        ExportNotFound: this key asked for no such upload.
        NotUploaded: the file is not there.
        UnreadableExport: nothing in it can be read.
        PreviewTooLarge: reading it takes longer than that.
    """
    key, size = uploads.find(export, by=by)
    until = time.monotonic() + seconds
    deadline = Deadline(lambda: time.monotonic() > until, _too_large)
    with uploads.bucket.copied(key) as path, Exports(deadline.open) as files:
        found = examine(path, name=path.name, files=files, alone=True)
    surveys = [one.survey for one in found.inspected]
    speakers: Counter[str] = Counter()
    names = Spellings()
    for survey in surveys:
        for name, messages in survey.speakers.items():
            speakers[names[name]] += messages
    skipped = sum((Counter(survey.skipped) for survey in surveys), Counter[str]())
    return {
        "export": export,
        "file_name": path.name,
        "bytes": size,
        "messages": sum(survey.messages for survey in surveys),
        "rooms": [_room(survey) for survey in surveys],
        "speakers": _speakers(dict(speakers.most_common()), _MOST_SPEAKERS),
        "skipped": dict(skipped.most_common()),
        "warnings": list(found.warnings),
    }


def _too_large() -> PreviewTooLarge:
    return PreviewTooLarge(
        "There is more in it than can be looked through while you wait. Drop it all the same, and name the "
        "speaker: a run takes the time."
    )


def _room(survey: Survey) -> Room:
    return {
        "name": survey.room,
        "format": survey.format,
        "messages": survey.messages,
        "first": _iso(survey.first),
        "last": _iso(survey.last),
        "speakers": _speakers(survey.speakers, _MOST_IN_A_ROOM),
    }


def _speakers(speakers: Mapping[str, int], most: int) -> list[Speaker]:
    return [{"name": name, "messages": messages} for name, messages in list(speakers.items())[:most]]


def _iso(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat(timespec="seconds")
