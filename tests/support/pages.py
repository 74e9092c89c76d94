"""The project's pages, taken apart so that tests can hold them to the code."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
ENGLISH = ROOT / "README.md"
CONTRIBUTING = ROOT / "CONTRIBUTING.md"

# What a page's name ends with in each language that it may be written in.
LANGUAGES = ("", ".ko")
# The pages that are written in both.
IN_BOTH = ("README", "api", "deploy", "drop", "local", "privacy", "providers", "runs")

_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)

Row = list[str]


@dataclass(frozen=True)
class Page:
    """One page: its prose without code blocks, its code blocks, its tables' rows."""

    text: str

    @property
    def blocks(self) -> list[tuple[str, str]]:
        """Every code block's language and body."""
        return _FENCE.findall(self.text)

    @property
    def prose(self) -> str:
        """What is no code block."""
        return _FENCE.sub("", self.text)

    @property
    def headings(self) -> list[str]:
        """Every heading with its marks."""
        return re.findall(r"^(#+ .+)$", self.prose, re.MULTILINE)

    @property
    def tables(self) -> list[list[Row]]:
        """Every table's rows, without its head."""
        found = re.findall(r"(?:^\|.*\|\n)+", self.prose, re.MULTILINE)
        return [
            [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()[2:]]
            for table in found
        ]

    @property
    def rows(self) -> Iterator[Row]:
        """The rows of all tables."""
        return (row for table in self.tables for row in table)

    @property
    def code(self) -> list[str]:
        """Every piece of code, in prose and in blocks."""
        return [*re.findall(r"`([^`\n]+)`", self.prose), *(body for _, body in self.blocks)]

    def table_with(self, first: str) -> dict[str, Row]:
        """Give the one table that has a row for ``first``, by what its first cells name."""
        (table,) = (table for table in self.tables if any(row[0].startswith(f"`{first}`") for row in table))
        return {name: row for row in table for name in re.findall(r"`([^`]+)`", row[0])}

    def paragraph_with(self, text: str) -> str:
        """Give the one paragraph that has ``text``."""
        (paragraph,) = (part for part in self.prose.split("\n\n") if text in part)
        return paragraph


PAGES = {
    path: Page(path.read_text("utf-8"))
    for path in (*ROOT.glob("README*.md"), CONTRIBUTING, *DOCS.glob("*.md"))
}


def written(name: str, language: str) -> Page:
    """The page of a name that stands in ``IN_BOTH``, in one of the ``LANGUAGES``."""
    return PAGES[(ROOT if name == ENGLISH.stem else DOCS) / f"{name}{language}.md"]


def shown(value: object) -> str:
    """A value as a table shows it."""
    return f"`{json.dumps(value, ensure_ascii=False)}`"


def numbers(text: str) -> set[str]:
    """Every number as it is written, with its commas."""
    return set(re.findall(r"\d(?:[\d,.]*\d)?", text))
