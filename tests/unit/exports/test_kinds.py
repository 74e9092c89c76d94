from __future__ import annotations

import pytest

from maltu.exports.kakaotalk_kinds import (
    SUSPECT_STARTS,
    is_notice,
    kind_of,
    kind_of_record,
    kinds_of,
)
from tests.unit.exports.kakaotalk import csv_of, messages

PHOTO_KEY = "f5c8" * 16

MEDIA = [
    *(
        "사진",
        "사진 2장",
        "(사진)",
        "(사진) ",
        "<사진>",
        "<사진 읽지 않음>",
        "동영상",
        "동영상 3개",
        "<동영상 읽지 않음>",
    ),
    *(
        "이모티콘",
        "(이모티콘) ",
        "음성메시지",
        "파일: 보고서 최종.pdf",
        "보이스톡 해요",
        "보이스톡 1:02",
        "보이스톡 부재중",
    ),
    *(
        "페이스톡 취소",
        "페이스톡 10:02",
        "라이브톡",
        "샵검색: #날씨",
        "지도: 서울역",
        "연락처",
        "카카오톡 프로필",
    ),
    *(
        "선물과 메시지를 보냈습니다.",
        "10,000원을 받으세요.",
        "10,000원 받기 완료! 카카오페이",
        "톡게시판 '공지': 첫 줄\n둘째 줄",
    ),
    *("톡게시판 '투표': 점심", f"{PHOTO_KEY}.jpg", f"{PHOTO_KEY}.mp4"),
    *(
        "Photo",
        "(Photo)",
        "<Photo>",
        "3 photos",
        "12 photos",
        "Video",
        "videos",
        "2 videos",
        "Emoticons",
        "(Emoticon) ",
    ),
    *("Voice Note", "Voice Call 01:02", "Video Call", "Live Talk ended", "File: report.pdf"),
]
DELETED = [
    "메시지가 삭제되었습니다.",
    "삭제된 메시지입니다.",
    "This message was deleted.",
    "The message has been deleted.",
]
POLICY = "운영정책을 위반한 메시지로 신고 접수 시 카카오톡 이용에 제한이 있을 수 있습니다."
SYSTEM = [
    *("홍길동님이 들어왔습니다.", "홍길동님이 나갔습니다.", "홍길동님이 김철수님을 초대했습니다."),
    *("홍길동님이 김철수님, 이영희님과 박님을 초대하였습니다.", "홍길동님이 포스트를 공유했습니다."),
    *(
        "홍길동 invited 김철수 and.",
        "홍길동 joined this chatroom.",
        "홍길동 left this chatroom.",
        "홍길동 left.",
    ),
    *("김철수님을 내보냈습니다.", "김철수님이 방장이 되었습니다.", "김철수님이 부방장이 되었습니다."),
    *("김철수님이 부방장에서 해제되었습니다.", "관리자만 말하기 기능이 활성화되었습니다."),
    "방장이 김철수님에서 이영희님으로 변경되었습니다.\n이전 방장은 채팅방 참여자로 남게됩니다.",
    *(
        "채팅방 관리자가 메시지를 가렸습니다.",
        "관리자가 메시지를 가렸습니다.",
        "김철수 has been removed from this chatroom.",
    ),
    *(
        "김철수 has been assigned as the admin.",
        "김철수 is no longer an admin.",
        "Moderator has hidden 2 message(s).",
    ),
    "This message has been hidden by the chatroom managers.",
    *(POLICY, POLICY + " 자세히 보기", f"홍길동님이 들어왔습니다.{POLICY} "),
]
TEXT = [
    *(
        "아 이모티콘 비중 보는것도 좋을거같아요 ㅋㅋ",
        "사진 보내줘",
        "사진 두장",
        "동영상 3개 보냄",
        "파일: 여기 있어",
        "ㅋㅋ",
    ),
    *(
        "Photo?",
        "3 photos please",
        "보이스톡 할래?",
        "사진\n",
        " 사진",
        "#맞팔",
        "",
        ".",
        " ",
        "자기",
        "1",
        "ab",
        f"{PHOTO_KEY}.txt",
    ),
    *(
        "영희님이 나갔습니다.",
        "철수 left.",
        "홍길동님이 나갔습니다. 라고 떴어",
        '"홍길동님이 나갔습니다."',
        "삭제된 메시지입니다. 뭐지",
    ),
    *("메시지가 삭제되었습니다", "나갔습니다.", "홍길동님이 나갔습니다.\n왜?"),
]


def kind_in_file(text: str) -> str:
    return messages(csv_of([("2022-12-17 13:55:24", "홍길동", text)]))[0].kind


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        *(("media", text) for text in MEDIA),
        *(("deleted", text) for text in DELETED),
        *(("system", text) for text in SYSTEM),
        *(("text", text) for text in TEXT),
    ],
)
def test_kinds(kind: str, text: str) -> None:
    assert kind_of("홍길동", text) == kind
    assert kind_in_file(text) == kind


@pytest.mark.parametrize("between", [[], ["ㅋㅋ"], ["", "응"]])
def test_many_are_what_each_is(between: list[str]) -> None:
    texts = [text for one in (*MEDIA, *TEXT, *DELETED, *SYSTEM) for text in (one, *between)]
    senders = ["" if at % 50 == 49 else "홍길동" for at in range(len(texts))]

    assert kinds_of(senders, texts, "\0".join(texts)) == list(map(kind_of, senders, texts))


@pytest.mark.parametrize("text", [*MEDIA, *DELETED])
def test_a_text_exports_placeholder_is_told_by_its_start(text: str) -> None:
    assert text[:2] in SUSPECT_STARTS
    assert kind_of_record("홍길동", text) == kind_of("홍길동", text)


@pytest.mark.parametrize("text", [*SYSTEM, *TEXT])
def test_in_a_text_export_kakaotalk_never_speaks_in_somebodys_name(text: str) -> None:
    assert kind_of_record("홍길동", text) == "text"


@pytest.mark.parametrize("line", [line for line in SYSTEM if "\n" not in line])
def test_a_notice_is_known_by_its_whole_line(line: str) -> None:
    assert is_notice(line)
    assert not is_notice(f"{line} ㅋㅋ")
    assert kind_of_record("", line) == "system"


def test_a_notice_takes_no_time_that_its_length_would_square() -> None:
    assert kind_of("홍길동", "방장이 " + "님에서 님으로 " * 100_000 + ".") == "text"


@pytest.mark.parametrize("sender", ["a.*", "김(철수", "🎁"])
def test_a_sender_is_no_pattern(sender: str) -> None:
    assert kind_of(sender, f"{sender}님이 나갔습니다.") == "system"
    assert kind_of(sender, "abc님이 나갔습니다.") == "text"


def test_without_a_sender_kakaotalk_speaks() -> None:
    assert kind_of("", "시스템 알림") == "system"
    assert kind_of("", "삭제된 메시지입니다.") == "deleted"
