from __future__ import annotations

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from infra.local.finetuning.retrieval.ngrams import canonical, likeness, terms


def test_a_korean_word_is_found_by_its_pieces() -> None:
    assert {"도서관에서", "도", "도서", "서관", "도서관"} <= set(terms("도서관에서"))
    assert set(terms("밥은?")) & set(terms("밥 먹었어?")) == {"밥", "?"}


def test_laughs_of_any_length_are_one_term() -> None:
    assert terms("ㅋㅋㅋㅋㅋ") == terms("ㅋㅋ") == terms("ㅋㅋㅋ")


def test_a_macs_decomposed_text_is_the_same_text() -> None:
    assert canonical(unicodedata.normalize("NFD", "말투")) == "말투"


@given(st.text(), st.text())
def test_likeness_is_symmetric_and_between_0_and_1(one: str, other: str) -> None:
    assert 0 <= likeness(one, other) <= 1
    assert likeness(one, other) == likeness(other, one)


@given(st.text())
def test_a_text_is_wholly_like_itself(text: str) -> None:
    assert likeness(text, text) == 1


def test_likeness_grows_with_what_is_shared() -> None:
    assert (
        likeness("집에 가는 중", "집에 가는 길")
        > likeness("집에 가는 중", "집이야")
        > likeness("집이야", "웅")
    )
