"""Messages that a messenger wrote in somebody's name.

A dataset has them on the other side only (the persona's own are not trained), so they would tell the two
speakers apart by what neither of them wrote.
"""

from __future__ import annotations

import re

_PLACEHOLDER = re.compile(
    r"""
      <[^<>]{1,60}> | \[[^\[\]]{1,40}\] | \((?:사진|이모티콘|동영상|Photo|Emoticon|Video)\)\s?
    | 사진(?:\ \d+장)? | 동영상(?:\ \d+개)? | 이모티콘 | 음성메시지 | 라이브톡 | 연락처 | 카카오톡\ 프로필
    | (?:보이스톡|페이스톡)\ (?:해요|취소|부재중|[\d:]+) | 선물과\ 메시지를\ 보냈습니다\.
    | (?:파일|File|샵검색|지도):\ .+ | 톡게시판\ '(?:공지|투표)':\ .+
    | Photo | Video | \d+\ photos | Emoticons | Voice\ Note | (?:Voice|Video)\ Call(?:\ [\d:]+)?
    | (?:image|video|audio|sticker|GIF|document|Contact\ card)\ omitted
    | \S+\.(?:jpe?g|png|gif|mp4|webp|opus|pdf)(?:\ \(.{1,40}\))?
    """,
    re.VERBOSE,
)


def is_placeholder(message: str) -> bool:
    """Tell whether a whole message is what stands for a photo, a call and the like, or for masked data."""
    return _PLACEHOLDER.fullmatch(message.strip()) is not None
