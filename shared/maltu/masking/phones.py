"""Telephone numbers in every spelling; the public ones of firms (15xx, 080, 114) are not personal."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from maltu.masking.kinds import Span, digits_of

if TYPE_CHECKING:
    from collections.abc import Iterator

_GAP = r"[\s.\-~_/·,)…*]"
# How people read a number out: 공일공에 …, 010 다시 ….
_BETWEEN = rf"(?:{_GAP}{{0,4}}|\s?(?:에|다시)\s?)"
_OPEN = r"(?:\((?=\+?\d{1,4}\)))?"
_KOREA = r"(?:\(?\+\s?|00)82[\s\-.)]{0,2}(?:\(0\)|0)?[\s\-.]?\(?"
_AREA = r"(?:2|3[1-3]|4[1-4]|5[1-5]|6[1-4])"

_MOBILE = re.compile(
    rf"(?<!\d)(?:{_KOREA}|82[\s\-]{{1,2}}0?|82(?=10\d{{8}}(?!\d))|{_OPEN}0)"
    rf"1(?:0{_BETWEEN}(?:\d{{4}}|[*xX]{{3,4}})|[16-9]{_BETWEEN}(?:\d{{3,4}}|[*xX]{{3,4}}))"
    rf"{_BETWEEN}\d{{4}}(?!\d)"
)
_SCATTERED = re.compile(r"(?<!\d)0[ .\-]?1[ .\-]?0(?:[ .\-]{0,3}\d){8}(?!\d)")
_ZERO, _DIGIT = "0공영oOㅇ○", "0-9공영일이삼사오육륙칠팔구oO"
_SPELLED = re.compile(
    rf"(?<![\da-zA-Z])[{_ZERO}]{_GAP}?[1일]{_GAP}?[{_ZERO}](?:{_BETWEEN}[{_DIGIT}]){{8}}(?!\d)"
)
_LANDLINE = re.compile(
    rf"(?<!\d)(?<!\d[\-.])(?:(?:{_KOREA}|{_OPEN}0){_AREA}[ \-.)]{{0,2}}[1-9]\d{{2,3}}"
    r"|(?:\+82[ \-]?|0)(?:70|50[2-8])[ \-.)]{0,2}\d{3,4})[ \-.]{0,2}\d{4}(?!\d|\s?원)"
)
_FOREIGN = re.compile(r"(?<![\w+])\+(?!82)[1-9]\d{0,2}(?:[ \-.()]{0,2}\d){9,12}(?!\d)")
# Every number starts so, and five patterns that find nothing are dear.
_START = re.compile(
    rf"[{_ZERO}8+](?:(?<!\d.)(?:{_GAP}?[1일]{_GAP}?[{_ZERO}16-9]|(?<=0)[2-7]\d{{0,2}}[ \-.)]{{0,2}}\d{{3}})"
    r"|(?<=8)2[\s\-.()]{0,6}\d|(?<=\+)[1-9])"
)

_AS_DIGITS = str.maketrans("공영일이삼사오육륙칠팔구oOㅇ○", "0012345667890000")


def find_phones(text: str) -> Iterator[Span]:
    """Find mobile, landline, internet and safety numbers, and foreign ones that start with ``+``."""
    if not _START.search(text):
        return
    for pattern in (_MOBILE, _SCATTERED, _SPELLED, _LANDLINE, _FOREIGN):
        for match in pattern.finditer(text):
            digits = digits_of(match[0].translate(_AS_DIGITS))
            # A joke in binary is no number.
            if not set(digits) <= {"0", "1"}:
                yield Span(*match.span(), "phone", _national(digits))


def _national(digits: str) -> str:
    if digits.startswith("0082"):
        digits = digits[2:]
    return "0" + digits[2:].removeprefix("0") if digits.startswith("82") else digits
