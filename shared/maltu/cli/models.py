"""``maltu models``: what a persona can be tuned from."""

from __future__ import annotations

import json
import sys
from datetime import date
from typing import TYPE_CHECKING, Any, Final

from maltu.catalogue import list_base_models

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_HEADINGS: Final = (
    "Base model", "Host", "Format", "Train", "In", "Out", "Examples", "Jobs until", "Answers until",
)  # fmt: skip


def print_models(*, as_json: bool) -> None:
    """Write the table to standard output: for people, or as the endpoint answers it."""
    listed = list_base_models(today=date.today())  # noqa: DTZ011 - the owner's own day
    if as_json:
        sys.stdout.write(json.dumps(listed, ensure_ascii=False, indent=2) + "\n")
        return
    rows = [_HEADINGS, *(_row(model) for model in listed["data"])]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEADINGS))]
    for row in rows:
        line = "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        sys.stdout.write(line.rstrip() + "\n")
    sys.stdout.write(
        f"\nUS dollars per million tokens, collected on {listed['as_of']} and checked against no bill; your "
        "provider's bill counts.\n* no source was found    - not known, or no end announced    x closed\n"
    )


def _row(model: Mapping[str, Any]) -> Sequence[str]:
    prices, limits = model["usd_per_million"], model["limits"]

    def told(value: str, *names: str) -> str:
        return value + ("*" if set(names) & set(model["unverified"]) and value != "-" else "")

    most = limits["max_examples"]
    examples = f"{limits['fewest_examples']}-{most:,}" if most else f"{limits['fewest_examples']}+"
    return (
        model["id"] if model["open"] else f"{model['id']} x",
        model["owned_by"],
        ", ".join(model["formats"]),
        *(told(_dollars(prices[name]), name) for name in ("training", "input", "output")),
        told(examples, "fewest_examples", "max_examples"),
        model["trains_until"] or "-",
        model["shutdown_date"] or "-",
    )


def _dollars(usd: float | None) -> str:
    return "-" if usd is None else f"{usd:.3f}".removesuffix("0")
