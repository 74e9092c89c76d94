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
    from collections.abc import Callable

# About 6 MB, and all the words that come often.
_MOST_REMEMBERED = 32_768

# White space beside white space, or of another kind; a slash that starts a line; what marks the cuts.
_NOT_BY_WORDS = re.compile(
    "[\0\t\v\f\r\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]| [ \n]|\n[ \n/]"
).search


def by_words(count: Callable[[str], int]) -> Callable[[str], int]:
    """Give what counts as ``count`` does, and remembers how many tokens a word has."""
    tokens_of = _Tokens(count).__getitem__

    def count_by_words(text: str) -> int:
        if _NOT_BY_WORDS(text):
            return count(text)
        return sum(map(tokens_of, text.replace(" ", "\0 ").replace("\n", "\n\0").split("\0")))

    return count_by_words


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
