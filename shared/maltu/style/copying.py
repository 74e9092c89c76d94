"""Whether a model repeats its training lines instead of writing."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from maltu.style.arrays import Floats
    from maltu.style.turns import Block, Turn

# Two people write the same short line by chance, and a persona repeats itself.
LONG_CHARACTERS = 15

_BLANKS = re.compile(r"\s+")
_TAIL = re.compile(r"[ㅋㅎㅠㅜ~!?.,…;]+$")


@dataclass(frozen=True, slots=True)
class TrainingLines:
    """The training data's long turns and messages, whoever wrote them."""

    keys: frozenset[str]

    @classmethod
    def of(cls, turns: Iterable[Turn]) -> TrainingLines:
        """Remember what is long."""
        return cls(frozenset(key for turn in turns for key in _long(turn)))

    def tally(self, blocks: Sequence[Block]) -> Floats:
        """Count for each block its long turns, and those that are copied or have a long message that is.

        Returns:
            One row a block: copied, long.
        """
        rows: list[tuple[int, int]] = []
        for block in blocks:
            long = [keys for turn in block if (keys := _long(turn))]
            rows.append((sum(any(key in self.keys for key in keys) for keys in long), len(long)))
        return np.array(rows, dtype=np.float64).reshape(-1, 2)


def _long(turn: Turn) -> list[str]:
    """Give the turn and its messages, as far as they are long, without what changes nothing about a line."""
    texts = {turn.text, *turn.messages}
    return [key for text in texts if len(key := _key(text)) >= LONG_CHARACTERS]


def _key(text: str) -> str:
    plain = _BLANKS.sub("", unicodedata.normalize("NFC", text)).casefold()
    return _TAIL.sub("", plain)
