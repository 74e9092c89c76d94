"""Many texts as one, to look for the few that a pattern finds something in."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import re
    from collections.abc import Iterator, Sequence


def places_found(texts: Sequence[str], *patterns: re.Pattern[str]) -> set[int]:
    r"""Give the places of the texts in which one of some patterns finds something.

    The patterns are given all texts at once, with a ``\0`` before the first one and behind each.
    """
    joined = "\0".join(("", *texts, ""))
    if joined.count("\0") > len(texts) + 1:  # UTF-16 lets a text have one
        joined = "\0".join(("", *(text.replace("\0", " ") for text in texts), ""))
    places: set[int] = set()
    for pattern in patterns:
        place, counted = -1, 0
        for found in pattern.finditer(joined):
            until = found.start() + 1
            place += joined.count("\0", counted, until)
            counted = until
            places.add(place)
    return places


def places_of(wanted: str, column: Sequence[str]) -> Iterator[int]:
    """Yield every place of a string; those that have been yielded may be given another one."""
    place = -1
    for _ in range(column.count(wanted)):
        place = column.index(wanted, place + 1)
        yield place
