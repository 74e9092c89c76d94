"""Kakao's skill-server protocol: what a chatter said, and speech bubbles that a KakaoTalk channel can show.

Kakao shows a chatter nothing but an HTTP 200 with a bubble, so whatever goes wrong is said in one, in words
that tell nothing of the inside.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Final, Literal, NotRequired, cast
from urllib.parse import urlsplit

from typing_extensions import TypedDict

from maltu.errors import (
    DeploymentNeeded,
    InvalidRequest,
    MaltuError,
    ModelNotReady,
    PersonaNotFound,
    PersonaNotReady,
    RateLimited,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

MAX_OUTPUTS: Final = 3
MAX_CHARACTERS: Final = 1_000
MAX_UTTERANCE: Final = 2_000
MAX_CALLBACK: Final = 2_048
CALLBACK_DOMAIN: Final = ".kakao.com"

REFUSED: Final = "이 채팅방은 아직 연결이 끝나지 않았어요. 채널 관리자에게 알려 주세요."
UNREADABLE: Final = "글로 보내 주시면 대답할 수 있어요."
TOO_LONG: Final = "말이 너무 길어요. 조금만 줄여서 다시 보내 주세요."
NOBODY: Final = "여기에는 대답할 사람이 없어요. 채널 관리자에게 알려 주세요."
LEARNING: Final = "아직 말투를 배우는 중이에요. 나중에 다시 말을 걸어 주세요."
BUSY: Final = "지금은 말을 거는 사람이 많아요. 잠시 뒤에 다시 말을 걸어 주세요."
WAKING: Final = "이제 막 일어나는 중이에요. 잠시 뒤에 다시 말을 걸어 주세요."
LATE: Final = "생각하다가 시간이 다 됐어요. 다시 말을 걸어 주세요."
FAILED: Final = "지금은 대답하지 못하고 있어요. 잠시 뒤에 다시 말을 걸어 주세요."
SPEECHLESS: Final = "뭐라고 해야 할지 모르겠어요. 다시 말을 걸어 주세요."
THINKING: Final = "잠시만요, 생각하고 있어요."

# The first class that an error belongs to decides.
_SAID: Final[tuple[tuple[type[MaltuError], str], ...]] = (
    (PersonaNotFound, NOBODY),
    (PersonaNotReady, LEARNING),
    (InvalidRequest, UNREADABLE),
    (RateLimited, BUSY),
    # Which only the owner can mend: waiting does not help.
    (DeploymentNeeded, FAILED),
    (ModelNotReady, WAKING),
)


class UserRequest(TypedDict):
    """What a chatter wrote.

    Attributes:
        utterance: the words.
        callbackUrl: where the answer may be posted once within a minute; it counts where the host is Kakao's.
    """

    utterance: str
    callbackUrl: NotRequired[str]


class SkillRequest(TypedDict):
    """What Kakao sends a skill server; its other fields are ignored."""

    userRequest: UserRequest


class Text(TypedDict):
    """Words in a bubble."""

    text: str


class Bubble(TypedDict):
    """One output of a skill, a bubble of text."""

    simpleText: Text


class Bubbles(TypedDict):
    """A skill's outputs, one to three."""

    outputs: list[Bubble]


class SkillResponse(TypedDict):
    """An answer in bubbles."""

    version: Literal["2.0"]
    template: Bubbles


class Acknowledgement(TypedDict):
    """The answer will be posted to the callback URL, in the shape of a skill's response."""

    version: Literal["2.0"]
    useCallback: Literal[True]
    data: Text


@dataclass(frozen=True, slots=True)
class Utterance:
    """What a chatter said; ``callback`` is where the answer may be posted once, or None."""

    text: str
    callback: str | None


