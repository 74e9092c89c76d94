"""Text as terms to search by: words, and pieces of words.

Korean glues particles and endings to its words, so whole words rarely repeat; two and three syllables do.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from functools import lru_cache

_WORD = re.compile(r"\w+|[^\w\s]")
_RUN = re.compile(r"(.)\1{2,}", re.DOTALL)
_SIZES = (2, 3)
_ORDERS = (1, 2, 3, 4)


def terms(text: str) -> list[str]:
    """Every word, punctuation mark and emoji of a text, each word's first letter and its 2- and 3-grams.

    The first letter, because many Korean nouns are one syllable, to which a particle is glued.
    Runs of three or more equal letters count as two: ㅋㅋㅋㅋ and ㅋㅋ are the same laugh.
    """
    found: list[str] = []
    for word in _WORD.findall(canonical(text)):
        found.append(word)
        if len(word) > 1:
            found.append(word[0])
        found += (
            word[at : at + size] for size in _SIZES if size < len(word) for at in range(len(word) - size + 1)
        )
    return found


def canonical(text: str) -> str:
    """A text without the differences that do not make another answer: case, spacing and long runs."""
    return _RUN.sub(r"\1\1", " ".join(unicodedata.normalize("NFC", text).lower().split()))


def likeness(one: str, other: str) -> float:
    """How alike two texts are, from 0 to 1: the F-score of their character 1- to 4-grams, averaged.

    chrF's idea for texts that may be shorter than its six letters: an order of n-grams counts where at least
    one of the two texts has any.
    """
    scores: list[float] = []
    for left, right in zip(_profile(one), _profile(other), strict=True):
        if not left and not right:
            break
        shared = sum(min(left[gram], right[gram]) for gram in left.keys() & right.keys())
        scores.append(2 * shared / (left.total() + right.total()))
    return sum(scores) / len(scores) if scores else 1.0


@lru_cache(maxsize=4096)
def _profile(text: str) -> tuple[Counter[str], ...]:
    plain = canonical(text)
    return tuple(Counter(plain[at : at + size] for at in range(len(plain) - size + 1)) for size in _ORDERS)
