"""One-time codes and passwords, which only their message gives away."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from maltu.masking.kinds import Span, digits_of

if TYPE_CHECKING:
    from collections.abc import Iterator

# Behind a number these make it an amount, a count or a moment.
_COUNTED = (
    r"(?!\d|[\-,.:/]\d|\s?(?:자리|번|년|원|분|회|개|명|월|시(?!\w)|시간|초|만|천|글자|단계|퍼|%|페이지"
    r"|일(?:\s|부터|전|간|째|$)))"
)
_CODE_WORD = (
    r"(?:인증\s?(?:번호|코드|문자)|확인\s?(?:번호|코드)|보안\s?코드|일회용\s?(?:번호|비밀번호)"
    r"|로그인\s?코드|(?i:whatsapp|telegram|facebook|instagram|google|discord|apple)\s?(?:코드|(?i:code))"
    r"(?=\s?[는은]?\s?:?\s?\d|입|\.|$)"
    r"|(?<![A-Za-z])(?i:otp)(?![A-Za-z])|(?i:(?:your|verification|security|login) (?:\w{1,12} )?code)"
    r"|to verify)"
)
_CODE = r"(?:\d{3}[ \-]\d{3}|\d{2}[ \-]\d{4}|\d{4,8}|(?=[A-Z]*\d)[A-Z\d]{5,8}(?![a-z]))"
_CODE_AFTER = re.compile(rf"{_CODE_WORD}[^\d]{{0,15}}?(?<![\dA-Za-z])({_CODE}){_COUNTED}")
_CODE_BEFORE = re.compile(rf"(?<![\d,.:/])(?<!\d-)({_CODE}){_COUNTED}[^\d\n]{{0,14}}?{_CODE_WORD}")


def find_codes(text: str) -> Iterator[Span]:
    """Find the 4 to 8 digits (or capitals and digits) beside a word for a one-time code."""
    for pattern in (_CODE_AFTER, _CODE_BEFORE):
        for match in pattern.finditer(text):
            yield Span(*match.span(1), "code", digits_of(match[1]) if match[1][0].isdigit() else match[1])


_WORD = (
    r"(?:비번|비밀\s?번호|패스\s?워드|핀\s?번호|비밀번흐"
    r"|(?<![A-Za-z])(?i:password|passwd|pwd|pw|passcode|pin)(?![A-Za-z]))"
)
_PARTICLE = r"(?:은|는|이|가|도|를|을|으로|로)?"
_VALUE = re.compile(rf"{_WORD}{_PARTICLE}(\s{{0,3}}[:=>\-→]{{0,2}}\s{{0,3}})([!-~]{{4,40}})")
# The value does not follow at once: it has to look like one.
_FAR_VALUE = re.compile(rf"{_WORD}[^!-~\n]{{1,14}}(?: [^!-~\n]{{1,8}}){{0,3}} ([!-~]{{4,40}})")
_VALUE_BEFORE = re.compile(
    r"(?<![!-~])([!-~]{4,20}?)(?:이|가|이게|이거|는|은)?\s{0,2}(?:이게|이거|요게|그게)?\s?"
    r"(?:우리\s?집|현관|공동\s?현관|와이파이|와파|집)?\s?(?:비번|비밀\s?번호)(?=이야|야|임|이고|입니다|이에요|예요|이래|$)"
)
_IS = re.compile(r"(?:이?야|임|입니다|이?에요|예요|이고|이래|래|라고|이?라|인데|로|으로|였|이었)")
_CARD_SECRET = re.compile(r"(?i:cvc|cvv)[^\d]{0,5}(\d{3,4})(?!\d)")
_ENTRY_CODE = re.compile(r"(?:현관|도어\s?락|출입문)[^\d\n#*]{0,6}((?=\d*[#*])[#*]{0,2}\d{4,8}[\d#*]{0,12})")
_NUMERIC = re.compile(r"[*#]*(\d{4,12})[*#]*$")
_AMOUNT = re.compile(r"[\d,.]*,[\d,.]*$|\d+[.:/~\-]\d+")
_COUNTED_NEXT = re.compile(_COUNTED)
_LETTERS_ALONE_MIN = 6


def find_passwords(text: str) -> Iterator[Span]:
    """Find what a message calls a password, a door's code or a card's security code."""
    for match in _VALUE.finditer(text):
        value = match[2].rstrip(".,)?")
        end = match.start(2) + len(value)
        named = bool(match[1].strip())
        if _is_password(value, text, end, named=named):
            yield Span(match.start(2), end, "password", value)
    for pattern in (_FAR_VALUE, _VALUE_BEFORE):
        for match in pattern.finditer(text):
            value = match[1].rstrip(".,)?")
            end = match.start(1) + len(value)
            if any(map(str.isdigit, value)) and _is_password(value, text, end, named=False):
                yield Span(match.start(1), end, "password", value)
    for pattern in (_CARD_SECRET, _ENTRY_CODE):
        for match in pattern.finditer(text):
            yield Span(*match.span(1), "password", match[1])


def _is_password(value: str, text: str, end: int, *, named: bool) -> bool:
    if "://" in value or value.startswith("www.") or _AMOUNT.match(value):
        return False
    if _NUMERIC.match(value):
        return _COUNTED_NEXT.match(text, end) is not None
    if value.isalpha():
        follows = _IS.match(text, end) is not None
        return len(value) >= _LETTERS_ALONE_MIN and (named or follows)
    return any(map(str.isalnum, value))
