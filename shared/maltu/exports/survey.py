"""Who writes in an export, and how much."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from itertools import compress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from maltu.exports.message import Columns
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


def survey(reading: Reading, *, watch: Callable[[Columns], None] = lambda _: None) -> Survey:
    """Read an export to its end and count.

    Args:
        reading: the export.
        watch: is shown all messages.

    Raises:
        UnreadableExport: the file cannot be read to its end.
    """
    speakers: Counter[str] = Counter()
    kinds: Counter[str] = Counter()
    first = last = None
    for columns in reading.columns():
        watch(columns)
        texts = columns.kinds.count("text")
        if texts == len(columns.kinds):
            kinds["text"] += texts
            speakers.update(columns.senders)
        else:
            kinds.update(columns.kinds)
            speakers.update(compress(columns.senders, map("text".__eq__, columns.kinds)))
        first = first or columns.sent_at[0]
        last = columns.sent_at[-1]
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
