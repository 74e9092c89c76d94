from __future__ import annotations

import pytest

from maltu.exports.names import Spellings, name_key


@pytest.mark.parametrize(
    "spelling",
    [
        *("\u1112\u1169\u11bc길동", "홍길동\ufe0f", "홍\u200b길동", "\ufeff홍길동", " 홍길동 "),
        *("\u202a홍길동\u202c", "\u2068홍길동\u2069", "홍길\u2063동", "홍길\u00ad동"),
    ],
)
def test_spellings_that_look_the_same_are_one_name(spelling: str) -> None:
    spellings = Spellings()

    assert name_key(spelling) == "홍길동"
    assert (spellings["홍길동"], spellings[spelling]) == ("홍길동", "홍길동")


def test_names_that_look_different_are_different() -> None:
    spellings = Spellings()
    names = ["하트❤", "하트❤\ufe0f", "홍 길동", "홍길동", "ㅤ"]

    assert [spellings[name] for name in names] == names


def test_somebody_without_a_visible_name_is_not_the_messenger() -> None:
    spellings = Spellings()

    assert [spellings[name] for name in ("", "\u200b", "")] == ["", "\u200b", ""]
