"""When two spellings are one name."""

from __future__ import annotations

import re
import unicodedata

_INVISIBLE = re.compile("[\u200b-\u200f\u2060\ufeff]|(?<=[\u1100-\u11ff\u3130-\u318f\uac00-\ud7a3 ])\ufe0f")


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
        self[name] = first = self._first.setdefault(name_key(name), name)
        return first
