"""Puts placeholders where personal data stood."""

from __future__ import annotations

from collections import Counter
from hashlib import blake2b
from itertools import compress
from secrets import token_bytes
from typing import TYPE_CHECKING

from maltu.masking.detection import find_personal, gate_for
from maltu.masking.kinds import CLOSING, LABELS, OPENING
from maltu.masking.names import listed_names, name_finder

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from maltu.masking.kinds import Kind, Span

# Later values get a placeholder without a number, so that memory has an end (about 3 MB).
MAX_NUMBERED = 20_000


class Masker:
    """Masks one dataset's texts: the same value gets the same placeholder in all of them.

    Values are kept as keyed hashes alone, and at most ``MAX_NUMBERED`` of them.

    Attributes:
        counts: how many placeholders have been put in, by kind.
    """

    def __init__(self, names: Iterable[str] = ()) -> None:
        """Args: names: people outside the chat; a listed name is masked as it is written."""
        self.counts: Counter[Kind] = Counter()
        listed = listed_names(names)
        self._find_names = name_finder(listed)
        self._candidate, self._likely = gate_for(listed)
        self._key = token_bytes(16)
        self._numbers: dict[bytes, int] = {}
        self._last: Counter[Kind] = Counter()

    def mask(self, text: str) -> str:
        """Give the text with a placeholder for everything personal: the same object where there is nothing.

        Masking what has been masked changes nothing.
        """
        return self._masked(text) if self._candidate(text) and self._likely(text) else text

    def mask_all(self, texts: Sequence[str]) -> list[str]:
        """Mask many texts, in their order."""
        masked = list(texts)
        likely = self._likely
        for at in compress(range(len(masked)), map(self._candidate, masked)):
            if likely(masked[at]):
                masked[at] = self._masked(masked[at])
        return masked

    def _masked(self, text: str) -> str:
        # A placeholder may end what hid its neighbour; each round takes something away, so they end.
        while spans := find_personal(text, self._find_names):
            text = self._replace(text, spans)
        return text

    def _replace(self, text: str, spans: list[Span]) -> str:
        parts: list[str] = []
        end = 0
        for span in spans:
            parts += text[end : span.start], self._placeholder(span)
            end = span.end
        parts.append(text[end:])
        return "".join(parts)

    def _placeholder(self, span: Span) -> str:
        self.counts[span.kind] += 1
        value = f"{span.kind}:{span.value}".encode("utf-8", "surrogatepass")
        key = blake2b(value, digest_size=8, key=self._key).digest()
        number = self._numbers.get(key)
        if number is None and len(self._numbers) < MAX_NUMBERED:
            self._last[span.kind] += 1
            number = self._numbers[key] = self._last[span.kind]
        return f"{OPENING}{LABELS[span.kind]}{number or ''}{CLOSING}"
