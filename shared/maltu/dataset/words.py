"""Counts a text's tokens word by word: a chat says the same words over and over.

Before OpenAI's encodings look up a token they cut the text with a pattern, and none of its pieces crosses two
kinds of places: before a space that no white space follows, because a piece has a space only at its start or
among white space; and after a line feed that neither white space nor a slash follows, because with a line
feed a piece ends, but for more of those three. The pattern looks ahead only inside white space and never
back. So the tokens between such places add up, whatever the characters are; a test holds the sums to
tiktoken's.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

# About 6 MB, and all the words that come often.
_MOST_REMEMBERED = 32_768

# Between texts: nothing that matters to the cuts, and nobody writes it.
_BETWEEN = "\1"

# White space of another kind than space and line feed; what marks the cuts.
_OTHER_SPACE = re.compile("[\0\t\v\f\r\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]").search
_LINE_START = re.compile("\n[ \n/]").search


class ByWords:
    """Counts as ``count`` does, and remembers how many tokens a word has."""

    def __init__(self, count: Callable[[str], int]) -> None:
        self._count = count
        self._tokens_of = _Tokens(count).__getitem__

    def __call__(self, text: str) -> int:
        """Count one text's tokens."""
        if not _is_by_words(text):
            return self._count(text)
        return sum(map(self._tokens_of, _cut(text).split("\0")))

    def of_each(self, texts: Sequence[str]) -> list[int]:
        """Count each text's tokens; many are cut at once."""
        joined = _BETWEEN.join(texts)
        if not _is_by_words(joined):
            return list(map(self, texts))
        tokens_of = self._tokens_of
        cut = [sum(map(tokens_of, text.split("\0"))) for text in _cut(joined).split(_BETWEEN)]
        return cut if len(cut) == len(texts) else list(map(self, texts))


def count_each(count: Callable[[str], int], texts: Sequence[str]) -> list[int]:
    """Count each text's tokens, at once if ``count`` can."""
    return count.of_each(texts) if isinstance(count, ByWords) else list(map(count, texts))


def _is_by_words(text: str) -> bool:
    """Tell whether all white space is single spaces and line feeds, and no line starts with a slash."""
    # One pattern for all of it would stop at every space.
    return not ("  " in text or " \n" in text or _LINE_START(text) or _OTHER_SPACE(text))


def _cut(text: str) -> str:
    """Mark the places that no piece crosses with NULs."""
    return text.replace(" ", "\0 ").replace("\n", "\n\0")


class _Tokens(dict[str, int]):
    """Maps a word, with the space before it and the line feed behind it, to its number of tokens."""

    def __init__(self, count: Callable[[str], int]) -> None:
        super().__init__()
        self._count = count

    def __missing__(self, word: str) -> int:
        tokens = self._count(word)
        if len(self) < _MOST_REMEMBERED:
            self[word] = tokens
        return tokens
