"""What personal data is called, in code and in a placeholder."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

Kind = Literal[
    "phone",
    "resident_number",
    "foreigner_number",
    "business_number",
    "card",
    "account",
    "plate",
    "passport",
    "licence",
    "customs_code",
    "email",
    "code",
    "password",
    "link",
    "address",
    "handle",
    "birth_date",
    "name",
]

LABELS: dict[Kind, str] = {
    "phone": "전화번호",
    "resident_number": "주민등록번호",
    "foreigner_number": "외국인등록번호",
    "business_number": "사업자등록번호",
    "card": "카드번호",
    "account": "계좌번호",
    "plate": "차량번호",
    "passport": "여권번호",
    "licence": "면허번호",
    "customs_code": "통관번호",
    "email": "이메일",
    "code": "인증번호",
    "password": "비밀번호",
    "link": "링크",
    "address": "주소",
    "handle": "아이디",
    "birth_date": "생년월일",
    "name": "이름",
}

# Single guillemets: no messenger writes them, few people can type them, and a pair costs two tokens.
OPENING, CLOSING = "‹", "›"
PLACEHOLDER = re.compile(f"{OPENING}(?:{'|'.join(LABELS.values())})[0-9]*{CLOSING}")


class Span(NamedTuple):
    """Where personal data stands in a text.

    Attributes:
        start: index of its first character.
        end: index after its last one.
        kind: what it is.
        value: the same for every spelling of one thing.
    """

    start: int
    end: int
    kind: Kind
    value: str


if TYPE_CHECKING:
    Detector = Callable[[str], Iterator[Span]]


def digits_of(text: str) -> str:
    """Give the digits alone."""
    return "".join(filter(str.isdigit, text))
