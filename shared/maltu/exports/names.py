"""When two spellings are one name."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_INVISIBLE = re.compile(
    "[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]"
    "|(?<=[\u1100-\u11ff\u3130-\u318f\uac00-\ud7a3 ])\ufe0f"
)


def name_key(name: str) -> str:
    """Reduce a name to what a person sees: NFC, without zero-width characters.

    KakaoTalk leaves a variation selector behind some Hangul names; after an emoji it belongs to the emoji.
    """
    return _INVISIBLE.sub("", unicodedata.normalize("NFC", name)).strip()


class Spellings(dict[str, str]):
    """Maps every spelling of a name to the first one met, so that one person is one speaker."""

    def __init__(self) -> None:
        super().__init__()
        self._first: dict[str, str] = {}

    def __missing__(self, name: str) -> str:
        # A name that nobody sees is a name all the same; the empty one is the messenger's.
        self[name] = first = self._first.setdefault(name_key(name) or name, name)
        return first

    def of_all(self, names: Sequence[str]) -> Sequence[str]:
        """Map many names: those given, where each is the first of its spellings."""
        if all(self[name] == name for name in dict.fromkeys(names)):
            return names
        return [self[name] for name in names]
