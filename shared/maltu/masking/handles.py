"""Names that people carry in messengers and networks, where a message calls them that."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from maltu.masking.kinds import Span

if TYPE_CHECKING:
    from collections.abc import Iterator

_NETWORK = (
    r"(?:카톡|카카오톡|인스타(?:그램)?|텔레(?:그램)?|라인|위챗|트위터|디코|디스코드|페북|스냅챗?|틱톡|스레드|블로그|롤|배그|스팀|네이버"
    r"|(?i:\binsta(?:gram)?\b|\bwechat\b|\bline\b|\btwitter\b))"
)
_ID_WORD = r"(?:아이디(?!어)|(?<![A-Za-z])(?:ID|id|Id)(?![A-Za-z])|계정)"
_LINK = r"(?:은|는|이|가)?\s{0,2}[:=.]?\s{0,2}"
_VALUE = r"@?[A-Za-z0-9_][A-Za-z0-9._\-]{2,29}"
_NAMED = re.compile(rf"({_NETWORK}\s?)?{_ID_WORD}{_LINK}({_VALUE})(?![A-Za-z0-9@]|://)")
_AT_NETWORK = re.compile(
    rf"{_NETWORK}{_LINK}(@[A-Za-z0-9._]{{3,30}}|(?=[A-Za-z0-9]{{0,30}}[._][A-Za-z0-9._])[A-Za-z0-9_][A-Za-z0-9._]{{2,29}})(?![A-Za-z0-9@/]|://)"
)
_NETWORK_AFTER = re.compile(
    rf"(?<![A-Za-z0-9._@])(@[A-Za-z0-9._]{{3,30}})(?:가|이|은|는)?\s{{0,2}}(?:내|제|이게|이거|걔)?\s?{_NETWORK}"
)
_TAGGED = re.compile(r"(?:디코|디스코드)[^#\n]{0,8}?([A-Za-z0-9._]{2,32}#\d{4})(?!\d)")
_IS = re.compile(r"\s?(?:이?야|임|입니다|이?에요|예요|이고|이래|로\s?(?:추가|친추|검색|팔)|추가|친추|팔로우)")
# How far, in characters, the word for a password may follow.
_NEAR = 30
_PASSWORD_NEAR = re.compile(r"비번|비밀번호|(?<![A-Za-z])(?i:pw|password)(?![A-Za-z])")
_ADDRESS = re.compile(r"www\.|.*\.(?:com|net|kr|org|io)$", re.IGNORECASE)


def find_handles(text: str) -> Iterator[Span]:
    """Find a messenger's or a network's user names beside its name or the word for them."""
    for match in _NAMED.finditer(text):
        value = match[2].rstrip("._-")
        end = match.start(2) + len(value)
        told = (
            match[1]
            or _PASSWORD_NEAR.search(text, match.start(), end + _NEAR)
            or _IS.match(text, end)
            or not value.lstrip("@").isalpha()
        )
        if told and not value.isdigit() and value.lower() not in {"password", "google", "apple"}:
            yield Span(match.start(2), end, "handle", value.lstrip("@").lower())
    for pattern in (_TAGGED, _AT_NETWORK, _NETWORK_AFTER):
        for match in pattern.finditer(text):
            value = match[1].rstrip(".")
            if not _ADDRESS.match(value) and any(map(str.isalpha, value)) and not value.isalpha():
                yield Span(match.start(1), match.start(1) + len(value), "handle", value.lstrip("@").lower())
