"""E-mail addresses, and links that open something for whoever has them.

A link to an article, a film or a shop stays. One that carries a token, a password or an invitation is masked
whole: what is left of it would open nothing, and a model should not learn to write it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from maltu.masking.kinds import Span

if TYPE_CHECKING:
    from collections.abc import Iterator

_LOCAL = r"[A-Za-z0-9](?:[A-Za-z0-9._%+\-]{0,62}[A-Za-z0-9_+\-])?"
_EMAIL = re.compile(
    rf"(?<![A-Za-z0-9._%+\-/])({_LOCAL})"
    r"(?:\s?(?:@|\(at\)|\[at\]|＠)\s?|\s?[(\[]?골[뱅벵]이[)\]]?\s?)"
    r"((?:[A-Za-z0-9\-]{1,63}\.){1,5}[A-Za-z]{2,10}"
    r"|(?i:naver|gmail|daum|hanmail|kakao|nate|hotmail|outlook|icloud|yahoo)(?:\s?[.,]\s?[A-Za-z]{2,3}|(?![A-Za-z0-9]))"
    r"|(?:네이버|지메일|다음|한메일|구글|카카오|네이트|핫메일)(?:\.com|닷컴)?)"
)


def find_emails(text: str) -> Iterator[Span]:
    """Find e-mail addresses, also those whose ``@`` or host is written in Korean."""
    for match in _EMAIL.finditer(text):
        yield Span(*match.span(), "email", f"{match[1]}@{match[2]}".lower())


_URL = re.compile(
    r"(?:https?|ftp)://[!#-;=?-~]{1,4000}"
    r"|(?<![A-Za-z0-9./@\-])(?:[a-z0-9\-]{1,40}\.){1,4}[a-z]{2,6}/[!#-;=?-~]{1,4000}",
    re.IGNORECASE,
)
# What stands behind these addresses is open to everybody who knows the address.
_OPEN_TO_HOLDER = re.compile(
    r"//(?:open\.kakao\.com/(?:o|me)/|(?:qr|link)\.kakaopay\.com/|docs\.google\.com/\w+/d/|drive\.google\.com/|forms\.gle/"
    r"|[\w.\-]*zoom\.us/(?:[jsw]|my)/|teams\.(?:microsoft|live)\.com/(?:l/)?meet|meet\.google\.com/\w|discord\.(?:gg|com/invite)/|t\.me/(?:\+|joinchat)|chat\.whatsapp\.com/"
    r"|(?:www\.)?dropbox\.com/(?:s|scl)/|1drv\.ms/|we\.tl/|toss\.me/|photos\.app\.goo\.gl/|photos\.google\.com/share/"
    r"|(?:www\.)?icloud\.com/(?:sharedalbum|photos|iclouddrive)/|send-anywhere\.com/|(?:www\.)?figma\.com/(?:file|design|board)/"
    r"|(?:join|hooks)\.slack\.com/|api\.telegram\.org/bot|band\.us/n/|line\.me/(?:ti|R)/)",
    re.IGNORECASE,
)
_USER = re.compile(r"//[^/?#@\s]+@")
_SECRET_FIELD = re.compile(
    r"[?&#;](?:[\w.\-]*[_\-])?(?:\w{0,12}token|secret|sig|signature|auth|authkey|pass|password|passwd|pwd|pw|otp|session"
    r"|sessionid|jwt|credential|apikey|api_key|access_key|e?mail)=[^&#]{3,}",
    re.IGNORECASE,
)
_DOUBTFUL_FIELD = re.compile(r"[?&#;](?:code|key|invite|ticket|sid|hash|uid)=([^&#]{6,})", re.IGNORECASE)
_LONG_PART = re.compile(r"[A-Za-z0-9_\-]{20,}")
_HEXADECIMAL = re.compile(r"[0-9a-f\-]{24,}$", re.IGNORECASE)
_PUBLIC = re.compile(
    r"//(?:[\w\-]+\.)*(?:youtube\.com|youtu\.be|spotify\.com|namu\.wiki|wikipedia\.org)/", re.IGNORECASE
)
_MAX_QUERY = 200


def find_links(text: str) -> Iterator[Span]:
    """Find links that carry a secret, or are one."""
    for match in _URL.finditer(text):
        url = match[0].rstrip(".,)]!?;:'")
        full = url if "://" in url else "https://" + url
        if _is_secret(full):
            yield Span(match.start(), match.start() + len(url), "link", full)


def _is_secret(url: str) -> bool:
    if _USER.search(url) or _OPEN_TO_HOLDER.search(url) or _SECRET_FIELD.search(url):
        return True
    if any(_is_mixed(match[1]) for match in _DOUBTFUL_FIELD.finditer(url)):
        return True
    if _PUBLIC.search(url):
        return False
    return len(url.partition("?")[2]) > _MAX_QUERY or any(map(_is_random, _LONG_PART.findall(url)))


def _is_mixed(value: str) -> bool:
    return any(map(str.isalpha, value)) and any(map(str.isdigit, value))


def _is_random(part: str) -> bool:
    if not _is_mixed(part):
        return False
    return bool(_HEXADECIMAL.match(part)) or (part != part.lower() and part != part.upper())
