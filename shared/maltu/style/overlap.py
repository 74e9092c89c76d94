"""How near a reply comes to what the persona really answered: chrF, a trend and no grade.

There are many good answers to one message, and the persona gave one of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from sacrebleu.metrics.chrf import CHRF

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from maltu.style.arrays import Floats
    from maltu.style.turns import Block, Turn

_CHRF = CHRF(char_order=6, word_order=0)


def answers_by_prompt(turns: Sequence[Turn]) -> dict[str, list[str]]:
    """Give the persona's real answers to each prompt."""
    answers: dict[str, list[str]] = {}
    for turn in turns:
        if key := prompt_key(turn.prompt):
            answers.setdefault(key, []).append(turn.text)
    return answers


def prompt_key(prompt: str) -> str:
    """Give what a prompt is recognised by: its words."""
    return " ".join(prompt.split())


def tally(blocks: Sequence[Block], answers: Mapping[str, Sequence[str]]) -> Floats:
    """Add up each block's chrF (0 to 100) against the real answers, the best where there are several.

    Returns:
        One row a block: the sum, and the number of turns whose prompt is known.
    """
    rows = [
        [_CHRF.sentence_score(turn.text, known).score for turn in block if (known := _known(turn, answers))]
        for block in blocks
    ]
    return np.array([(sum(row), len(row)) for row in rows], dtype=np.float64).reshape(-1, 2)


def to_the_wrong_questions(blocks: Sequence[Block]) -> list[Block]:
    """Give every turn of the persona's the words of another one, half of all the turns away."""
    turns = [turn for block in blocks for turn in block]
    other = iter(turns[len(turns) // 2 :] + turns[: len(turns) // 2])
    return [tuple(turn._replace(text=next(other).text) for turn in block) for block in blocks]


def _known(turn: Turn, answers: Mapping[str, Sequence[str]]) -> Sequence[str]:
    return answers.get(prompt_key(turn.prompt), ())
