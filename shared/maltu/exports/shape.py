"""How a line looks, without what it says: for messages that are logged and sent."""

from __future__ import annotations

import unicodedata

SHOWN_CHARACTERS = 60


def shape_of(line: str) -> str:
    """Replace letters by ``a``, Hangul by ``가``, digits by ``9``, and whatever is not ASCII by ``·``."""
    return "".join(map(_shape_of_character, line[:SHOWN_CHARACTERS]))


def _shape_of_character(character: str) -> str:
    if character.isdecimal():
        return "9"
    if unicodedata.name(character, "").startswith("HANGUL"):
        return "가"
    if character.isalpha():
        return "a"
    return character if character.isascii() and character.isprintable() else "·"
