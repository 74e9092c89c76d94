"""Picks values out of a JSON document of any size, without ever holding more than one of them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

import ijson
from ijson.common import JSONError

from maltu.errors import UnreadableExport
from maltu.exports.source import BLOCK_BYTES, MAX_RECORD_BYTES

if TYPE_CHECKING:
    import re
    from collections.abc import Iterable, Iterator

    from maltu.exports.source import Source

    Path = tuple[str, ...]
    _Events = Iterable[tuple[str, object]]

EACH: Final = "[]"
"""In a path: every element of an array."""

ENDED: Final = object()
"""Given in place of a value where a container ends."""

MAX_DEPTH = 64

_TRUNCATED = ("premature EOF", "Incomplete JSON content")


def stream_values(
    source: Source, *, values: frozenset[Path], ends: frozenset[Path] = frozenset()
) -> Iterator[tuple[Path, object]]:
    """Yield the values that stand at the paths ``values``, and ``ENDED`` where a container at ``ends`` ends.

    A path is the keys from the outermost object inwards, ``EACH`` for an array's elements. Numbers are
    ``int`` or ``Decimal``.

    Raises:
        UnreadableExport: no JSON, cut off, nested too deeply, a key twice, or a value too long to hold.
    """
    stream = _Utf8(source)
    try:
        yield from _walk(ijson.basic_parse(stream), stream, values, ends)
    except (JSONError, ValueError, ArithmeticError, SystemError) as error:
        # SystemError is what ijson makes of an integer with more digits than Python parses.
        raise _unreadable(error, stream.values) from None


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
    return json.dumps(record, ensure_ascii=False, default=str)


def string_in(head: str, pattern: re.Pattern[str]) -> str | None:
    """Give what the pattern's first group finds, a JSON string with its quotes; None without a match."""
    found = pattern.search(head)
    if not found:
        return None
    try:
        return string_of(json.loads(found[1])) or None
    except ValueError:
        return None


class _Utf8:
    """The source's text in UTF-8, whatever encoding it is in; stops a value that is too long to hold."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._text = source.open_text()
        self._lines = 0
        self.values = 0
        self.held = 0

    def read(self, size: int = BLOCK_BYTES) -> bytes:
        # The source guards rows of lines; here a record is a value.
        self._source.record_line += 1
        try:
            block = self._text.read(size)
        except UnicodeDecodeError as error:
            raise self._source.undecodable(error, lines=self._lines) from None
        self._lines += block.count("\n")
        self.held += len(block)
        if self.held > MAX_RECORD_BYTES:
            raise UnreadableExport(
                f"What follows record {self.values} does not end within {MAX_RECORD_BYTES:,} characters. "
                "The file is damaged; export the chat again."
            )
        return block.encode()


def _walk(
    events: _Events, stream: _Utf8, values: frozenset[Path], ends: frozenset[Path]
) -> Iterator[tuple[Path, object]]:
    events = iter(events)
    at: list[str] = []
    for event, value in events:
        stream.held = 0
        if event == "map_key":
            at[-1] = string_of(value)
            continue
        if event in {"end_map", "end_array"}:
            at.pop()
            if (path := tuple(at)) in ends:
                yield path, ENDED
            continue
        path = tuple(at)
        if path in values:
            stream.values += 1
            yield path, _build(event, events, stream.values) if value is None else value
        elif event in {"start_map", "start_array"}:
            at.append(EACH if event == "start_array" else "")
            _check_depth(len(at), stream.values)


def _build(event: str, events: Iterator[tuple[str, object]], number: int) -> object:
    """Put together the value that starts with ``event``: a container, or null."""
    if event == "null":
        return None
    root: dict[str, object] | list[object] = {} if event == "start_map" else []
    open_containers = [root]
    keys: list[str] = [""]
    for event, value in events:  # noqa: PLR1704 - the events go on where the first one was taken
        if event == "map_key":
            keys[-1] = string_of(value)
            continue
        if event in {"end_map", "end_array"}:
            open_containers.pop()
            keys.pop()
            if not open_containers:
                break
            continue
        new: object = {} if event == "start_map" else [] if event == "start_array" else value
        container = open_containers[-1]
        if isinstance(container, list):
            container.append(new)
        elif keys[-1] in container:
            raise UnreadableExport(f"Record {number} has a key twice. Export the chat again.")
        else:
            container[keys[-1]] = new
        if isinstance(new, (dict, list)):
            open_containers.append(new)  # pyright: ignore[reportUnknownArgumentType] - made three lines above
            keys.append("")
            _check_depth(len(keys), number)
    return root


def _check_depth(depth: int, number: int) -> None:
    if depth > MAX_DEPTH:
        raise UnreadableExport(
            f"After record {number} values are nested more than {MAX_DEPTH} deep: no messenger does that."
        )


def _unreadable(error: Exception, values: int) -> UnreadableExport:
    # The parser's own words quote the file.
    if any(said in str(error) for said in _TRUNCATED):
        return UnreadableExport(
            f"The file ends in the middle of its JSON, after record {values}. It may have been cut off; "
            "export the chat again."
        )
    return UnreadableExport(
        f"The file is no valid JSON after record {values}. It may have been edited; export the chat again."
    )
