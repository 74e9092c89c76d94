"""From measurements to scores, and from scores to one number.

The number is an ensemble, for no single measure of style is accepted: the mean of three views (who seems to
have written it, how surprising its characters are, how its markers are distributed), times what copying the
training data and repeating itself leave of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from maltu.style.markers import MARKERS
from maltu.style.report import BASE, OTHER, PERSONA, Difference, Score, Standing
from maltu.style.scaling import DRAWS, Estimate, interval, scaled

if TYPE_CHECKING:
    from collections.abc import Mapping

    from maltu.style.measures import Measure, Measured

VIEWS = (("authorship",), ("bits_per_character",), tuple(MARKERS))

# People repeat themselves, and a sample more or less so: only clearly more counts.
REPETITION_TOLERATED = 0.8

_COPIER = "a model that only copies"
_REPEATER = "a model that always says the same"
SHUFFLED = "the persona's answers to other questions"


@dataclass(frozen=True, slots=True)
class Grade:
    """A standing, and the draws of its ``likeness``."""

    standing: Standing
    draws: Estimate


@dataclass(frozen=True, slots=True)
class Scale:
    """Where each measure's 0 and 1 are.

    Attributes:
        measured: every set's estimates.
        measures: how they are to be read.
        blocks: that each set has.
    """

    measured: Measured
    measures: Mapping[str, Measure]
    blocks: int

    def tells(self) -> tuple[str, ...]:
        """Name the measures, of those in the views, on which some floor is apart from the ceiling."""
        return tuple(name for view in VIEWS for name in view if self._floor(name)[1])

    def grade(self, name: str) -> Grade:
        """Score a set."""
        values = self.measured[name]
        placed = {measure: self._alike(measure, values[measure]) for view in VIEWS for measure in view}
        copying = self._against(
            values["copy_rate"], Estimate.certain(1.0), self.measured[PERSONA]["copy_rate"], _COPIER
        )
        placed["copy_rate"] = copying
        for measure in ("distinct_1", "distinct_2", "self_repetition"):
            worst = Estimate.certain(float(measure == "self_repetition"))
            placed[measure] = self._against(
                values[measure], worst, self.measured[PERSONA][measure], _REPEATER
            )
        if "chrf" in values and SHUFFLED in self.measured:
            floor = self.measured[SHUFFLED]["chrf"]
            placed["chrf"] = self._against(values["chrf"], floor, Estimate.certain(100.0), SHUFFLED)
        scores = {measure: score for measure, (score, _) in placed.items()}
        repetition = _repetition(
            [placed[measure][1] for measure in ("distinct_1", "distinct_2", "self_repetition")]
        )
        alike = self._mean_of_views({measure: draws for measure, (_, draws) in placed.items()})
        likeness = _lowered(alike, copying[1], repetition)
        low, high = interval(np.clip(likeness.draws, 0, 1), self.blocks)
        overall = max(likeness.point, 0.0) + 0.0
        standing = Standing(
            overall, low, high, likeness.point, values["copy_rate"].point, repetition.point, scores
        )
        return Grade(standing, likeness)

    def difference(self, first: Grade, second: Grade) -> Difference:
        """Compare two sets' ``overall``."""
        draws = np.clip(first.draws.draws, 0, 1) - np.clip(second.draws.draws, 0, 1)
        low, high = interval(draws, self.blocks)
        return Difference(first.standing.overall - second.standing.overall, low, high)

    def _floor(self, measure: str) -> tuple[str, bool]:
        """Give whose estimate is 0: of those apart from the ceiling the nearest to it; and whether one is."""
        sign = 1.0 if self.measures[measure].better == "higher" else -1.0
        ceiling = self.measured[PERSONA][measure]
        apart: list[tuple[float, str]] = []
        for name in (OTHER, BASE):
            if name not in self.measured:
                continue
            floor = self.measured[name][measure]
            low, _ = interval(sign * (ceiling.draws - floor.draws), self.blocks)
            if low > 0:
                apart.append((sign * (ceiling.point - floor.point), name))
        return (min(apart)[1], True) if apart else (OTHER, False)

    def _alike(self, measure: str, value: Estimate) -> tuple[Score, Estimate | None]:
        name, told = self._floor(measure)
        floor, ceiling = self.measured[name][measure], self.measured[PERSONA][measure]
        if not told:
            return Score(value.point, floor.point, ceiling.point, name, None, None, None), None
        return self._against(value, floor, ceiling, name, beyond=self.measures[measure].beyond)

    def _against(
        self,
        value: Estimate,
        floor: Estimate,
        ceiling: Estimate,
        floor_is: str,
        *,
        beyond: float | None = None,
    ) -> tuple[Score, Estimate | None]:
        if floor.point == ceiling.point:
            return Score(value.point, floor.point, ceiling.point, floor_is, None, None, None), None
        place = scaled(value, floor, ceiling, beyond=beyond)
        low, high = interval(place.draws, self.blocks)
        score = Score(value.point, floor.point, ceiling.point, floor_is, place.point, low, high)
        return score, place

    def _mean_of_views(self, placed: Mapping[str, Estimate | None]) -> Estimate:
        views = [
            _mean(usable)
            for view in VIEWS
            if (usable := [found for name in view if (found := placed[name]) is not None])
        ]
        return _mean(views) if views else Estimate.certain(0.0)


def _mean(estimates: list[Estimate]) -> Estimate:
    return Estimate(
        float(np.mean([each.point for each in estimates])),
        np.mean([each.draws for each in estimates], axis=0),
    )


def _repetition(placed: list[Estimate | None]) -> Estimate:
    """Give the factor that repeating itself leaves: of words, of pairs and of turns the worst."""
    known = [each for each in placed if each is not None]
    if not known:
        return Estimate.certain(1.0)
    return Estimate(
        float(np.clip(min(each.point for each in known) / REPETITION_TOLERATED, 0, 1)),
        np.clip(np.min([each.draws for each in known], axis=0) / REPETITION_TOLERATED, 0, 1),
    )


def _lowered(alike: Estimate, *factors: Estimate | None) -> Estimate:
    """Multiply by the factors; what is below 0 already stays where it is."""
    point, draws = np.array(alike.point), alike.draws
    for factor in factors:
        if factor is not None:
            point = np.where(point > 0, point * max(factor.point, 0), point)
            draws = np.where(draws > 0, draws * np.maximum(factor.draws, 0), draws)
    return Estimate(float(point), np.broadcast_to(draws, (DRAWS,)))
