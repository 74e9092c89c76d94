"""Many texts as one, with a NUL between any two: what is done to that is done to all of them at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import re
    from collections.abc import Iterator, Sequence


def join(texts: Sequence[str]) -> str | None:
    """Put texts together; None where there is a NUL in one, as UTF-16 allows."""
    joined = "\0".join(texts)
    return None if joined.count("\0") >= len(texts) else joined


def with_lf(texts: list[str], joined: str, *, cut_at: str = "\n") -> list[str]:
    """Give texts, which ``join`` has put together, with LF between their lines.

    They were cut at a line's end; where that is LF, the CR before it is still there, and is taken off.
    """
    if "\r" not in joined:
        return texts
    if cut_at == "\n":
        joined = joined.replace("\r\0", "\0").removesuffix("\r")
    return joined.replace("\r\n", "\n").split("\0")


def places_found(texts: Sequence[str], *patterns: re.Pattern[str]) -> set[int]:
    """Give the places of the texts in which one of some patterns finds something; see ``places_in``."""
    joined = join(texts)
    if joined is None:
        joined = "\0".join(text.replace("\0", " ") for text in texts)
    return places_in(joined, *patterns)


def places_in(joined: str, *patterns: re.Pattern[str]) -> set[int]:
    r"""Give the places of the texts in which one of some patterns finds something.

    The patterns are given all texts at once, with a ``\0`` before the first one and behind each.
    """
    joined = f"\0{joined}\0"
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
