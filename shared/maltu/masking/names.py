"""People outside the chat, whose names the owner listed."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from unicodedata import normalize

from maltu.masking.kinds import Span

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from maltu.masking.kinds import Detector

# Two syllables are often a piece of another word: behind them stands a particle or the word's end.
_SHORT = 2
_PARTICLE = (
    r"(?=[^가-힣]|$|(?:이|가|은|는|을|를|의|야|아|도|만|와|과|랑|네|님|씨|군|양|쌤|형|누나|언니|오빠|선배|한테|에게|께서|보고|하고|라고|처럼|보다|까지|부터"
    r"|이가|이는|이를|이의|이야|이도|이만|이랑|이네|이한테|이에게|이보고|이하고|이처럼|이라고)"
    r"(?:[^가-힣]|$|[는도가랑만요]))"
)


def listed_names(names: Iterable[str]) -> list[str]:
    """Clean an owner's list; longer names come first, so that they win."""
    return sorted({name for raw in names if (name := normalize("NFC", raw).strip())}, key=len, reverse=True)


def name_finder(listed: Sequence[str]) -> Detector | None:
    """Give the detector of ``listed_names``, or nothing where there are none.

    A short Korean name is found as a word with its particle, never inside another: 솔비야, but not 솔비치.
    """
    if not listed:
        return None
    pattern = re.compile("|".join(map(_pattern_of, listed)), re.IGNORECASE)

    def find_names(text: str) -> Iterator[Span]:
        for match in pattern.finditer(text):
            yield Span(*match.span(), "name", match[0].casefold())

    return find_names


def _pattern_of(name: str) -> str:
    escaped = re.escape(name)
    if not re.fullmatch("[가-힣]+", name):
        return rf"(?<![A-Za-z0-9]){escaped}(?![A-Za-z0-9])"
    return rf"(?<![가-힣]){escaped}{_PARTICLE}" if len(name) <= _SHORT else escaped
