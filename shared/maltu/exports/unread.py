"""What a reader could not read: counted, and shown where nothing else was there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from maltu.errors import UnreadableExport
from maltu.exports.shape import SHOWN_CHARACTERS, shape_of

if TYPE_CHECKING:
    from collections import Counter

_RECORDS_TO_SHOW = 3


class NotAMessage(Exception):
    """A record is no message; the text is the reason to count it by."""


class Unread:
    """Counts the records that are no message, and remembers the first ones."""

    def __init__(self, skipped: Counter[str], *, unit: str) -> None:
        """Count into ``skipped``; ``unit`` is what a record of the format is called: ``line``."""
        self._skipped = skipped
        self._unit = unit
        self._first: list[tuple[int, str, str]] = []

    def count(self, reason: str, number: int, record: str) -> None:
        """Count the record of that number; ``record`` is what stands there."""
        self._skipped[reason] += 1
        if len(self._first) < _RECORDS_TO_SHOW:
            self._first.append((number, reason, record[:SHOWN_CHARACTERS]))

    def no_messages(self, expected: str) -> UnreadableExport:
        """Say that the export has no message; ``expected`` is a sentence on what one looks like."""
        if not self._first:
            return UnreadableExport(f"The export has no messages. {expected}")
        records = "; ".join(
            f"{self._unit} {number}: {reason}" + (f" ({shape_of(record)})" if record else "")
            for number, reason, record in self._first
        )
        return UnreadableExport(
            f"None of the export's {self._skipped.total():,} {self._unit}s is a message: {records}. "
            f"{expected}",
            excerpt=tuple(record for _, _, record in self._first),
        )
