"""How surprising a text is to somebody who has read the persona: a character model, counted, not learned.

Orders one to five, interpolated after Witten and Bell. All counting is sorting: an n-gram is one integer of
five characters, so that 100,000 messages take about a second.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from maltu.style.arrays import Floats, Integers

ORDER = 5

_BITS = 12
_START, _END, _UNKNOWN, _FIRST = 0, 1, 2, 3
_MOST_CHARACTERS = (1 << _BITS) - _FIRST


@dataclass(frozen=True, slots=True)
class _Counts:
    """An order's n-grams and their contexts, each sorted, with how often they came."""

    grams: Integers
    seen: Integers
    contexts: Integers
    followed: Integers
    followers: Integers


@dataclass(frozen=True, slots=True)
class CharacterModel:
    """A language model of one speaker's messages."""

    alphabet: Mapping[str, int]
    orders: tuple[_Counts, ...]

    @classmethod
    def of(cls, messages: Sequence[str]) -> CharacterModel:
        """Count the messages' characters, each with up to four before it."""
        frequent = Counter(character for message in messages for character in message)
        alphabet = {
            character: number
            for number, (character, _) in enumerate(frequent.most_common(_MOST_CHARACTERS), _FIRST)
        }
        grams = _windows(messages, alphabet)
        return cls(alphabet, tuple(_counted(grams, length) for length in range(1, ORDER + 1)))

    def bits(self, messages: Iterable[str]) -> tuple[float, int]:
        """Give the bits that the messages take, and their characters, each message's end counted as one."""
        grams = _windows(list(messages), self.alphabet)
        probability = np.full(len(grams), 1 / (len(self.alphabet) + _FIRST))
        for length, counts in enumerate(self.orders, 1):
            gram = grams & ((1 << length * _BITS) - 1)
            seen = _looked_up(gram, counts.grams, counts.seen)
            followed = _looked_up(gram >> _BITS, counts.contexts, counts.followed)
            followers = _looked_up(gram >> _BITS, counts.contexts, counts.followers)
            known = followed > 0
            mixed = (seen + followers * probability) / np.where(known, followed + followers, 1)
            probability = np.where(known, mixed, probability)
        return float(-np.log2(probability).sum()), len(grams)


def _windows(messages: Sequence[str], alphabet: Mapping[str, int]) -> Integers:
    """Give every character with the four before it, of the same message, as one integer."""
    numbers: list[int] = []
    for message in messages:
        numbers.extend([_START] * (ORDER - 1))
        numbers.extend([alphabet.get(character, _UNKNOWN) for character in message])
        numbers.append(_END)
    line = np.array(numbers, dtype=np.int64)
    grams = np.zeros(max(len(line) - ORDER + 1, 0), dtype=np.int64)
    for back in range(ORDER):
        grams |= line[back : back + len(grams)] << (_BITS * (ORDER - 1 - back))
    # A window that ends in a message's padding is none of its characters.
    return grams[line[ORDER - 1 :] != _START]


def _counted(grams: Integers, length: int) -> _Counts:
    found, seen = np.unique(grams & ((1 << length * _BITS) - 1), return_counts=True)
    contexts, where, followers = np.unique(found >> _BITS, return_inverse=True, return_counts=True)
    followed = np.bincount(where, weights=seen, minlength=len(contexts)).astype(np.int64)
    return _Counts(found, seen, contexts, followed, followers)


def _looked_up(keys: Integers, known: Integers, values: Integers) -> Floats:
    at = np.minimum(np.searchsorted(known, keys), len(known) - 1)
    return np.where(known[at] == keys, values[at], 0).astype(np.float64)
