"""Charts as inline SVG: drawn by hand, for a chart library weighs more than all the rest of a page."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from maltu.style.report import Bins, Score

_LABELS = 150
_PLOT = 460
_ROW = 22
_BARS = 96
_GROUP = 8


def score_chart(versions: Mapping[str, Mapping[str, Score]]) -> str:
    """Draw every measure's place between floor (0) and ceiling (1), with its interval, for each version."""
    names = list(dict.fromkeys(name for scores in versions.values() for name in scores))
    height = _ROW * (len(names) + 1) + 8
    parts = [
        f'<text x="{_x(0)}" y="12" text-anchor="middle">floor</text>',
        f'<text x="{_x(1)}" y="12" text-anchor="middle">ceiling</text>',
        *(f'<line class="grid" x1="{_x(at)}" x2="{_x(at)}" y1="18" y2="{height}"/>' for at in (-1, 0, 1)),
    ]
    for row, name in enumerate(names):
        y = _ROW * (row + 1) + 12
        parts.append(f'<text x="0" y="{y + 4}">{escape(name)}</text>')
        for at, scores in enumerate(versions.values()):
            parts.append(_mark(scores[name], y + 5 * at - 2 * (len(versions) - 1), at))
    return _svg(_LABELS + _PLOT + 20, height, "scores between floor and ceiling", parts)


def distribution_chart(name: str, bins: Bins, sets: Sequence[str]) -> str:
    """Draw one marker's distribution, the sets side by side in each bin, in the colours ``s0``, ``s1``, ...

    The highest bar fills the height.
    """
    highest = max((share for each in sets for share in bins.shares[each]), default=0) or 1
    step = _GROUP * len(sets) + 12
    parts: list[str] = []
    for column, label in enumerate(bins.names):
        left = column * step
        for at, each in enumerate(sets):
            share = bins.shares[each][column]
            tall = share / highest * _BARS
            parts.append(
                f'<rect class="s{at}" x="{left + at * _GROUP}" y="{_BARS - tall:.1f}" width="{_GROUP - 1}" '
                f'height="{tall:.1f}"><title>{escape(f"{each}: {share:.1%} {label}")}</title></rect>'
            )
        middle = left + _GROUP * len(sets) / 2
        parts.append(f'<text x="{middle}" y="{_BARS + 14}" text-anchor="middle">{escape(label)}</text>')
    return _svg(step * len(bins.names), _BARS + 20, f"distribution of {name}", parts)


def _mark(score: Score, y: int, at: int) -> str:
    if score.scaled is None or score.low is None or score.high is None:
        return f'<text class="muted" x="{_x(0)}" y="{y + 4}"> the speakers are alike in it</text>'
    return (
        f'<line class="s{at + 1}" x1="{_x(score.low)}" x2="{_x(score.high)}" y1="{y}" y2="{y}"/>'
        f'<circle class="s{at + 1}" cx="{_x(score.scaled)}" cy="{y}" r="4">'
        f"<title>{score.scaled:.2f} ({score.low:.2f} to {score.high:.2f})</title></circle>"
    )


def _x(scaled: float) -> float:
    return round(_LABELS + (scaled + 1) / 2 * _PLOT, 1)


def _svg(width: float, height: float, label: str, parts: Sequence[str]) -> str:
    return (
        f'<svg role="img" aria-label="{escape(label)}" viewBox="0 0 {width} {height}" '
        f'style="width:{width}px">{"".join(parts)}</svg>'
    )
