"""Everything that is measured of a set of replies, as numbers with draws."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from maltu.style import overlap
from maltu.style.authorship import Authorship
from maltu.style.copying import TrainingLines
from maltu.style.distribution import Distribution
from maltu.style.diversity import KINDS, Pieces, distinct_draws
from maltu.style.language_model import CharacterModel
from maltu.style.markers import MARKERS
from maltu.style.scaling import DRAWS, Estimate, bootstrap, ratio
from maltu.style.turns import messages_of, spread

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from maltu.style.arrays import Floats
    from maltu.style.dataset import Material
    from maltu.style.turns import Block

Better = Literal["higher", "lower"]

# What the character model and the distributions are counted from: 100,000 messages.
_MOST_BLOCKS = 5_000
_SEED = 20261122


@dataclass(frozen=True, slots=True)
class Measure:
    """Something that adds up over blocks.

    Attributes:
        tally: counts blocks, one row each.
        value: the number for sums of rows.
        better: which way the persona is.
        beyond: the value on the persona's other side that is as far off as the floor, if there is one.
    """

    tally: Callable[[Sequence[Block]], Floats]
    value: Callable[[Floats], Floats]
    better: Better
    beyond: float | None = None


def alikeness(
    material: Material, persona: Sequence[Block], other: Sequence[Block]
) -> tuple[dict[str, Measure], dict[str, Distribution]]:
    """Learn the persona from training blocks.

    Returns:
        The measures that have the other speaker as their floor, and the distributions behind the markers.
        ``copy_rate`` and ``chrf``, whose floors are others, are among the measures.
    """
    authorship = Authorship.trained(persona, other)
    read = spread(persona, _MOST_BLOCKS)
    model = CharacterModel.of([message for block in read for message in messages_of(block)])
    distributions = {name: Distribution.of(read, labels) for name, labels in MARKERS.items()}
    lines = TrainingLines.of([*material.persona.train, *material.other.train])
    answers = overlap.answers_by_prompt(material.persona.held_out)
    measures = {
        "authorship": Measure(lambda blocks: _with_ones(authorship.probabilities(blocks)), ratio, "higher"),
        # What is more predictable than the persona itself is no better: 0 bits are one text by heart.
        "bits_per_character": Measure(lambda blocks: _bits(model, blocks), ratio, "lower", beyond=0.0),
        **{name: Measure(each.tally, each.divergence, "lower") for name, each in distributions.items()},
        "copy_rate": Measure(lines.tally, ratio, "lower"),
        "chrf": Measure(lambda blocks: overlap.tally(blocks, answers), ratio, "higher"),
    }
    return measures, distributions


def estimates(sets: Mapping[str, Sequence[Block]], measures: Mapping[str, Measure]) -> Measured:
    """Measure every set. The draws of one set are the same blocks for every measure."""
    return {
        name: {
            measure: bootstrap(each.tally(blocks), each.value, _drawing(at))
            for measure, each in measures.items()
        }
        for at, (name, blocks) in enumerate(sets.items())
    }


def diversity(sets: Mapping[str, Sequence[Block]]) -> Measured:
    """Measure how much of each set is new: ``distinct_1``, ``distinct_2`` and ``self_repetition``.

    Sets are compared over as many words, pairs or turns as the shortest has.
    """
    found: dict[str, dict[str, Estimate]] = {name: {} for name in sets}
    for kind, pieces_of in KINDS.items():
        pieces = {name: Pieces.of(blocks, pieces_of) for name, blocks in sets.items()}
        first = min(each.count for each in pieces.values())
        for at, (name, each) in enumerate(pieces.items()):
            draws = distinct_draws(each, first, draws=DRAWS, rng=_drawing(at))
            estimate = Estimate(each.distinct(first), draws)
            if kind == "self_repetition":
                estimate = Estimate(1 - estimate.point, 1 - estimate.draws)
            found[name][kind] = estimate
    return found


Measured = dict[str, dict[str, Estimate]]


def _drawing(at: int) -> np.random.Generator:
    return np.random.default_rng((_SEED, at))


def _with_ones(values: Floats) -> Floats:
    return np.stack([values, np.ones_like(values)], axis=1)


def _bits(model: CharacterModel, blocks: Sequence[Block]) -> Floats:
    return np.array([model.bits(messages_of(block)) for block in blocks], dtype=np.float64)