def parse_request(body: str) -> Utterance | None:
    """Read a skill's request; None where it holds no text to answer.

    A callback URL that is not Kakao's counts as none: the answer then goes back at once, to whoever asked.
    """
    try:
        parsed = json.loads(body)
    except (ValueError, RecursionError):
        return None
    request = _field(parsed, "userRequest")
    said, callback = _field(request, "utterance"), _field(request, "callbackUrl")
    if not isinstance(said, str) or not (text := _encodable(said).strip()):
        return None
    return Utterance(text, callback if isinstance(callback, str) and callback_allowed(callback) else None)


def callback_allowed(url: str) -> bool:
    """Whether an answer may be posted to ``url``: over HTTPS, to Kakao, and to nobody else.

    The URL comes with the request, so whoever knows the secret could name any address inside or outside.
    """
    if not url.isascii() or not url.isprintable() or " " in url or "\\" in url or len(url) > MAX_CALLBACK:
        return False
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return False
    host = parts.hostname or ""
    return (
        parts.scheme == "https"
        and port in {None, 443}
        and "@" not in parts.netloc
        and host.endswith(CALLBACK_DOMAIN)
        and all(label.replace("-", "").isalnum() for label in host.split("."))
    )


def bubbles(text: str) -> list[str]:
    """Share an answer out to bubbles, one line each while they suffice, and cut what no bubble can hold.

    Returns:
        One to ``MAX_OUTPUTS`` texts of one to ``MAX_CHARACTERS`` UTF-16 code units, as Java counts; none
        begins or ends with white space.
    """
    lines = [piece for line in _encodable(text).splitlines() for piece in _pieces(line.strip())]
    if not lines:
        return [SPEECHLESS]
    if len(lines) <= MAX_OUTPUTS:
        return lines
    shares = ["\n".join(share) for share in _even_shares(lines)]
    if all(_units(share) <= MAX_CHARACTERS for share in shares):
        return shares
    return _filled(lines)


def answer(texts: Sequence[str]) -> SkillResponse:
    """A skill's response with one bubble per text."""
    return {"version": "2.0", "template": {"outputs": [{"simpleText": {"text": text}} for text in texts]}}


def acknowledgement() -> Acknowledgement:
    """The response that says that the answer will be posted to the callback URL."""
    return {"version": "2.0", "useCallback": True, "data": {"text": THINKING}}


def said_of(error: Exception) -> str:
    """What a chatter is told when ``error`` came in the way."""
    return next((text for kind, text in _SAID if isinstance(error, kind)), FAILED)


def _field(value: object, name: str) -> object:
    return cast("dict[str, object]", value).get(name) if isinstance(value, dict) else None


def _encodable(text: str) -> str:
    """Replace halves of surrogate pairs, which JSON can spell and UTF-8 cannot."""
    return text.encode("utf-8", "replace").decode()


def _units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


def _head(text: str, units: int) -> str:
    return text.encode("utf-16-le")[: 2 * units].decode("utf-16-le", "ignore")


def _pieces(line: str) -> list[str]:
    """Cut a line that is too long for a bubble, between words where it has any."""
    pieces: list[str] = []
    while _units(line) > MAX_CHARACTERS:
        head = _head(line, MAX_CHARACTERS)
        words, space, _ = head.rpartition(" ")
        piece = words if space else head
        pieces.append(piece.rstrip())
        line = line[len(piece) :].lstrip()
    return [*pieces, line] if line else pieces


def _even_shares(lines: list[str]) -> list[list[str]]:
    ends = [round(len(lines) * share / MAX_OUTPUTS) for share in range(MAX_OUTPUTS + 1)]
    return [lines[begin:end] for begin, end in pairwise(ends)]


def _filled(lines: list[str]) -> list[str]:
    """Fill one bubble after the other; what is left over is cut, and the last bubble says so."""
    filled = [""]
    for line in lines:
        longer = f"{filled[-1]}\n{line}".strip()
        if _units(longer) <= MAX_CHARACTERS:
            filled[-1] = longer
        elif len(filled) < MAX_OUTPUTS:
            filled.append(line)
        else:
            filled[-1] = _head(longer, MAX_CHARACTERS - 1).rstrip() + "…"
            break
    return filled
