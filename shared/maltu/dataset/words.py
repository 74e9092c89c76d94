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

# Stands before a line's first word.
_START = " \0"

# White space of another kind than space and line feed.
_OTHER_SPACE = re.compile("[\t\v\f\r\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]").search
_LINE_START = re.compile("\n[ \n/]").search


class ByWords:
    """Counts as ``count`` does, and remembers how many tokens a word has."""

    def __init__(self, count: Callable[[str], int]) -> None:
        self._count = count
        self._tokens_of = _Tokens(count).__getitem__

    def __call__(self, text: str) -> int:
        """Count one text's tokens."""
        return self._of_words(text) if _is_by_words(text) else self._count(text)

    def together(self, texts: Sequence[str]) -> int:
        """Count all texts' tokens: each text's alone, added up."""
        joined = _START.join(texts)
        return self._of_words(joined) if _is_by_words(joined, of=len(texts)) else sum(map(self, texts))

    def _of_words(self, joined: str) -> int:
        # Words lack the space before them; a NUL shows those that have none, since a line starts there.
        words = f"\0{joined}".replace("\n", f"\n{_START}").split(" ")
        return sum(map(self._tokens_of, words))


def count_together(count: Callable[[str], int], texts: Sequence[str]) -> int:
    """Count all texts' tokens, at once if ``count`` can."""
    return count.together(texts) if isinstance(count, ByWords) else sum(map(count, texts))


def _is_by_words(joined: str, *, of: int = 1) -> bool:
    """Tell whether all white space is single spaces and line feeds, and no line starts with a slash."""
    # One pattern for all of it would stop at every space.
    return not (
        "  " in joined
        or " \n" in joined
        or joined.count("\0") >= of
        or _LINE_START(joined)
        or _OTHER_SPACE(joined)
    )


class _Tokens(dict[str, int]):
    """Maps a word, with its line feed, to its number of tokens."""

    def __init__(self, count: Callable[[str], int]) -> None:
        super().__init__()
        self._count = count

    def __missing__(self, word: str) -> int:
        tokens = self._count(word[1:] if word.startswith("\0") else f" {word}")
        if len(self) < _MOST_REMEMBERED:
            self[word] = tokens
        return tokens
