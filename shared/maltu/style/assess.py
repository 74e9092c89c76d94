"""How alike do models write?"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from threadpoolctl import threadpool_limits

from maltu.style.authorship import separability
from maltu.style.cautions import too_little, warnings_about, why_void
from maltu.style.exhibits import bins_of, samples_of
from maltu.style.grading import SHUFFLED, Scale
from maltu.style.measures import alikeness, diversity, estimates
from maltu.style.overlap import to_the_wrong_questions
from maltu.style.report import BASE, OTHER, PERSONA, StyleReport
from maltu.style.turns import blocks_of, spread

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from maltu.style.dataset import Material
    from maltu.style.turns import Block, Turn

# More blocks make intervals no narrower than a reader can use.
MOST_BLOCKS = 150


# The vectors are too short for BLAS's threads to share: on a busy machine they wait for each other, and spin.
@threadpool_limits.wrap(limits=1, user_api="blas")
def assess(
    material: Material, versions: Mapping[str, Sequence[Turn]], *, base: Sequence[Turn] = ()
) -> StyleReport:
    """Measure replies against the persona's held-out turns, the other speaker and the untuned base model.

    The same input gives the same report.

    Args:
        material: the dataset that the model was trained with.
        versions: replies by label; no label is one of ``NAMES``.
        base: the untuned model's replies, where there are any.
    """
    held_out = material.persona.held_out
    replies: dict[str, Sequence[Turn]] = {**versions, **({BASE: base} if base else {})}
    persona = blocks_of(material.persona.train)
    blocks = {PERSONA: blocks_of(held_out)}
    other, blocks[OTHER] = _others(material, len(blocks[PERSONA]))
    blocks |= {name: blocks_of(turns) for name, turns in replies.items()}
    samples = samples_of(held_out, replies)
    compared = min(MOST_BLOCKS, *map(len, blocks.values()))
    if why := too_little(material.speaker, persona, other, blocks):
        return StyleReport(material.speaker, None, tuple(why), (), compared, {}, {}, None, {}, samples)
    told = separability([*persona, *blocks[PERSONA]], [*other, *blocks[OTHER]])
    equal = {name: spread(found, compared) for name, found in blocks.items()}
    measures, distributions = alikeness(material, persona, other)
    tallied = {**equal, SHUFFLED: to_the_wrong_questions(equal[PERSONA])}
    measured = estimates(tallied, measures)
    for name, found in diversity(equal).items():
        measured[name] |= found
    scale = Scale(measured, measures, compared)
    grades = {name: scale.grade(name) for name in equal if name != PERSONA}
    first_two = [grades[label] for label in islice(versions, 2)]
    return StyleReport(
        speaker=material.speaker,
        auc=told.auc,
        void_because=tuple(why_void(told, scale)),
        warnings=tuple(warnings_about(held_out, replies, blocks, compared)),
        blocks=compared,
        standings={label: grades[label].standing for label in versions},
        beside={name: grades[name].standing for name in (OTHER, BASE) if name in grades},
        difference=scale.difference(*first_two) if len(first_two) > 1 else None,
        distributions={name: bins_of(each, equal) for name, each in distributions.items()},
        samples=samples,
    )


def _others(material: Material, wanted: int) -> tuple[list[Block], list[Block]]:
    """Divide the others' blocks, the newest behind, into those to learn from and the floor.

    No model learned to write like them, so that what they wrote before the held-out conversations may stand
    in the floor as well, where they wrote less than the persona.
    """
    old, new = blocks_of(material.other.train), blocks_of(material.other.held_out)
    every = [*old, *new]
    cut = len(every) - max(len(new), min(wanted, len(every) // 2))
    return every[:cut], every[cut:]
