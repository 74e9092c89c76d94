"""When a new version takes the live one's place, and when the live one stays."""

from __future__ import annotations

from typing import Any

import pytest

from maltu.gate import Thresholds, Verdict, judge

MOST = Thresholds(style_drop=0.05, copy_rate=0.5)


def report(overall: float, half: float = 0.05, *, copied: float = 0.0, sure: float = 0.1) -> dict[str, Any]:
    """A report whose interval reaches ``half`` to both sides, and that of the copy rate ``sure`` down."""
    return {
        "void": False,
        "overall": overall,
        "low": overall - half,
        "high": overall + half,
        "copy_rate": copied,
        "scores": {"copy_rate": {"ceiling": 0.0, "high": 1 - copied + sure}},
    }


VOID: dict[str, Any] = {
    "void": True,
    "void_because": ["there is too little"],
    "overall": None,
    "copy_rate": 1.0,
    "scores": {},
}


def of(new: dict[str, Any], live: dict[str, Any] | None, most: Thresholds = MOST) -> Verdict:
    return judge(new, live, live_version="before", most=most)


@pytest.mark.parametrize(
    ("new", "live", "promoted"),
    [
        (report(0.7), report(0.6), True),
        (report(0.6), report(0.6), True),
        (report(0.54), report(0.6), True),  # 0.07 is noise
        (report(0.5), report(0.6), False),
        (report(0.5, 0.1), report(0.6), True),
        (report(0.56, 0.001), report(0.6, 0.001), True),  # certain, and little
        (report(0.54, 0.001), report(0.6, 0.001), False),
        (report(0.6, copied=0.7), report(0.6), False),
        (report(0.6, copied=0.55), report(0.6), True),  # not surely above
        (report(0.6, copied=0.7), report(0.6, copied=0.6), True),  # so does the live one
        (report(0.0, copied=1.0), report(0.0, copied=1.0), True),
        (VOID, report(0.9), True),
        (report(0.1), VOID, True),
        (report(0.1), None, True),
    ],
)
def test_only_what_is_surely_worse_waits(
    new: dict[str, Any], live: dict[str, Any], *, promoted: bool
) -> None:
    assert of(new, live).promote is promoted


def test_the_first_version_is_promoted_with_its_scores() -> None:
    verdict = judge(report(0.01, copied=1.0), None, live_version=None, most=MOST)
    assert verdict.promote
    assert "0.01 of 1" in verdict.why
    assert "100%" in verdict.why


def test_a_verdict_says_what_was_compared_and_by_how_much_it_is_worse() -> None:
    assert of(report(0.3), report(0.62)).why == (
        "It scores 0.30 of 1 (0.25 to 0.35) and copies 0% of its long replies; the live version before "
        "scores 0.62 of 1 (0.57 to 0.67) and copies 0% of its long replies. It is less alike by 0.32, and "
        "chance explains 0.07 at the most."
    )
    assert "more than 50% is too much" in of(report(0.6, copied=0.9), report(0.6)).why
    assert "there is too little" in of(VOID, report(0.6)).why


@pytest.mark.parametrize(
    ("new", "open_"),
    [
        (report(0.1), Thresholds(style_drop=None, copy_rate=0.5)),
        (report(0.6, copied=1.0), Thresholds(style_drop=0.05, copy_rate=None)),
    ],
)
def test_each_threshold_can_be_taken_away(new: dict[str, Any], open_: Thresholds) -> None:
    assert not of(new, report(0.6)).promote
    assert of(new, report(0.6), open_).promote


def test_who_copies_no_more_than_the_persona_itself_is_not_held_to_copy() -> None:
    alike = report(0.6, copied=1.0)
    alike["scores"]["copy_rate"] = {"ceiling": 1.0, "high": None}
    assert of(alike, report(0.6)).promote
