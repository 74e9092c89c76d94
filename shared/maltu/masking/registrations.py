"""Numbers that the state gives out: to people, firms, travellers, drivers and cars."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from maltu.masking.checks import (
    RANDOM_SINCE,
    birth_of,
    is_birth_date,
    passes_business_check,
    passes_resident_check,
)
from maltu.masking.kinds import Span, digits_of

if TYPE_CHECKING:
    from collections.abc import Iterator

# How far, in characters, a word may stand from the number that it explains.
_NEAR = 40

_HIDDEN = "*xXㅇ○●•＊"
_RESIDENT = re.compile(
    rf"(?<!\d)(\d{{6}})(\s?[\-.~/]\s?|\s)?(?:([0-9{_HIDDEN}])([\d{_HIDDEN}]{{6}}))(?![\d{_HIDDEN}])"
)
_FRONT = rf"((\d{{6}})\s?-\s?([1-8]))(?![\d{_HIDDEN}])"
_RESIDENT_FRONT = (
    re.compile(rf"(?:주민|민증|민번)[^\d\n]{{0,12}}{_FRONT}"),
    re.compile(rf"(?<!\d){_FRONT}(?=[^\d\n]{{0,20}}(?:주민|민증|민번))"),
)
_RESIDENT_NEAR = re.compile(r"주민|민증|외국인|등록증|등록\s?번호")

_BUSINESS = re.compile(r"(?<![\d\-])\d{3}(\s?[\-.]\s?|\s?)\d{2}\1\d{5}(?![\d\-])")
_BUSINESS_BEFORE = re.compile(r"사업자[^\d]{0,15}$")
_BUSINESS_AFTER = re.compile(r"[^\d\n]{0,8}사업자")

_PASSPORT = re.compile(r"(?<![A-Za-z0-9])[Mm](?:\d{8}|\d{3}[A-Za-z]\d{4})(?![A-Za-z0-9])")
_PASSPORT_NEAR = re.compile(
    r"(?:여권|[Pp]assport|PASSPORT)[^\n\d]{0,20}?(?<![A-Za-z0-9])"
    r"([A-Za-z]{1,2}\s?\d{3}\s?\d{4,5}|[A-Za-z]\s?\d{3}[A-Za-z]\s?\d{4})(?!\w*\d)"
)

_REGION = "서울|부산|경기|강원|충북|충남|전북|전남|경북|경남|제주|대구|인천|광주|대전|울산|세종"
_LICENCE = re.compile(
    rf"(?<![\d\-])(?:(?:1[1-9]|2[0-8])-\d{{2}}|(?:{_REGION})\s?\d{{2}})-\d{{6}}-\d{{2}}(?![\d\-])"
)
_SPACED_LICENCE = r"((?:1[1-9]|2[0-8])[ \-]?\d{2}[ \-]?\d{6}[ \-]?\d{2})(?!\d)"
_LICENCE_NEAR = (
    re.compile(rf"면허[^\d]{{0,10}}{_SPACED_LICENCE}"),
    re.compile(rf"(?<!\d){_SPACED_LICENCE}(?=[^\d\n]{{0,10}}면허)"),
)

_CUSTOMS = re.compile(r"(?<![A-Za-z0-9])[Pp](?:\d{12}|\s?\d{4} \d{4} \d{4})(?!\d)")

_PLATE_LETTER = "[가나다라마거너더러머버서어저고노도로모보소오조구누두루무부수우주아바사자배하허호]"
_PLATE = re.compile(
    rf"(?<!\d)(?:(?:{_REGION})\s?)?\d{{2,3}}\s?({_PLATE_LETTER})"
    r"(\s?)\d{4}(?!\d|[,.:/\-]\d|[원억만천명개점년월일시분초%]|\s?(?:km|kg|cc|mm)|\s[원억만천명개](?![가-힣]{2}))"
)
# Each of these also counts something: storeys, weeks, houses, degrees, lots, ...
_COUNTS = frozenset("조도구소무주호수부고")
_CAR_NEAR = re.compile(r"차|번호판|주차|렌트|렌터|택시|빌렸|타[면고]|운전|모닝|소나타|쏘나타|그랜저|아반떼")

# Every one of these numbers looks so; a text without it is read once.
NUMBERED = (
    r"[\d면](?<!\d\d)(?:(?<=\d)(?:"
    rf"\d{{5}}\s?(?:-|[\-.~/]?\s?[\d{_HIDDEN}]{{7}})|\d{{2}}\s?[\-.]?\s?\d{{2}}\s?[\-.]?\s?\d{{5}}"
    rf"|\d{{1,2}}\s?{_PLATE_LETTER}\s?\d{{4}}|\d{{2}}[A-Za-z]\s?\d{{4}}|\d{{3}} \d{{4}} \d{{4}}"
    r"|(?:(?<=[A-Za-z].)|(?<=[A-Za-z]\s.))\d{2}\s?\d{4})|허)"
)


def find_registrations(text: str) -> Iterator[Span]:
    """Find registration, passport, licence and customs numbers, and car plates."""
    yield from _residents(text)
    yield from _businesses(text)
    for match in _CUSTOMS.finditer(text):
        yield Span(*match.span(), "customs_code", "P" + digits_of(match[0]))
    for match in _PASSPORT.finditer(text):
        yield Span(*match.span(), "passport", match[0].upper())
    for match in _PASSPORT_NEAR.finditer(text):
        yield Span(*match.span(1), "passport", "".join(match[1].split()).upper())
    for match in _LICENCE.finditer(text):
        yield Span(*match.span(), "licence", match[0].replace(" ", ""))
    for pattern in _LICENCE_NEAR:
        for match in pattern.finditer(text):
            yield Span(*match.span(1), "licence", digits_of(match[1]))
    yield from _plates(text)


def _around(match: re.Match[str]) -> str:
    # A window, not the whole text: the search must not cost more the longer the text is.
    return match.string[max(0, match.start() - _NEAR) : match.end() + _NEAR]


def _residents(text: str) -> Iterator[Span]:
    for match in _RESIDENT.finditer(text):
        date, gap, century, rest = match.groups()
        usual = gap is not None and gap.strip() in {"", "-"}
        # People mistype the century's digit, and invent it; a dash makes the rest plain enough.
        born = birth_of(date, "*" if usual else century)
        if born is None:
            continue
        if not usual:
            digits = date + century + rest
            # Thirteen digits in a row are often a bar code or a moment in milliseconds.
            checked = gap is None and digits.isdecimal()
            sure = checked and (passes_resident_check(digits) or born >= RANDOM_SINCE)
            if not sure and not _RESIDENT_NEAR.search(_around(match)):
                continue
        kind = "foreigner_number" if century in "5678" else "resident_number"
        yield Span(*match.span(), kind, date + century + rest)
    for pattern in _RESIDENT_FRONT:
        for match in pattern.finditer(text):
            if birth_of(match[2], match[3]):
                yield Span(*match.span(1), "resident_number", match[2] + match[3])


def _businesses(text: str) -> Iterator[Span]:
    for match in _BUSINESS.finditer(text):
        digits = digits_of(match[0])
        named = _BUSINESS_BEFORE.search(
            text[max(0, match.start() - 20) : match.start()]
        ) or _BUSINESS_AFTER.match(text, match.end())
        if named or (match[1].strip() == "-" and passes_business_check(digits)):
            yield Span(*match.span(), "business_number", digits)


def _plates(text: str) -> Iterator[Span]:
    for match in _PLATE.finditer(text):
        numbered = text.startswith("번", match.end())
        if (match[1] in _COUNTS or numbered) and not _CAR_NEAR.search(_around(match)):
            glued = not match[2] and match[1] not in "조주구"
            if numbered or not glued:
                continue
        yield Span(*match.span(), "plate", "".join(match[0].split()))


_DAY = r"((?:19|20)?\d{2}\s?[년.\-/]\s?\d{1,2}\s?[월.\-/]\s?\d{1,2}일?|(?:19|20)?\d{6})(?!\d)"
_LONG_AGO = r"(?!20[23]\d|[23]\d\D|[23]\d{5}(?!\d))"
_BIRTHS = (
    re.compile(
        r"(?:생년\s?월일|주민\w{0,6}\s?앞|민증\s?앞|민번\s?앞)[^\d\n]{0,10}(?:[68]자리[^\d\n]{0,5})?" + _DAY
    ),
    # A birthday party has a date as well, but a recent one.
    re.compile(rf"생일[^\d\n]{{0,5}}{_LONG_AGO}{_DAY}"),
    re.compile(rf"(?<![\d.\-/]){_LONG_AGO}{_DAY}(?=\s?생(?:년|일|[이인임으,.)\s]|$))"),
)


def find_birth_dates(text: str) -> Iterator[Span]:
    """Find dates that the message itself calls somebody's date of birth."""
    for pattern in _BIRTHS:
        for match in pattern.finditer(text):
            year, *month_and_day = re.findall(r"\d+", match[1])
            digits = year + "".join(part.zfill(2) for part in month_and_day)
            if is_birth_date(digits):
                yield Span(*match.span(1), "birth_date", digits[-6:])
