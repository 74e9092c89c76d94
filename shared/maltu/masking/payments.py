"""Card numbers, and bank accounts beside a bank's or a payment app's name."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from maltu.masking.checks import passes_luhn
from maltu.masking.kinds import Span, digits_of

if TYPE_CHECKING:
    from collections.abc import Iterator

_CARD = re.compile(
    r"(?<!\d)(?<!\d-)(?:\d{4}[\s\-._/]{0,3}\d{4}[\s\-._/]{0,3}\d{4}[\s\-._/]{0,3}\d{4}"
    r"|3[47]\d{2}[\s\-._/]{0,3}\d{6}[\s\-._/]{0,3}\d{5})(?!\d)"
)
# Visa, Mastercard, JCB, UnionPay, and 9 for cards that work in Korea alone.
_ISSUED = re.compile(r"4|5[1-5]|2(?:22[1-9]|2[3-9]|[3-6]|7[01]|720)|35(?:2[89]|[3-8])|6|9|3[47]")
_CARD_NEAR = re.compile(r"카드(?:\s?번호[^\d]{0,12}|[은는]?\s{0,2}:?\s{0,2})$")


def find_cards(text: str) -> Iterator[Span]:
    """Find card numbers whose check digit is right, and any that the message calls one."""
    for match in _CARD.finditer(text):
        digits = digits_of(match[0])
        if (_ISSUED.match(digits) and passes_luhn(digits)) or _CARD_NEAR.search(
            text[max(0, match.start() - 20) : match.start()]
        ):
            yield Span(*match.span(), "card", digits)


_ACCOUNT_SHAPE = re.compile(
    r"(?<![\d\-])(?:3333-\d{2}-\d{7}|7979-\d{2}-\d{5,7}|110-\d{3}-\d{6}|1002-\d{3}-\d{6}|\d{6}-\d{2}-\d{6}"
    r"|\d{3}-\d{6}-\d{2}-\d{3}|\d{3}-\d{6}-\d{5}|3\d{2}-\d{4}-\d{4}-\d{2})(?![\d\-])"
)
_NUMBER = re.compile(r"(?<![\d\-.,+])\d{1,14}(?:[ \-]\d{1,14}){0,4}(?![\d]|[\-.,]\d)")
MIN_DIGITS, MAX_DIGITS = 10, 16

_BANK = (
    r"은행|뱅크|카뱅|토뱅|케뱅|토스|농협|신협|수협|우체국|새마을|저축|증권|통장|계좌|예금주|씨티"
    r"|축협|스탠다드|산림조합|(?i:kb|nh|ibk)|[sS][cC]제일"
)
# Everyday words and names of places: banks only right beside the number.
_PLAIN_BANK = (
    "우리|하나|국민|신한|기업|제일|산업|부산|대구|광주|전북|경남|제주|키움|카카오|삼성|미래에셋|"
    "외환|한투|부은|(?<![A-Za-z])(?:MG|SC|DGB|BNK|KDB)"
)
_BANK_BEFORE = re.compile(
    rf"(?:{_BANK})[^\d]{{0,20}}$|(?:{_PLAIN_BANK})[\s:;()]{{0,3}}$|(?:입금|송금|이체)[^\d]{{0,8}}$"
)
_BANK_AFTER = re.compile(rf"[^\d]{{0,12}}?(?:{_BANK})|[\s(]{{0,3}}(?:{_PLAIN_BANK})(?!연금|카드)")
_COUNTRY_BEFORE = re.compile(r"(?:\+|00)\s?82\)?[\s\-.]{0,3}(?:\(0\))?$")
_MOBILE_SHAPE = re.compile(r"01[016-9][ \-]?\d{3,4}[ \-]?\d{4}$")
_LANDLINE_SHAPE = re.compile(r"(?:02|0[3-6][1-5]|070|050[2-8])[ \-]?\d{3,4}[ \-]?\d{4}$")
_ACCOUNT_WORD = re.compile("계좌")
_DATE = re.compile(r"(?:19|20)\d{2}[ \-](?:0?[1-9]|1[0-2])[ \-]\d{1,2}(?!\d)")
_OTHER_NUMBER = re.compile(
    r"(?:주문|송장|운송|학번|수험|접수|예약|사번|일련|등기|영수증|쿠폰|상품|문의|바코드|승인|거래|시리얼)[^\d]{0,8}$"
)
_AMOUNT = re.compile(r"\s?(?:원|만|천|억|조|명|개|점|번째|회|배|달러|엔)")


def find_accounts(text: str) -> Iterator[Span]:
    """Find account numbers of a bank's own shape anywhere, and other long numbers beside a bank's name."""
    for match in _ACCOUNT_SHAPE.finditer(text):
        yield Span(*match.span(), "account", digits_of(match[0]))
    for match in _NUMBER.finditer(text):
        number, start, end = match[0], *match.span()
        if _AMOUNT.match(text, end):
            # 110-123-456789 5만원
            number = number.rpartition(" ")[0]
            end = start + len(number)
        digits = digits_of(number)
        if not MIN_DIGITS <= len(digits) <= MAX_DIGITS:
            continue
        before, after = text[max(0, start - 30) : start], text[end : end + 20]
        if not (_BANK_BEFORE.search(before) or _BANK_AFTER.match(after)) or _OTHER_NUMBER.search(before):
            continue
        if _COUNTRY_BEFORE.search(before) or _is_other(number, before + after):
            continue
        yield Span(start, end, "account", digits)


def _is_other(number: str, around: str) -> bool:
    if _MOBILE_SHAPE.match(number):
        # One bank lets people choose their telephone number as their account's.
        return _ACCOUNT_WORD.search(around) is None
    return bool(_DATE.match(number) or _LANDLINE_SHAPE.match(number))
