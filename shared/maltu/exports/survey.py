"""Who writes in an export, and how much."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from maltu.exports.reading import Reading


@dataclass(frozen=True, slots=True)
class Survey:
    """What one export holds.

    Attributes:
        format: which messenger's export it is.
        room: the room's title, where the export has it.
        messages: all messages, whatever their kind.
        speakers: text messages per speaker, most first, ties in order of appearance.
        kinds: messages per kind.
        skipped: rows that were no message, by reason.
        doubtful: messages that might be part of the one before, by reason.
        first: when the first message was sent; None where there is none.
        last: when the last one was.
    """

    format: str
    room: str | None
    messages: int
    speakers: dict[str, int]
    kinds: dict[str, int]
    skipped: dict[str, int]
    doubtful: dict[str, int]
    first: datetime | None
    last: datetime | None


def survey(reading: Reading) -> Survey:
    """Read an export to its end and count.

    Raises:
        UnreadableExport: the file cannot be read to its end.
    """
    speakers: Counter[str] = Counter()
    kinds: Counter[str] = Counter()
    first = last = None
    for sent_at, sender, _, kind in reading:
        kinds[kind] += 1
        if kind == "text":
            speakers[sender] += 1
        if first is None:
            first = sent_at
        last = sent_at
    return Survey(
        format=reading.format,
        room=reading.room,
        messages=kinds.total(),
        speakers=dict(speakers.most_common()),
        kinds=dict(kinds),
        skipped=dict(reading.skipped),
        doubtful=dict(reading.doubtful),
        first=first,
        last=last,
    )
