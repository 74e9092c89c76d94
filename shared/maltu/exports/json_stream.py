"""Picks values out of a JSON document of any size, without ever holding more than a block of them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from maltu.exports.json_text import LENIENT, MAX_DEPTH, STRICT, JsonText

if TYPE_CHECKING:
    import re
    from collections.abc import Iterator, Sequence

    from maltu.exports.source import Source

    Path = tuple[str, ...]
    Found = tuple[Path, Sequence[object]]

EACH: Final = "[]"
"""In a path: every element of an array."""

ENDED: Final = object()
"""Given in place of a value where a container ends."""

_CONTAINERS = frozenset("{[")


def stream_values(
    source: Source, *, values: frozenset[Path], ends: frozenset[Path] = frozenset()
) -> Iterator[Found]:
    """Yield the values that stand at the paths ``values``, and ``ENDED`` where a container at ``ends`` ends.

    A path is the keys from the outermost object inwards, ``EACH`` for an array's elements; values that stand
    at one path, one behind the other, come together. Numbers are ``int`` or ``Decimal``.

    Raises:
        UnreadableExport: no JSON, cut off, nested too deeply, a key twice, or a value too long to hold.
    """
    text = JsonText(source)
    yield from _Walk(text, values, ends).value(())
    if text.peek():
        raise text.invalid(cut_off=False)


def string_of(value: object) -> str:
    """Give a string as it is, for anything else the empty string; half a surrogate pair becomes U+FFFD."""
    if not isinstance(value, str):
        return ""
    try:
        value.encode()
    except UnicodeEncodeError:
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return value


def record_start(record: object) -> str:
    """Give the start of a record, as JSON, to be shown to its owner."""
    return string_of(json.dumps(record, ensure_ascii=False, default=str))


def string_in(head: str, pattern: re.Pattern[str]) -> str | None:
    """Give what the pattern's first group finds, a JSON string with its quotes; None without a match."""
    found = pattern.search(head)
    if not found:
        return None
    try:
        return string_of(json.loads(found[1])) or None
    except ValueError:
        return None


class _Walk:
    """Goes through a document; what is above a wanted value, or too long to be at hand whole, is entered."""

    def __init__(self, text: JsonText, values: frozenset[Path], ends: frozenset[Path]) -> None:
        self._text = text
        self._values = values
        self._ends = ends
        self._above = {path[:length] for path in values | ends for length in range(len(path) + 1)}

    def value(self, path: Path) -> Iterator[Found]:
        """Go through the next value, which stands at that path."""
        wanted = path in self._values
        first = self._text.peek()
        if first in _CONTAINERS and not wanted:
            if len(path) >= MAX_DEPTH:
                raise self._text.too_deep()
            yield from self._object(path) if first == "{" else self._array(path)
            if path in self._ends:
                yield path, [ENDED]
            return
        # A container that does not end is one that was found.
        begun = wanted and first in _CONTAINERS
        self._text.records += begun
        value = self._text.take_value(STRICT if wanted else LENIENT, depth=MAX_DEPTH)
        if wanted:
            self._text.records += not begun
            yield path, [value]

    def _object(self, path: Path) -> Iterator[Found]:
        text = self._text
        text.take("{")
        if text.peek() == "}":
            text.take("}")
            return
        while True:
            if text.peek() not in {'"', ""}:
                raise text.invalid(cut_off=False)
            key = string_of(text.take_value(LENIENT, depth=0))
            text.take(":")
            yield from self.value((*path, key))
            if text.take(",}") == "}":
                return

    def _array(self, path: Path) -> Iterator[Found]:
        text = self._text
        text.take("[")
        if text.peek() == "]":
            text.take("]")
            return
        element = (*path, EACH)
        wanted = element in self._values
        entered = element in self._above and not wanted
        decode, depth = (STRICT, MAX_DEPTH) if wanted else (LENIENT, MAX_DEPTH - len(element))
        while True:
            if not entered and (values := text.take_whole_values(decode, depth=depth)) and wanted:
                text.records += len(values)
                yield element, values
            yield from self.value(element)
            if text.take(",]") == "]":
                return
