"""Everything personal in one text: which detectors run, and which one wins where two see the same thing."""

from __future__ import annotations

import re
from bisect import bisect_left
from itertools import groupby
from string import ascii_letters, digits
from typing import TYPE_CHECKING

from maltu.masking.addresses import NUMBERED_LOT, NUMBERED_ROAD, find_flats, find_lots, find_roads
from maltu.masking.credentials import find_codes, find_passwords
from maltu.masking.handles import find_handles
from maltu.masking.kinds import OPENING, PLACEHOLDER, Span
from maltu.masking.links import find_emails, find_links
from maltu.masking.payments import find_accounts, find_cards
from maltu.masking.phones import find_phones
from maltu.masking.registrations import NUMBERED, find_birth_dates, find_registrations

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from maltu.masking.kinds import Detector

    Search = Callable[[str], re.Match[str] | None]

# In the order of their first characters.
_WORDS = (
    "CVC|CVV|Code|ID|Id|Insta|OTP|Otp|PASS|PIN|PW|Pass|Pin|Pw|Twitter|WeChat|code|cvc|cvv|id|insta|otp|"
    "pass|pin|pw|to verify|twitter|wechat|계정|도어|디스코드|디코|라인|민번|민증|비밀|비번|생년|생일|"
    "스냅챗|스레드|아이디|위챗|인스타|인증|일회용|주민|출입문|카카오톡|카톡|코드|텔레|트위터|틱톡|패스|페북|핀|핀번호|현관|확인"
)


# A family of detectors can find nothing without one of these: first characters, and what follows.
_LINK = (("@＠", ""), (":", "//"), (".", "[A-Za-z]{2,6}/"), ("골", "[뱅벵]이"), ("([", "at[)\\]]"))
_NUMBER = (
    (digits, r"[^\d\n]{0,3}+\d" * 5),
    ("일1", r"\s?[공영oOㅇ○]"),
    ("0", r"10[\s.\-]{0,3}[공영일이삼사오육륙칠팔구]{3}"),
    ("xX*", "[xX*]{2}"),
)
_WORD = tuple(
    (first, f"(?:{'|'.join(word[1:] for word in words)})")
    for first, words in groupby(_WORDS.split("|"), key=lambda word: word[0])
)
_BORN = (("생", r"(?<=[\d일]생)"),)
_NUMBERED = r"\s?(?:산\s?|지하\s?)?\d"
_PLACE = (("로길동리", rf"(?<!으로){_NUMBERED}"), ("가", rf"(?<=\d가){_NUMBERED}"), ("호", r"(?<=\d호)"))


def _branches(*families: Iterable[tuple[str, str]]) -> str:
    """Write one branch per first character: only then does a search skip from candidate to candidate."""
    starts = (pair for family in families for pair in family)
    return "|".join(re.escape(first) + rest for firsts, rest in starts for first in firsts)


_WIDE_DIGITS = "０１２３４５６７８９"
_LIKELY = _branches(_LINK, _NUMBER, _WORD, _BORN, _PLACE, ((_WIDE_DIGITS, ""),))
_likely = re.compile(_LIKELY).search

# Each detector with its own condition. The earlier detector wins.
_FAMILIES: tuple[tuple[Search, tuple[tuple[Search, Detector], ...]], ...] = tuple(
    (
        re.compile(_branches(family)).search,
        tuple((re.compile(own).search, detector) for own, detector in members),
    )
    for family, members in (
        (_LINK, ((r"://|\.[A-Za-z]{2,6}/", find_links), (r"@|골[뱅벵]이|[(\[]at[)\]]", find_emails))),
        (
            _NUMBER,
            (
                (NUMBERED, find_registrations),
                (r"(?:\d[\s\-._/]{0,3}){14}\d", find_cards),
                (r"(?:\d[ \-]?){9}\d", find_accounts),
                (r"(?<!\d)0|82[ \-)1]|\+\d|[공영oOㅇ○]", find_phones),
            ),
        ),
        (
            _WORD + _BORN,
            (
                (r"생[년일]|[\d일]생|주민|민증|민번", find_birth_dates),
                (
                    (
                        r"(?:인증|확인|일회용)\s?(?:번호|문자|비밀)|(?:인증|확인|보안|로그인|(?i:[a-z]))\s?코드"
                        r"|to verify|(?i:otp|code)"
                    ),
                    find_codes,
                ),
                (r"비번|비밀|패스|핀|현관|도어|출입|(?i:pass|pin|pw|cvc|cvv)", find_passwords),
                (r"[A-Za-z]", find_handles),
            ),
        ),
        (
            _PLACE,
            ((NUMBERED_ROAD, find_roads), (NUMBERED_LOT, find_lots), (r"\d\d호(?![선차점])", find_flats)),
        ),
    )
)

# What people (and their keyboards) write for ASCII digits, dashes and spaces; each stands for one character.
_PLAIN = str.maketrans(
    "０１２３４５６７８９－–—‐‑‒―−﹣ㅡ．：＠（）ㆍ・～　\u00a0\u2009\u202f",
    "0123456789----------.:@()··~    ",
)
_NOT_PLAIN = re.compile("[０-９－–—‐‑‒―−﹣ㅡ．：＠（）ㆍ・～　\u00a0\u2009\u202f]")


def gate_for(listed: Sequence[str]) -> tuple[Search, Search]:
    """Give two searches, the cheaper first: where either finds nothing, there is nothing personal.

    Nine texts of ten do not pass the first. 공, 영 and ○ open a telephone number in syllables; everything
    else has a letter, a digit, or a listed name.
    """
    candidates = f"{digits}{ascii_letters}{_WIDE_DIGITS}공영○"
    if not listed:
        return re.compile(f"[{candidates}]").search, _likely
    names = "|".join(map(re.escape, listed))
    flags = re.IGNORECASE if names.lower() != names.upper() else re.NOFLAG
    return re.compile("|".join((*candidates, names)), flags).search, re.compile(
        f"{_LIKELY}|{names}", flags
    ).search


def find_personal(text: str, find_names: Detector | None = None) -> list[Span]:
    """Find personal data: spans in the order of the text, none of which overlap.

    Placeholders are neither read nor reported.
    """
    plain = text.translate(_PLAIN) if _NOT_PLAIN.search(text) else text
    if OPENING in plain:
        plain = PLACEHOLDER.sub(lambda match: "\ufffc" * len(match[0]), plain)
    found = _Spans()
    for family, members in _FAMILIES:
        if family(plain):
            for own, detector in members:
                if own(plain):
                    found.add(detector(plain))
    if find_names:
        found.add(find_names(plain))
    return found.spans


class _Spans:
    """Keeps spans in order, and of those that overlap the first that came."""

    def __init__(self) -> None:
        self.spans: list[Span] = []

    def add(self, spans: Iterable[Span]) -> None:
        for span in spans:
            at = bisect_left(self.spans, span.start, key=lambda kept: kept.end - 1)
            if at == len(self.spans) or span.end <= self.spans[at].start:
                self.spans.insert(at, span)
