"""What adds words up in C, held to what does in Python."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maltu.dataset.words import ByWords, compiled, in_python

if TYPE_CHECKING:
    from maltu.dataset.words import Counting

REMEMBERED, LONGEST = 32_768, 255

pytestmark = pytest.mark.skipif(shutil.which("cc") is None, reason="there is no C compiler")


def in_c(tokens_of: Counting) -> Counting:
    adding = compiled()
    assert adding is not None, "make has not compiled it"
    return adding(tokens_of)


class UnknownError(Exception):
    pass


def tokens_of(word: str) -> int:
    if "?" in word:
        raise UnknownError(word)
    return len(word) * 7 + sum(map(ord, word)) % 3


def outcome(add_up: Counting, text: str) -> object:
    try:
        return add_up(text)
    except (UnknownError, UnicodeEncodeError) as error:
        return type(error), error.args


WHOLE = st.characters(exclude_categories=("Cs",))


@given(texts=st.lists(st.one_of(st.text(WHOLE), st.text(st.sampled_from([*"  가나aA1\0\n?👍🏽"])))))
def test_the_sums_are_pythons(texts: list[str]) -> None:
    fast, slow = in_c(tokens_of), in_python(tokens_of)
    for text in texts * 2:
        assert outcome(fast, text) == outcome(slow, text)


@given(texts=st.lists(st.text(st.sampled_from([*" 가a\n\ud800"]))))
def test_half_an_emoji_is_counted_without_it(texts: list[str]) -> None:
    by_words = ByWords(len, adding=in_c)

    assert by_words.together(texts) == sum(map(len, texts))


def test_a_word_is_asked_for_once() -> None:
    asked: list[str] = []

    def count(word: str) -> int:
        asked.append(word)
        return 1

    add_up = in_c(count)

    assert add_up("응 그래 응  그래") == add_up("응 그래 응  그래") == 5
    assert asked == ["응", "그래", ""]


def test_more_words_than_are_remembered_are_asked_for_again_and_again() -> None:
    asked: list[str] = []

    def count(word: str) -> int:
        asked.append(word)
        return len(word)

    add_up = in_c(count)
    words = [f"말{number}" for number in range(2 * REMEMBERED)]
    for _ in range(2):
        assert add_up(" ".join(words)) == sum(map(len, words))

    assert REMEMBERED - 10 <= len(words) * 2 - len(asked) <= REMEMBERED


@pytest.mark.parametrize("size", [0, 1, LONGEST - 1, LONGEST, LONGEST + 1, 100_000])
def test_words_of_any_length_are_told_apart(size: int) -> None:
    words = ["가" * (size // 3) + "a" * (size % 3), "a" * size, "a" * (size + 1), "b" * size]
    add_up, text = in_c(tokens_of), " ".join(words)

    for _ in range(2):
        assert add_up(text) == sum(map(tokens_of, words))
    assert [add_up(word) for word in words] == [*map(tokens_of, words)]


def test_long_words_fill_what_there_is_for_letters() -> None:
    add_up = in_c(tokens_of)
    words = [f"{number:0200}" for number in range(10_000)]
    for _ in range(2):
        assert add_up(" ".join(words)) == sum(map(tokens_of, words))


@pytest.mark.parametrize(
    ("cost", "error"),
    [(-1, ValueError), (1 << 62, OverflowError), (1 << 64, OverflowError), ("1", TypeError)],
)
def test_what_cannot_be_added_up_is_said(cost: object, error: type[Exception]) -> None:
    add_up = in_c(lambda _: cost)  # pyright: ignore[reportArgumentType] - it is wrong

    with pytest.raises(error):
        add_up("하나 둘 셋")
    with pytest.raises(TypeError):
        add_up(b"bytes")  # pyright: ignore[reportArgumentType] - it is wrong


def test_whoever_is_asked_may_ask_for_more() -> None:
    def count(word: str) -> int:
        return add_up(word[1:]) + 1 if word else 0

    add_up = in_c(count)

    assert add_up("abcdef abc") == 9
