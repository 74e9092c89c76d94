"""How a message stands in the file of LINE for phones: ``HH:MM<TAB>name<TAB>text``."""

from __future__ import annotations

import re

from maltu.exports.line_records import TIME, Header
from maltu.exports.lookup import Lookup

MESSAGE = re.compile(rf"{TIME}\t(?P<first>[^\t]*)(?:\t(?P<text>.*))?", re.DOTALL)
# A time is shorter than this; looking closer takes longer than looking up what was cut.
_STARTS = re.compile(r"\n([^\t\n]{1,16})\t([^\t\n]*\t|)")


class Tabbed:
    """The form with tabs; what has no second one is LINE's own."""

    def __init__(self) -> None:
        self.starts = _STARTS
        self.placeholders = frozenset[str]()
        self._names = Lookup(_without_tab)

    def header_of(self, line: str) -> Header | None:
        """Give the message that starts with a line; None where none does."""
        if (found := MESSAGE.fullmatch(line)) is None:
            return None
        first, text = found["first"], found["text"]
        return Header(found, "", first) if text is None else Header(found, first, text)

    def split(self, names: list[str], texts: list[str]) -> tuple[list[str], int]:  # noqa: ARG002 - as every form
        """Give the names without their tabs; none is rare."""
        return list(map(self._names.__getitem__, names)), 0


def _without_tab(name: str) -> str:
    return name.removesuffix("\t")
