"""How alike do models write?"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from maltu.style import overlap
from maltu.style.authorship import FEWEST_BLOCKS, Separability, separability
from maltu.style.copying import LONG_CHARACTERS
from maltu.style.grading import SHUFFLED, Scale
from maltu.style.measures import alikeness, diversity, estimates
from maltu.style.report import BASE, OTHER, PERSONA, Bins, Sample, StyleReport
from maltu.style.turns import BLOCK_MESSAGES, blocks_of, spread

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from maltu.style.dataset import Material
    from maltu.style.distribution import Distribution
    from maltu.style.turns import Block, Turn

# More blocks make intervals no narrower than a reader can use.
MOST_BLOCKS = 150
FEWEST_COMPARED = 2
FEW_COMPARED = 10
FEWEST_AUC = 0.7
FEW_PROMPTS = 10
FEW_LONG = 20

_SAMPLES = 24
_BINS = 14


def assess(
    material: Material, versions: Mapping[str, Sequence[Turn]], *, base: Sequence[Turn] = ()
) -> StyleReport:
    """Measure replies against the persona's held-out turns, the other speaker and the untuned base model.

    The same input gives the same report.

    Args:
        material: the dataset that the model was trained with.
        versions: replies by label; no label is one of the names in ``maltu.style.report``.
        base: the untuned model's replies, where there are any.
    """
    sets: dict[str, Sequence[Turn]] = {
        PERSONA: material.persona.held_out,
        OTHER: material.other.held_out,
        **({BASE: base} if base else {}),
        **versions,
    }
    blocks = {name: blocks_of(turns) for name, turns in sets.items()}
    persona = blocks_of(material.persona.train)
    other, blocks[OTHER] = _others(material, len(blocks[PERSONA]))
    samples = _samples(material.persona.held_out, {**versions, **({BASE: base} if base else {})})
    compared = min(MOST_BLOCKS, *map(len, blocks.values()))
    too_little = [
        f"{name} has {len(found)} blocks of {BLOCK_MESSAGES} messages, and {fewest} are needed"
        for found, name, fewest in (
            (persona, f"{material.speaker}'s training data", FEWEST_BLOCKS),
            (other, "the others' training data", FEWEST_BLOCKS),
            *((found, name, FEWEST_COMPARED) for name, found in blocks.items()),
        )
        if len(found) < fewest
    ]
    if too_little:
        return StyleReport(
            material.speaker, None, tuple(too_little), (), compared, {}, {}, None, {}, samples
        )
    told = separability([*persona, *blocks[PERSONA]], [*other, *blocks[OTHER]])
    equal = {name: spread(found, compared) for name, found in blocks.items()}
    measures, distributions = alikeness(material, persona, other)
    tallied = {**equal, SHUFFLED: overlap.to_the_wrong_questions(equal[PERSONA])}
    measured = estimates(tallied, measures)
    for name, found in diversity(equal).items():
        measured[name] |= found
    scale = Scale(measured, measures, compared)
    grades = {name: scale.grade(name) for name in equal if name != PERSONA}
    first_two = [grades[label] for label in islice(versions, 2)]
    return StyleReport(
        speaker=material.speaker,
        auc=told.auc,
        void_because=tuple(_why_void(told, scale)),
        warnings=tuple(_warnings(material, sets, blocks, compared)),
        blocks=compared,
        standings={label: grades[label].standing for label in versions},
        beside={name: grades[name].standing for name in (OTHER, BASE) if name in grades},
        difference=scale.difference(*first_two) if len(first_two) > 1 else None,
        distributions={name: _bins(each, equal) for name, each in distributions.items()},
        samples=samples,
    )


def _others(material: Material, wanted: int) -> tuple[list[Block], list[Block]]:
    """Divide the others' blocks, the newest behind, into those to learn from and the floor.

    No model learned to write like them, so that what they wrote before the held-out conversations may stand in
    the floor as well, where they wrote less than the persona.
    """
    old, new = blocks_of(material.other.train), blocks_of(material.other.held_out)
    every = [*old, *new]
    cut = len(every) - max(len(new), min(wanted, len(every) // 2))
    return every[:cut], every[cut:]


def _why_void(told: Separability, scale: Scale) -> list[str]:
    if told.auc < max(FEWEST_AUC, told.by_chance):
        return [
            f"the two speakers cannot be told apart by how they write (AUC {told.auc:.2f}, where 0.5 is a "
            f"coin and {max(FEWEST_AUC, told.by_chance):.2f} is needed): being like one of them means nothing"
        ]
    if not scale.tells():
        return ["no measure tells the speakers apart on so few held-out messages"]
    return []


def _warnings(
    material: Material, sets: Mapping[str, Sequence[Turn]], blocks: Mapping[str, Sequence[Block]], compared: int
) -> list[str]:
    warnings: list[str] = []
    if compared < FEW_COMPARED:
        fewest = min(blocks, key=lambda name: len(blocks[name]))
        warnings.append(
            f"Only {compared} blocks of {BLOCK_MESSAGES} messages could be compared ({fewest} has no more): "
            "the intervals are wide."
        )
    prompts = overlap.answers_by_prompt(material.persona.held_out)
    for name, turns in sets.items():
        if name in {PERSONA, OTHER}:
            continue
        if empty := sum(not turn.text.strip() for turn in turns):
            warnings.append(f"{empty} of {len(turns)} replies of {name} are empty and were left out.")
        known = sum(overlap.prompt_key(turn.prompt) in prompts for turn in turns)
        if known < FEW_PROMPTS:
            warnings.append(
                f"{known} of {len(turns)} prompts of {name} are the held-out ones: chrF and the samples "
                "compare with what was really answered only where they are."
            )
        long = sum(len(turn.text) >= LONG_CHARACTERS for turn in turns)
        if long < FEW_LONG:
            warnings.append(
                f"Only {long} replies of {name} are long enough ({LONG_CHARACTERS} characters) to tell "
                "whether they are copied."
            )
    return warnings


def _bins(distribution: Distribution, sets: Mapping[str, Sequence[Block]]) -> Bins:
    counts = {name: distribution.tally(blocks).sum(axis=0) for name, blocks in sets.items()}
    largest = distribution.share.argsort()[::-1][:_BINS]
    names = list(distribution.bins)
    shares = {
        name: tuple(float(count[at] / max(count.sum(), 1)) for at in largest)
        for name, count in counts.items()
    }
    return Bins(tuple(names[at] for at in largest), shares)


def _samples(held_out: Sequence[Turn], sets: Mapping[str, Sequence[Turn]]) -> tuple[Sample, ...]:
    replies = {name: overlap.answers_by_prompt(turns) for name, turns in sets.items()}
    first = next(iter(replies.values()), {})
    asked = [turn for turn in held_out if overlap.prompt_key(turn.prompt) in first]
    return tuple(
        Sample(
            turn.prompt,
            turn.text,
            {
                name: found[0]
                for name, known in replies.items()
                if (found := known.get(overlap.prompt_key(turn.prompt)))
            },
        )
        for turn in spread(asked, _SAMPLES)
    )
