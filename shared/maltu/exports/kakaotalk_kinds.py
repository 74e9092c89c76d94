"""What KakaoTalk itself writes into a message: placeholders for media, and what happened in the room.

Only whole messages count. People quote these words, and a message that merely contains one is theirs.
"""

from __future__ import annotations

import re
from itertools import chain, product
from typing import TYPE_CHECKING

from maltu.exports.joined import places_in, places_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from maltu.exports.message import Kind

_WORDS_OF_2015 = ("사진", "이모티콘", "동영상", "Photo", "Emoticon", "Video")
_MEDIA = frozenset(
    (
        *("사진", "동영상", "이모티콘", "음성메시지", "라이브톡", "연락처", "카카오톡 프로필"),
        *(
            "보이스톡 해요",
            "보이스톡 취소",
            "보이스톡 부재중",
            "페이스톡 해요",
            "페이스톡 취소",
            "페이스톡 부재중",
        ),
        *("<사진 읽지 않음>", "<동영상 읽지 않음>", "선물과 메시지를 보냈습니다."),
        *("Photo", "Video", "videos", "Emoticons", "Voice Note", "Video Call", "Live Talk ended"),
        *(f"({word}){space}" for word, space in product(_WORDS_OF_2015, ("", " "))),
        *(f"<{word}>" for word in _WORDS_OF_2015),
    )
)
_MEDIA_PATTERN = re.compile(
    r"""
      사진\ \d+장 | 동영상\ \d+개 | (?:보이스톡|페이스톡)\ [\d:]+
    | (?:파일|File):\ .+\.\w{1,10}           # a name without an ending reads like somebody's own sentence
    | 샵검색:\ .+ | 지도:\ .+ | [\d,]+원을\ 받으세요\. | [\d,]+원\ 받기\ 완료!.*
    | 톡게시판\ '(?:공지|투표)':\ (?s:.+)       # repeats what its author has written before
    | \d+\ (?:photos|videos) | Voice\ Call\ [\d:]+
    | [0-9a-f]{64}\.(?:jpe?g|png|gif|mp4)(?:\r?\n[0-9a-f]{64}\.(?:jpe?g|png|gif|mp4))*  # one line a picture
    """,
    re.VERBOSE,
)
_DELETED = frozenset(
    (
        "메시지가 삭제되었습니다.",
        "삭제된 메시지입니다.",
        "This message was deleted.",
        "The message has been deleted.",
    )
)
_POLICY = (
    r"운영정책을 위반한 메시지로 신고 접수 시 카카오톡 이용에 제한이 있을 수 있습니다\. ?(?:자세히 보기)?"
)
_IMPERSONATION = (
    r"타인, 기관 등의 사칭에 유의해 주세요\. ?"
    r"금전 또는 ?개인정보를 요구 ?받을 경우 신고해 주시기 바랍니다\. ?"
)
_BY_SOMEBODY = (
    rf"님이 (?:들어왔습니다\.(?:{_IMPERSONATION})?(?:{_POLICY})?|나갔습니다\.|포스트를 공유했습니다\.)"
    r"|님이 .+님을 초대(?:했|하였)습니다\."
    r"| (?:joined|left) this chatroom\.| left\.| invited .+\."
)
_BY_SENDER = re.compile(_BY_SOMEBODY)
_ABOUT_SOMEBODY = re.compile(
    r".{1,60}님을 내보냈습니다\."
    r"|.{1,60}님이 (?:방장이|부방장이) 되었습니다\."
    r"|.{1,60}님이 부방장에서 해제되었습니다\."
    r"|방장이 .{1,60}님에서 .{1,60}님으로 변경되었습니다\.(?:\r?\n이전 방장은 채팅방 참여자로 남게됩니다\.)?"
    r"|(?:채팅방 )?관리자가 메시지를 가렸습니다\."
    r"|관리자만 말하기 기능이 (?:활성화|해제)되었습니다\."
    rf"|{_POLICY}"
    r"|.{1,60} has been removed from this chatroom\."
    r"|.{1,60} has been assigned as the admin\.|.{1,60} is no longer an admin\."
    r"|This message has been hidden by the chatroom managers\."
    r"|Moderator has hidden \d+ message(?:s|\(s\))?\.",
)
_NOTICE = re.compile(
    rf".{{1,60}}?(?:{_BY_SOMEBODY})|.{{1,60}}님을 초대(?:했|하였)습니다\.|{_ABOUT_SOMEBODY.pattern}"
)
_NOTICE_ENDS = (".", ". ", "자세히 보기")

