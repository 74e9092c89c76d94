"""When a report means nothing, and what its reader should know where it does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from maltu.style import overlap
from maltu.style.authorship import FEWEST_BLOCKS
from maltu.style.copying import LONG_CHARACTERS
from maltu.style.turns import BLOCK_MESSAGES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from maltu.style.authorship import Separability
    from maltu.style.grading import Scale
    from maltu.style.turns import Block, Turn

FEWEST_COMPARED = 2
FEW_COMPARED = 10
FEWEST_AUC = 0.7
FEW_PROMPTS = 10
FEW_LONG = 20


def too_little(
    speaker: str, persona: Sequence[Block], other: Sequence[Block], compared: Mapping[str, Sequence[Block]]
) -> list[str]:
    """Say what there is too little of to measure anything: to learn the speakers from, or to compare."""
    return [
        f"{name} has {len(found)} blocks of {BLOCK_MESSAGES} messages, and {fewest} are needed"
        for found, name, fewest in (
            (persona, f"{speaker}'s training data", FEWEST_BLOCKS),
            (other, "the others' training data", FEWEST_BLOCKS),
            *((found, name, FEWEST_COMPARED) for name, found in compared.items()),
        )
        if len(found) < fewest
    ]


def why_void(told: Separability, scale: Scale) -> list[str]:
    """Say why no score means anything."""
    if told.auc < max(FEWEST_AUC, told.by_chance):
        needed = max(FEWEST_AUC, told.by_chance)
        why = (
            f"the two speakers cannot be told apart by how they write (AUC {told.auc:.2f}, where 0.5 is a "
            f"coin and {needed:.2f} is needed): being like one of them means nothing"
        )
        return [why]
    if not scale.tells():
        return ["no measure tells the speakers apart on so few held-out messages"]
    return []


def warnings_about(
    held_out: Sequence[Turn],
    replies: Mapping[str, Sequence[Turn]],
    blocks: Mapping[str, Sequence[Block]],
    compared: int,
) -> list[str]:
    """Give sentences for the owner.

    Args:
        held_out: the persona's turns.
        replies: each set's.
        blocks: every set's, the speakers' included.
        compared: how many of each were compared.
    """
    warnings: list[str] = []
    if compared < FEW_COMPARED:
        fewest = min(blocks, key=lambda name: len(blocks[name]))
        warnings.append(
            f"Only {compared} blocks of {BLOCK_MESSAGES} messages could be compared ({fewest} has no more): "
            "the intervals are wide."
        )
    prompts = overlap.answers_by_prompt(held_out)
    for name, turns in replies.items():
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
