"""Draws personal data of every kind, in every spelling the rules know."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from hypothesis import strategies as st

if TYPE_CHECKING:
    from maltu.masking import Kind


def digits(count: int) -> st.SearchStrategy[str]:
    return st.text("0123456789", min_size=count, max_size=count)


def one_of(*words: str) -> st.SearchStrategy[str]:
    return st.sampled_from(words)


@st.composite
def mobiles(draw: st.DrawFn) -> str:
    separator = draw(one_of("", "-", " ", ".", " - ", "–", "/", "~", "_"))
    prefix = draw(one_of("010", "010", "+82 10", "+8210", "+82-10", "(+82) 10", "0082 10", "82-10", "(010)"))
    # A subscriber's number in binary is a joke, not a number.
    return separator.join([prefix, draw(one_of("2", "9")) + draw(digits(3)), draw(digits(4))])


@st.composite
def landlines(draw: st.DrawFn) -> str:
    area = draw(one_of("02", "031", "042", "053", "064", "+82 2", "(02)", "(055)"))
    separator = draw(one_of("-", " ", ".", ""))
    return separator.join([area, draw(one_of("3", "7")) + draw(digits(2)), draw(digits(4))])


@st.composite
def births(draw: st.DrawFn) -> tuple[str, bool]:
    born = draw(st.dates(date(1930, 1, 1), date(2026, 1, 1)))
    return born.strftime("%y%m%d"), born.year < 2000


@st.composite
def residents(draw: st.DrawFn) -> str:
    born, old = draw(births())
    gap = draw(one_of("-", " - ", " ", "–"))
    tail = draw(st.one_of(digits(6), st.just("******"), st.just("xxxxxx")))
    return born + gap + draw(one_of(*("12" if old else "34"))) + tail


@st.composite
def foreigners(draw: st.DrawFn) -> str:
    born, old = draw(births())
    return f"{born}-{draw(one_of(*('56' if old else '78')))}{draw(st.one_of(digits(6), st.just('******')))}"


@st.composite
def unbroken_residents(draw: st.DrawFn) -> str:
    born, old = draw(births())
    body = born + draw(one_of(*("12" if old else "34"))) + draw(digits(5))
    weighted = sum(
        int(digit) * weight for digit, weight in zip(body, (2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5), strict=True)
    )
    return f"{body}{(11 - weighted % 11) % 10}"


@st.composite
def businesses(draw: st.DrawFn) -> str:
    body = draw(one_of("1", "4", "8")) + draw(digits(8))
    weighted = sum(
        int(digit) * weight for digit, weight in zip(body, (1, 3, 7, 1, 3, 7, 1, 3, 5), strict=True)
    )
    check = -(weighted + int(body[8]) * 5 // 10) % 10
    return f"{body[:3]}-{body[3:5]}-{body[5:]}{check}"


@st.composite
def cards(draw: st.DrawFn) -> str:
    prefix, length = draw(st.sampled_from([("4", 16), ("52", 16), ("94", 16), ("3562", 16), ("37", 15)]))
    body = prefix + draw(digits(length - 1 - len(prefix)))
    doubled = sum(sum(divmod(2 * int(digit), 10)) for digit in body[::-2])
    number = f"{body}{-(doubled + sum(map(int, body[-2::-2]))) % 10}"
    groups = (4, 4, 4, 4) if length == 16 else (4, 6, 5)
    parts: list[str] = []
    for size in groups:
        parts.append(number[:size])
        number = number[size:]
    return draw(one_of("", "-", " ")).join(parts)


@st.composite
def shaped(draw: st.DrawFn, shape: str) -> str:
    """Fill a shape: ``9`` stands for any digit, everything else for itself."""
    return "".join([draw(digits(1)) if character == "9" else character for character in shape])


@st.composite
def emails(draw: st.DrawFn) -> str:
    local = draw(st.text("abcdefgh0123._", min_size=1, max_size=12))
    return f"a{local}z@{draw(one_of('example.com', 'mail.example.co.kr', '네이버'))}"


# What is masked, what makes it known, and how it is written.
PERSONAL: dict[Kind, tuple[str, st.SearchStrategy[str]]] = {
    "phone": ("", st.one_of(mobiles(), landlines(), shaped("070-4999-9999"), shaped("0507-1999-9999"))),
    "resident_number": ("", st.one_of(residents(), unbroken_residents())),
    "foreigner_number": ("", foreigners()),
    "business_number": ("", businesses()),
    "card": ("", cards()),
    "account": (
        "카뱅 ",
        st.one_of(
            shaped("3333-99-9999999"),
            shaped("110-999-999999"),
            shaped("559999-99-999999"),
            shaped("3333999999999"),
            shaped("1002 999 999999"),
        ),
    ),
    "plate": ("", st.one_of(shaped("99가 9999"), shaped("129나9999"), shaped("서울 99바 9999"))),
    "passport": ("", st.one_of(shaped("M99999999"), shaped("M999B9999"))),
    "licence": ("", shaped("11-99-999999-99")),
    "customs_code": ("", shaped("P999999999999")),
    "email": ("", emails()),
    "code": ("인증번호 ", st.one_of(shaped("999999"), shaped("[9999]"), shaped("999-999"))),
    "password": ("비번 ", st.one_of(shaped("99999*"), shaped("maru9999!"), shaped("9999"))),
    "link": (
        "",
        st.one_of(shaped("https://example.com/a?token=k9999z"), shaped("https://open.kakao.com/o/g99Km9")),
    ),
    "address": (
        "",
        st.one_of(
            shaped("서울시 강남구 역삼로 19길 29"),
            shaped("경기 성남시 분당구 판교로 199"),
            shaped("부산 수영구 광안동 19-29번지"),
            shaped("209동 1102호"),
        ),
    ),
    "handle": ("카톡 아이디 ", st.one_of(shaped("maru_9999"), shaped("bori99"))),
    "birth_date": ("생년월일 ", births().map(lambda birth: birth[0])),
    "name": ("", one_of("서하람", "도예린")),
}
