"""Whether a new version takes the live one's place: a rule over the numbers of two style reports."""

from __future__ import annotations

from dataclasses import dataclass
from math import hypot
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Thresholds:
    """What a new version may be worse by; None lets it be as much worse as it is.

    Attributes:
        style_drop: of ``overall``, from the live version's.
        copy_rate: the part of its long replies that is copied.
    """

    style_drop: float | None
    copy_rate: float | None


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether to promote, and why, in words with the numbers and without chat text."""

    promote: bool
    why: str


def judge(
    new: Mapping[str, Any], live: Mapping[str, Any] | None, *, live_version: str | None, most: Thresholds
) -> Verdict:
    """Compare a new version with the live one.

    Args:
        new: its style report, as ``style.json`` holds it.
        live: the live version's; None where it has none.
        live_version: its name; None where nothing is live.
        most: what the new one may be worse by.

    Returns:
        To keep the live version only where the new one copies and the live one does not, or where it scores
        less than the live one by more than ``most`` and by more than chance explains. What means nothing
        holds nobody back.
    """
    if new["void"]:
        return Verdict(
            promote=True,
            why=f"Its style cannot be scored, which holds nobody back: {'; '.join(new['void_because'])}.",
        )
    scores = f"It scores {_scored(new)}"
    if live is None or live["void"]:
        return Verdict(promote=True, why=f"{scores}. {_nothing_to_compare(live, live_version)}")
    worse = _copies(new, live, most.copy_rate) or _falls(new, live, most.style_drop)
    against = f"{scores}; the live version {live_version} scores {_scored(live)}."
    return Verdict(promote=not worse, why=f"{against} {worse}".rstrip())


def _nothing_to_compare(live: Mapping[str, Any] | None, live_version: str | None) -> str:
    if live_version is None:
        return "No other version is live."
    return f"The live version {live_version} has {'a void' if live else 'no'} style report."


def _copies(new: Mapping[str, Any], live: Mapping[str, Any], most: float | None) -> str:
    if most is None or not _surely_copied(new) > most >= live["copy_rate"]:
        return ""
    return f"It copies its training data: more than {most:.0%} is too much."


def _falls(new: Mapping[str, Any], live: Mapping[str, Any], most: float | None) -> str:
    drop = live["overall"] - new["overall"]
    noise = hypot(new["high"] - new["overall"], live["overall"] - live["low"])
    if most is None or drop <= max(most, noise):
        return ""
    return f"It is less alike by {drop:.2f}, and chance explains {noise:.2f} at the most."


def _scored(report: Mapping[str, Any]) -> str:
    return (
        f"{report['overall']:.2f} of 1 ({report['low']:.2f} to {report['high']:.2f}) and copies "
        f"{report['copy_rate']:.0%} of its long replies"
    )


def _surely_copied(report: Mapping[str, Any]) -> float:
    """The lower end of the interval of ``copy_rate``, whose scale runs from 1 down to the persona's own."""
    score = report["scores"]["copy_rate"]
    if score["high"] is None:
        return 0.0
    return 1 - score["high"] * (1 - score["ceiling"])
