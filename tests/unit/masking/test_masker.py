from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maltu.masking import LABELS, Masker, masker
from maltu.masking.kinds import PLACEHOLDER
from tests.unit.masking.labelled import NAMES, PARTS, read_part
from tests.unit.masking.personal import PERSONAL

if TYPE_CHECKING:
    from maltu.masking import Kind

MESSAGES = [message.text for part in PARTS for message in read_part(part)]
SYLLABLES = st.text("가나다마사아하ㅋㅠ~!? \n", max_size=20)


def test_one_value_has_one_placeholder_however_it_is_written() -> None:
    maltu = Masker()

    assert maltu.mask("010-3847-2916 이거나 010-4410-2958") == "‹전화번호1› 이거나 ‹전화번호2›"
    assert maltu.mask("+82 10 3847 2916이야") == "‹전화번호1›이야"
    assert maltu.mask("01044102958 메일 Nabi@example.com") == "‹전화번호2› 메일 ‹이메일1›"
    assert maltu.counts == Counter(phone=4, email=1)


def test_a_bank_beside_a_telephone_number_does_not_make_it_an_account() -> None:
    assert Masker().mask("+82 1029384756 하나") == "‹전화번호1› 하나"
    assert Masker().mask("국민 010-2938-4756") == "국민 ‹전화번호1›"


def test_each_dataset_counts_for_itself() -> None:
    assert Masker().mask("010-3847-2916") == Masker().mask("010-4410-2958") == "‹전화번호1›"


def test_a_clean_message_is_returned_as_it_came() -> None:
    text = "오늘 뭐해 ㅋㅋㅋ"

    assert Masker().mask(text) is text


@given(st.text(st.characters(exclude_categories=["Nd", "Cs"], exclude_characters="@공/."), max_size=60))
def test_what_has_no_digit_and_no_word_for_a_secret_is_the_same_object(text: str) -> None:
    if not re.search(
        "비번|비밀|핀|현관|아이디|계정|카톡|인스타|id|pw|pass|골뱅이|at[)\\]]", text, re.IGNORECASE
    ):
        assert Masker().mask(text) is text


@pytest.mark.parametrize("kind", LABELS)
def test_every_kind_is_masked_wherever_it_stands(kind: Kind) -> None:
    context, values = PERSONAL[kind]

    @settings(max_examples=150)
    @given(before=SYLLABLES, value=values, after=SYLLABLES)
    def masked(before: str, value: str, after: str) -> None:
        text = f"{before} {context}{value} {after}"
        result = Masker(["서하람", "도예린"]).mask(text)

        assert value.strip("[]") not in result
        assert f"‹{LABELS[kind]}1›" in result
        assert len(re.sub(r"\D", "", PLACEHOLDER.sub("", result))) <= len(re.sub(r"\D", "", before + after))

    masked()


def _pieces() -> st.SearchStrategy[str]:
    drawn = [st.builds(str.__add__, st.just(context), values) for context, values in PERSONAL.values()]
    return st.one_of(
        *drawn,
        SYLLABLES,
        st.sampled_from(MESSAGES),
        st.text(max_size=8),
        st.text("0123456789-. ", max_size=20),
    )


@given(st.lists(_pieces(), max_size=5).map("".join))
@settings(max_examples=400)
def test_masking_what_is_masked_changes_nothing(text: str) -> None:
    once = Masker(NAMES).mask(text)
    again = Masker(NAMES)

    assert again.mask(once) is once
    assert not again.counts


@given(st.lists(_pieces(), max_size=5).map("".join))
@settings(max_examples=200)
def test_everything_around_the_placeholders_stays_to_the_letter(text: str) -> None:
    result = Masker(NAMES).mask(text)

    pieces = [re.escape(piece) for piece in PLACEHOLDER.split(result)]
    assert re.fullmatch("(?s:.*?)".join(pieces), text) or PLACEHOLDER.search(text)
    # The shortest personal data has two characters, the longest placeholder a dozen.
    assert len(result) <= 8 * len(text) + 12


def test_texts_of_the_labelled_set_stay_masked() -> None:
    maltu = Masker(NAMES)
    once = [maltu.mask(text) for text in MESSAGES]

    assert [Masker(NAMES).mask(text) for text in once] == once


def test_numbering_ends_before_memory_does(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(masker, "MAX_NUMBERED", 2)
    maltu = Masker()
    texts = [maltu.mask(f"010-3847-{last:04}") for last in (1, 2, 3, 1)]

    assert texts == ["‹전화번호1›", "‹전화번호2›", "‹전화번호›", "‹전화번호1›"]
    assert Masker().mask(texts[2]) is texts[2]


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("솔비야 어디야", "‹이름1›야 어디야"),
        ("솔비치 리조트 가자", "솔비치 리조트 가자"),
        ("국민솔비", "국민솔비"),
        ("우리한솔비쌤 온다", "우리‹이름1›쌤 온다"),
        ("jamie 왔어?", "‹이름1› 왔어?"),
        ("JAMIE랑", "‹이름1›랑"),
        ("jamieson", "jamieson"),
    ],
)
def test_listed_names_are_masked_as_words(text: str, result: str) -> None:
    assert Masker([" 솔비 ", "한솔비", "Jamie", ""]).mask(text) == result


def test_nothing_of_a_value_is_kept() -> None:
    maltu = Masker()
    maltu.mask("010-3847-2916, nabi@example.com")

    assert "3847" not in repr(vars(maltu))
    assert "nabi" not in repr(vars(maltu))


def test_many_texts_are_masked_as_each_alone() -> None:
    one, many = Masker(NAMES), Masker(NAMES)

    assert many.mask_all(MESSAGES) == [one.mask(text) for text in MESSAGES]
    assert many.counts == one.counts


@pytest.mark.parametrize("zeros", ["공일공", "영일영", "○일○"])
def test_a_number_in_syllables_alone_is_masked(zeros: str) -> None:
    assert Masker().mask(f"내 번호 {zeros} 일이삼사 오육칠팔 이야") == "내 번호 ‹전화번호1› 이야"


@pytest.mark.parametrize(
    "text",
    [
        "82 10 3847 2916", "(+82) 10-3847-2916", "0082 10 3847 2916", "+82(0)2 345 6789", "0507-1234-5678",
        "02)345-6789", "0 1 0 3 8 4 7 2 9 1 6", "공.일.공.3847.2916", "+1 (415) 555-0132 88",
        "980228 1******", "980228 1＊＊＊＊＊＊", "980228-1••••••", "주민 980228-1", "980228 - 2 민번",
        "여권 M 123 4567", "여권번호 AB 123 45678", "m123b4567", "P 1234 5678 9012", "P123456789012",
        "면허 11 98 123456 78", "서울 12-345678-90", "11-98-123456-78", "123.45.67890 사업자", "129나9999",
        "확인 코드 4829", "보안 코드: 482910", "로그인코드 5518", "your verification code is 482910",
        "facebook 코드 48291", "일회용 비밀번호 482910", "일회용번호 4829", "인증 문자 4829",
        "use 482910 to verify", "주소 세종대로 지하 189", "판교로 12길 34", "광안동 산 12-3번지",
        "종로3가 12-3번지", "아파트 지하 102호", "12-1102호", "국민 12 34 56 78 90",
    ],
)  # fmt: skip
def test_what_is_looked_for_first_is_in_every_spelling(text: str) -> None:
    maltu = Masker()

    assert not re.search(r"\d", PLACEHOLDER.sub("", maltu.mask(text)))
    assert maltu.counts.total() == 1