# Almost every message is somebody's own words. Its first two characters say that it is no placeholder, at a
# tenth of what the patterns above cost. A test holds these to the patterns.
_HEX_DIGITS = "0123456789abcdef"
_STARTS = frozenset((*(word[:2] for word in _MEDIA | _DELETED), "파일", "Fi", "샵검", "지도", "톡게", "운영"))
SUSPECT_STARTS = frozenset(
    (
        *_STARTS,
        *(a + b for a, b in product(_HEX_DIGITS, repeat=2)),
        *(a + b for a, b in product("0123456789", " ,원")),
    )
)
# The same for many texts with a NUL around each: how a placeholder starts; how a notice ends, as few messages
# do; and words that every notice has one of.
_FIRSTS = re.escape("".join(sorted({start[0] for start in _STARTS})))
_PLACEHOLDER = re.compile(
    rf"\0(?=[{_FIRSTS}0-9a-f])(?:{'|'.join(map(re.escape, sorted(_STARTS)))}"
    r"|[0-9a-f]{64}\.|[0-9][\d,]*(?:원을 받|원 받| photos| videos))"
)
_NOTICE_END = re.compile(r"\. ?(?:자세히 보기)?\0")
_NOTICE_WORDS = re.compile(r"님(?:이|을|에서) |관리자|운영정책|chatroom|left\.|invited |admin|Moderator")


def kinds_of(senders: Sequence[str], texts: Sequence[str], joined: str) -> list[Kind]:
    """Tell what many of a CSV's messages are; ``joined`` are the texts, a NUL between any two and in none."""
    kinds: list[Kind] = ["text"] * len(texts)
    places = places_in(joined, _PLACEHOLDER).union(places_of("", senders))
    ends = places_in(joined, _NOTICE_END)
    for place in chain(places, (end for end in ends if _NOTICE_WORDS.search(texts[end]))):
        kinds[place] = kind_of(senders[place], texts[place])
    return kinds


def kind_of(sender: str, text: str) -> Kind:
    """Tell what a CSV's message is; ``sender`` is who stands in its row, empty where KakaoTalk speaks.

    What happened in the room has a sender too: whoever did it.
    """
    if (kind := kind_of_record(sender, text)) != "text":
        return kind
    if text.startswith(sender) and _BY_SENDER.fullmatch(text, len(sender)):
        return "system"
    if _ABOUT_SOMEBODY.fullmatch(text):
        return "system"
    return "text"


def kind_of_record(sender: str, text: str) -> Kind:
    """Tell what a text export's message is; there, KakaoTalk never speaks in somebody's name.

    Somebody's text that starts like nothing in ``SUSPECT_STARTS`` is ``text``.
    """
    if not sender:
        return "deleted" if text in _DELETED else "system"
    if text in _MEDIA or _MEDIA_PATTERN.fullmatch(text):
        return "media"
    return "deleted" if text in _DELETED else "text"


def kinds_of_records(senders: Sequence[str], texts: Sequence[str]) -> list[Kind]:
    """Tell what many of a text export's messages are."""
    suspect_starts = SUSPECT_STARTS
    kinds: list[Kind] = ["text"] * len(texts)
    suspects = [place for place, text in enumerate(texts) if text[:2] in suspect_starts]
    for place in (*suspects, *places_of("", senders)):
        kinds[place] = kind_of_record(senders[place], texts[place])
    return kinds


def is_notice(line: str) -> bool:
    """Tell whether a line that stands alone, without a sender, is KakaoTalk's: the whole of a sentence."""
    return line.endswith(_NOTICE_ENDS) and (line in _DELETED or _NOTICE.fullmatch(line) is not None)
