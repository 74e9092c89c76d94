"""Measures masking on chat messages whose personal data was marked by hand."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, cast

from maltu.masking import LABELS, Masker
from maltu.masking.detection import find_personal
from maltu.masking.names import listed_names, name_finder

if TYPE_CHECKING:
    from maltu.masking import Kind
    from maltu.masking.kinds import Span

DATA = Path(__file__).parents[2] / "data" / "masking"
PARTS = {"development": "development.jsonl", "held out": "held_out.jsonl"}
# The people whom the owner would list.
NAMES = ("서하람", "도예린", "하람", "예린", "한솔비", "솔비", "차나래", "나래")


class Labelled(NamedTuple):
    text: str
    spans: tuple[tuple[int, int, Kind], ...]


class Score(NamedTuple):
    """Counts of spans by kind, of characters, and of messages that hold nothing personal."""

    marked: Counter[Kind]
    recalled: Counter[Kind]
    found: Counter[Kind]
    right: Counter[Kind]
    characters: int
    leaked: int
    clean: int
    touched: int

    @property
    def recall(self) -> float:
        return self.recalled.total() / self.marked.total()

    @property
    def precision(self) -> float:
        return self.right.total() / self.found.total()

    @property
    def leakage(self) -> float:
        return self.leaked / self.characters


def read_part(part: str) -> list[Labelled]:
    lines = (DATA / PARTS[part]).read_text(encoding="utf-8").splitlines()
    messages = [cast("dict[str, object]", json.loads(line)) for line in lines]
    return [
        Labelled(
            cast("str", message["text"]),
            tuple(
                (start, end, kind)
                for start, end, kind in cast("list[tuple[int, int, Kind]]", message["spans"])
            ),
        )
        for message in messages
    ]


def score(messages: list[Labelled]) -> Score:
    find_names = name_finder(listed_names(NAMES))
    total = Score(Counter(), Counter(), Counter(), Counter(), 0, 0, 0, 0)
    characters = leaked = clean = touched = 0
    for text, spans in messages:
        # What the masker's gate holds back is not found either.
        found = find_personal(text, find_names) if Masker(NAMES).mask(text) != text else []
        if not spans:
            clean += 1
            touched += bool(found)
        for start, end, kind in spans:
            total.marked[kind] += 1
            total.recalled[kind] += any(_same(span, start, end, kind) for span in found)
            sensitive = [at for at in range(start, end) if text[at].isalnum()]
            characters += len(sensitive)
            leaked += sum(not any(span.start <= at < span.end for span in found) for at in sensitive)
        for span in found:
            total.found[span.kind] += 1
            total.right[span.kind] += any(_same(span, *marked) for marked in spans)
    return total._replace(characters=characters, leaked=leaked, clean=clean, touched=touched)


def _same(span: Span, start: int, end: int, kind: Kind) -> bool:
    return span.kind == kind and span.start < end and start < span.end


def table(scores: dict[str, Score]) -> str:
    """Write the scores as the table that the documentation shows."""
    lines = [
        "| | " + " | ".join(f"{part}: marked | recall | precision" for part in scores) + " |",
        "|---|" + "---:|" * (3 * len(scores)),
    ]
    for kind, label in LABELS.items():
        cells = " | ".join(_cells(measured, kind) for measured in scores.values())
        lines.append(f"| {label} (`{kind}`) | {cells} |")
    cells = " | ".join(
        f"{measured.marked.total()} | {measured.recall:.1%} | {measured.precision:.1%}"
        for measured in scores.values()
    )
    lines.append(f"| **all** | {cells} |")
    for part, measured in scores.items():
        lines += [
            "",
            (
                f"Of the {part} part's {measured.characters:,} personal letters and digits, "
                f"{measured.leaked} ({measured.leakage:.2%}) are left; "
                f"of its {measured.clean} clean messages, {measured.touched} "
                f"({measured.touched / measured.clean:.1%}) are touched."
            ),
        ]
    return "\n".join(lines)


def _cells(measured: Score, kind: Kind) -> str:
    marked, found = measured.marked[kind], measured.found[kind]
    recall = f"{measured.recalled[kind] / marked:.1%}" if marked else "–"
    precision = f"{measured.right[kind] / found:.1%}" if found else "–"
    return f"{marked} | {recall} | {precision}"
