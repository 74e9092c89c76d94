"""A JSON document's text, taken token by token or value by value; what was taken is forgotten."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from json import JSONDecodeError
from typing import TYPE_CHECKING, Final, NoReturn, cast

from maltu.errors import UnreadableExport
from maltu.exports.source import MAX_RECORD_BYTES

if TYPE_CHECKING:
    from collections.abc import Callable

    from maltu.exports.source import Source

    Decode = Callable[[str, int], tuple[object, int]]

# So small that what it is decoded into stays in the processor's cache.
BLOCK_CHARACTERS = 16 * 1024
MAX_DEPTH = 64

_WHITESPACE = re.compile(r"[ \t\n\r]*")
_COMMA = re.compile(r"[ \t\n\r]*,[ \t\n\r]*")
# How far before the end of what has been read the decoder may find fault with what only goes on: -Infinity.
_MAY_GO_ON = 16
# What may stand between a number's start and its going on: 1e+.
_NUMBER_MAY_GO_ON = 2


class _KeyTwiceError(Exception):
    pass


# ValueError for a number with more digits than Python parses, and for no JSON at all.
_FAULTS = (ValueError, ArithmeticError, RecursionError, _KeyTwiceError)


def _unambiguous(pairs: list[tuple[str, object]]) -> dict[str, object]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise _KeyTwiceError
    return made


def _no_number(name: str) -> NoReturn:
    raise ValueError(name)


# NaN and Infinity are no JSON.
STRICT: Final = json.JSONDecoder(
    parse_float=Decimal, parse_constant=_no_number, object_pairs_hook=_unambiguous
).raw_decode
"""Decodes a value that has no key twice, and tells where it ends."""
LENIENT: Final = json.JSONDecoder(parse_float=Decimal, parse_constant=_no_number).raw_decode
"""Decodes a value that nobody wants."""


class JsonText:
    """What of a document has not been taken yet.

    Attributes:
        records: how many values there were that somebody wanted, for errors to name; the reader counts them.
    """

    def __init__(self, source: Source) -> None:
        self.records = 0
        self._source = source
        self._stream = source.open_text(newline="\n")
        self._lines = 0
        self._text = ""
        self._at = 0
        self._held = 0
        self._ended = False

    def peek(self) -> str:
        """Give the next character that is no whitespace; empty at the end."""
        while True:
            if found := _WHITESPACE.match(self._text, self._at):
                self._at = found.end()
            if self._at < len(self._text):
                return self._text[self._at]
            if not self._read():
                return ""

    def take(self, expected: str) -> str:
        """Take the next character that is no whitespace; it is one of those, or the JSON is invalid."""
        found = self.peek()
        if not found or found not in expected:
            raise self.invalid(cut_off=not found)
        self._take(self._at + 1)
        return found

    def take_value(self, decode: Decode, *, depth: int) -> object:
        """Take the next value, which may be nested as deep as that.

        Raises:
            UnreadableExport: there is none, or it is cut off, too long, nested too deeply or has a key twice.
        """
        blocks = 1
        while True:
            try:
                value, end = decode(self._text, self._at)
            except _FAULTS as fault:
                wrong_at = self._place_of(fault)
                goes_on = wrong_at + _MAY_GO_ON >= len(self._text)
                cut_off = wrong_at >= len(self._text)
                if not goes_on or not self._read(blocks):
                    raise self.invalid(cut_off=cut_off) from None
            else:
                if self._ended or end + _NUMBER_MAY_GO_ON < len(self._text):
                    if _depth_of(value) > depth:
                        raise self.too_deep()
                    self._take(end)
                    return value
                self._read(blocks)
            # Twice as much each time, or a long value would be decoded for each of its blocks.
            blocks *= 2

    def take_whole_values(self, decode: Decode, *, depth: int) -> list[object]:
        """Take the next elements of an array as far as they are at hand, each with the comma behind it.

        The one behind them is left to ``take_value``: the last, or cut in two by what is at hand, or no value
        at all.
        """
        self.peek()
        text, at = self._text, self._at
        count = text.count
        values: list[object] = []
        comma = ""
        while True:
            try:
                value, end = decode(text, at)
            except _FAULTS:
                break
            # What stands between two elements is mostly what stood between the two before.
            if not comma or not text.startswith(comma, end):
                found = _COMMA.match(text, end)
                if found is None:
                    break
                comma = found[0]
            if count("[", at, end) + count("{", at, end) > depth and _depth_of(value) > depth:
                break
            values.append(value)
            at = end + len(comma)
        self._take(at)
        return values

    def too_deep(self) -> UnreadableExport:
        """Say that values are nested as no messenger does."""
        return UnreadableExport(
            f"After record {self.records} values are nested more than {MAX_DEPTH} deep: no messenger does "
            "that."
        )

    def invalid(self, *, cut_off: bool) -> UnreadableExport:
        """Say that the document is no JSON; ``cut_off`` where it is as far as it goes."""
        if cut_off:
            return UnreadableExport(
                f"The file ends in the middle of its JSON, after record {self.records}. It may have been cut "
                "off; export the chat again."
            )
        return UnreadableExport(
            f"The file is no valid JSON after record {self.records}. It may have been edited; export the "
            "chat again."
        )

    def _place_of(self, fault: Exception) -> int:
        """Tell where a value is no JSON, which what follows may yet change; refuse what it cannot change."""
        if isinstance(fault, JSONDecodeError):
            endless = fault.msg.startswith("Unterminated string") or (
                fault.msg.startswith("Invalid \\u") and '"' not in self._text[fault.pos :]
            )
            return len(self._text) if endless else fault.pos
        if isinstance(fault, RecursionError):
            raise self.too_deep() from None
        if isinstance(fault, _KeyTwiceError):
            raise UnreadableExport(f"Record {self.records} has a key twice. Export the chat again.") from None
        raise self.invalid(cut_off=False) from None

    def _take(self, at: int) -> None:
        self._at = at
        self._held = 0

    def _read(self, blocks: int = 1) -> bool:
        """Read on, and forget what was taken; false at the end."""
        unread = [self._text[self._at :]]
        for _ in range(blocks):
            if not (block := self._block()):
                self._ended = True
                break
            unread.append(block)
        self._text = "".join(unread)
        self._at = 0
        return len(unread) > 1

    def _block(self) -> str:
        # The source guards rows of lines; here a record is a value.
        self._source.record_line += 1
        try:
            block = self._stream.read(BLOCK_CHARACTERS)
        except UnicodeDecodeError as error:
            raise self._source.undecodable(error, lines=self._lines) from None
        self._lines += block.count("\n")
        self._held += len(block)
        if self._held > MAX_RECORD_BYTES:
            raise UnreadableExport(
                f"What follows record {self.records} does not end within {MAX_RECORD_BYTES:,} characters. "
                "The file is damaged; export the chat again."
            )
        return block


def _depth_of(value: object) -> int:
    """Count how many containers are around the innermost ones, themselves included."""
    depth = 0
    inner = [value]
    while inner := [each for each in inner if isinstance(each, (dict, list))]:
        depth += 1
        inner = [
            child
            for each in cast("list[dict[str, object] | list[object]]", inner)
            for child in (each.values() if isinstance(each, dict) else each)
        ]
    return depth
