"""A report for people to read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from maltu.cli.wording import counted, dollars, listed

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from maltu.settings import PersonaSettings

_LABEL = 15


def summarise(report: Mapping[str, Any], settings: PersonaSettings, out: Path) -> str:
    """Write the report in lines of a label and what there is to say."""
    lines = [f"{label:<{_LABEL}}{said}" for label, said in _lines(report, settings) if said]
    notes = [f"! {warning}" for warning in report["warnings"]]
    return "\n".join([*lines, *notes, f"{'Written to':<{_LABEL}}{out}", ""])


def _lines(report: Mapping[str, Any], settings: PersonaSettings) -> Iterator[tuple[str, str]]:
    turns, examples, tokens, cost = (report[name] for name in ("turns", "examples", "tokens", "cost"))
    silences = report["silence_hours"]
    yield "Persona", report["speaker"]
    yield "Messages", f"{report['messages']:,} read; in turns: {listed(report['speakers'])}"
    yield "Months", _months(report["months"])
    yield (
        "Conversations",
        f"{report['conversations']:,}, cut where nobody wrote for {settings.silence_minutes} minutes"
        + (f"; half of the silences are under {silences['p50'] + 1} h" if silences else ""),
    )
    half, longest = (report["persona_turn_characters"].get(part, 0) for part in ("p50", "p99"))
    yield (
        "Turns",
        (
            f"{turns['persona']:,} of {report['speaker']}, {turns['trained']:,} of them trained; "
            f"half have up to {half} characters, one in a hundred over {longest}"
        ),
    )
    yield (
        "Examples",
        (
            f"{examples['train']:,} to train and {examples['validation']:,} to validate "
            f"({settings.format}, {settings.recipe})"
        ),
    )
    yield "Tokens", f"{tokens['train']:,}; the longest example has {tokens['longest_example']:,}"
    yield (
        "Cost",
        f"{dollars(cost['usd'])} for {counted(cost['epochs'], 'epoch')} of {cost['base_model']}"
        + (", as the provider usually chooses" if settings.n_epochs is None else "")
        + (
            f"; measuring its style {dollars(measuring)} at most"
            if (measuring := cost["evaluation_usd"])
            else ""
        ),
    )
    yield "Not trained", listed(report["skipped"])
    yield "Masked", listed(report["masked"])


def _months(months: Mapping[str, int]) -> str:
    if len(months) < 2:  # noqa: PLR2004 - a span has two ends
        return ", ".join(months)
    busiest = max(months, key=lambda month: months[month])
    first, *_, last = months
    return f"{first} to {last}, most in {busiest} ({months[busiest]:,} messages)"
