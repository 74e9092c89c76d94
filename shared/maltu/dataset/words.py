"""Counts a text's tokens word by word: a chat says the same words over and over.

Before OpenAI's encodings look up a token they cut the text with a pattern, and none of its pieces crosses two
kinds of places: before a space that no white space follows, because a piece has a space only at its start or
among white space; and after a line feed that neither white space nor a slash follows, because with a line
feed a piece ends, but for more of those three. The pattern looks ahead only inside white space and never
back. So the tokens between such places add up, whatever the characters are; a test holds the sums to
tiktoken's.

A chat is also full of white space that nobody meant: two spaces, one at a line's end, a blank line. Where no
more of it meets, each of these is a piece of its own, or ends one, and is counted as a word.

Where ``_words.c`` is compiled it adds up the words, in half the time; a test holds it to Python's sums.
"""

from __future__ import annotations

import importlib
import re
from functools import partial
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Counting = Callable[[str], int]
    # From what counts a word it makes what adds up the words between a text's spaces.
    Adding = Callable[[Counting], Counting]

# About 6 MB, and all the words that come often.
_MOST_REMEMBERED, _LONGEST_REMEMBERED = 32_768, 80

# Stands before a line's first word.
_START = " \0"

# What is no word: a slash behind a line feed, and whatever has white space of another kind.
_OTHER_SPACE = "\t\v\f\r\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
_NO_WORD = re.compile(f"\0/|[^{_OTHER_SPACE}]*+[{_OTHER_SPACE}]").match

# A second space, and a line feed behind a space or a line feed, are words unless _MORE_SPACE is around them.
# This many more tokens than any texts have tell that there was one.
_SPACE = 1 << 40
_MORE_SPACE = ("   ", "  \n", "\0  ", "\0 \n", "\0\n")


class ByWords:
    """Counts as ``count`` does, and remembers how many tokens a word has."""

    def __init__(self, count: Counting, *, adding: Adding | None = None) -> None:
        """Args: adding: how words are added up; the fastest way there is, unless it is named."""
        self._count = count
        self._sum = (adding or compiled() or in_python)(partial(_tokens_of, count))

    def __call__(self, text: str) -> int:
        """Count one text's tokens."""
        by_words = self._by_words((text,))
        return self._count(text) if by_words is None else by_words

    def together(self, texts: Sequence[str]) -> int:
        """Count all texts' tokens: each text's alone, added up."""
        by_words = self._by_words(texts)
        return sum(map(self, texts)) if by_words is None else by_words

    def _by_words(self, texts: Sequence[str]) -> int | None:
        # A word lacks the space before it; one with a NUL has none there, since a line starts with it.
        joined = _START.join(texts)
        if joined.count("\0") >= len(texts):
            return None
        marked = f"\0{joined}".replace("\n", f"\n{_START}")
        try:
            tokens = self._sum(marked)
            if tokens >= _SPACE and "\n\n" in joined:
                # Two line feeds are one piece.
                marked = marked.replace(f"\n{_START}\n", "\n\n")
                tokens = self._sum(marked)
        except (_NotByWords, UnicodeEncodeError, OverflowError):
            return None
        if tokens >= _SPACE:
            marked += _START
            if any(space in marked for space in _MORE_SPACE):
                return None
        return tokens % _SPACE


def count_together(count: Counting, texts: Sequence[str]) -> int:
    """Count all texts' tokens, at once if ``count`` can."""
    return count.together(texts) if isinstance(count, ByWords) else sum(map(count, texts))


class _NotByWords(Exception):
    """What stands between two cuts cannot be counted by itself."""


def compiled() -> Adding | None:
    """Give what ``in_python`` does, compiled; None where nobody has compiled it."""
    try:
        words: Any = importlib.import_module("maltu.dataset._words").Words
    except ImportError:
        return None
    return lambda tokens_of: words(tokens_of).add_up


def in_python(tokens_of: Counting) -> Counting:
    """Add up what the words between a text's spaces cost, and remember what most of them do."""
    known = _Known(tokens_of).__getitem__
    return lambda marked: sum(map(known, marked.split(" ")))


class _Known(dict[str, int]):
    """Maps words to their number of tokens."""

    def __init__(self, tokens_of: Counting) -> None:
        super().__init__()
        self._tokens_of = tokens_of

    def __missing__(self, word: str) -> int:
        tokens = self._tokens_of(word)
        if len(self) < _MOST_REMEMBERED and len(word) <= _LONGEST_REMEMBERED:
            self[word] = tokens
        return tokens


def _tokens_of(count: Counting, word: str) -> int:
    """Count a word that lacks the space before it, with its line feed."""
    if _NO_WORD(word):
        raise _NotByWords
    tokens = count(word[1:] if word.startswith("\0") else f" {word}")
    return tokens + _SPACE if not word or word.startswith(("\n", "\0\n")) else tokens
