from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from maltu.errors import UnreadableExport
from tests.unit.exports.kakaotalk import Said, messages, opened, said_in, windows_of

AT = datetime.fromisoformat("2022-12-17 13:55")
RULE = "--------------- 2022년 12월 17일 토요일 ---------------\r\n"


def read_with_doubts(content: str) -> tuple[list[str], dict[str, int]]:
    reading = opened(content)
    return [text for _, _, text, _ in reading], dict(reading.doubtful)


@pytest.mark.parametrize(
    ("line", "name", "text"),
    [
        ("[가람 [분석]] [오후 1:55] 하이", "가람 [분석]", "하이"),
        ("[Json] [오후 1:55] [Csv] [오후 1:55] 인용", "Json", "[Csv] [오후 1:55] 인용"),
        ("[a] [b] [오후 1:55] 하이", "a] [b", "하이"),
        ("[Json] [오후 1:55] ", "Json", ""),
        ("[Json] [오후 1:55]", "Json", ""),
        ("[Json] [오후 1:55]   두 칸 ", "Json", "  두 칸 "),
        ("[Json] [1:55\u202fPM] 하이", "Json", "하이"),
        ("[Json] [1:55 pm] 하이", "Json", "하이"),
    ],
)
def test_a_record(line: str, name: str, text: str) -> None:
    assert said_in(f"{RULE}{line}\r\n") == [(AT, name, text)]


@pytest.mark.parametrize(
    "line", ["[오후 1:55] 하이", "[a] [b] 하이", "[Json] [오후 1:55]하이", "[", "-----", "- 하나"]
)
def test_no_record(line: str) -> None:
    assert said_in(windows_of([(AT, "Json", f"봐봐\n{line}")])) == [(AT, "Json", f"봐봐\n{line}")]


def test_without_a_name_kakaotalk_speaks() -> None:
    assert messages(f"{RULE}[] [13:55] 시스템 알림\r\n") == [(AT, "", "시스템 알림", "system")]


POLICY = "운영정책을 위반한 메시지로 신고 접수 시 카카오톡 이용에 제한이 있을 수 있습니다."
IMPERSONATION = (
    "타인, 기관 등의 사칭에 유의해 주세요. 금전 또는개인정보를 요구 받을 경우 신고해 주시기 바랍니다."
)
NOTICES = (
    "홍길동님이 들어왔습니다.",
    "홍길동님이 나갔습니다.",
    "홍길동님이 김철수님을 초대했습니다.",
    "김철수님을 초대하였습니다.",
    "채팅방 관리자가 메시지를 가렸습니다.",
    "Json left.",
    f"홍길동님이 들어왔습니다.{POLICY} ",
    f"홍길동님이 들어왔습니다.{IMPERSONATION}{POLICY}",
)


@pytest.mark.parametrize("notice", NOTICES)
def test_a_notice_stands_on_a_line_of_its_own(notice: str) -> None:
    content = (
        windows_of([(AT, "Json", "하이")])
        + f"{notice}\r\n메시지가 삭제되었습니다.\r\n[Csv] [오후 2:00] 왜\r\n"
    )

    assert [(m.sender, m.text, m.kind) for m in messages(content)] == [
        ("Json", "하이", "text"),
        ("", notice, "system"),
        ("", "메시지가 삭제되었습니다.", "deleted"),
        ("Csv", "왜", "text"),
    ]


@pytest.mark.parametrize(
    "line", ["나갔습니다.", "홍길동님이 나갔습니다. 라고 떴어", "왜 나갔을까.", "자세히 보기"]
)
def test_what_only_resembles_a_notice_is_a_messages_line(line: str) -> None:
    assert said_in(windows_of([(AT, "Json", f"하이\n{line}")])) == [(AT, "Json", f"하이\n{line}")]


def test_a_notice_has_the_time_before_it_and_a_new_day_begins_at_midnight() -> None:
    next_day = RULE.replace("17일 토", "18일 일")
    notices = f"홍길동님이 나갔습니다.\r\n{next_day}홍길동님이 들어왔습니다.\r\n"
    content = windows_of([(AT, "Json", "하이")]) + notices

    assert [message.sent_at for message in messages(content)] == [
        AT,
        AT,
        datetime.fromisoformat("2022-12-18"),
    ]


def test_a_notice_below_several_lines_is_doubtful() -> None:
    content = windows_of([(AT, "Json", "첫 줄\n둘째 줄")]) + "홍길동님이 나갔습니다.\r\n"

    assert read_with_doubts(content) == (
        ["첫 줄\n둘째 줄", "홍길동님이 나갔습니다."],
        {"a notice that may be a line of the message before it": 1},
    )


@pytest.mark.parametrize(
    ("minutes", "name", "is_record", "doubts"),
    [
        (0, "Xml", True, 0),
        (60, "Xml", True, 0),
        (-1, "Json", True, 1),
        (-1, "Xml", False, 1),
        (-6, "Json", False, 1),
        (-60, "Xml", False, 1),
        (-13 * 60, "Xml", True, 1),
    ],
)
def test_time_tells_a_quoted_record(minutes: int, name: str, is_record: bool, doubts: int) -> None:  # noqa: FBT001 - a table's column
    at = AT + timedelta(minutes=minutes)
    quoted = f"[{name}] [{at:%H:%M}] 인용"
    read, doubtful = read_with_doubts(windows_of([(AT, "Json", "봐봐")]) + quoted + "\r\n")

    assert read == (["봐봐", "인용"] if is_record else [f"봐봐\n{quoted}"])
    assert sum(doubtful.values()) == doubts


def test_where_days_have_their_lines_a_time_long_ago_is_quoted() -> None:
    quoted = f"[Json] [{AT - timedelta(hours=13):%H:%M}] 인용"
    days = [(AT - timedelta(days=1), "Json", "어제"), (AT, "Json", f"봐봐\n{quoted}"), (AT, "Csv", "응")]
    read, doubtful = read_with_doubts(windows_of(days))

    assert read == ["어제", f"봐봐\n{quoted}", "응"]
    assert sum(doubtful.values()) == 1


def test_an_earlier_day_is_quoted() -> None:
    quoted = "--------------- 2022년 12월 1일 목요일 ---------------\n[Xml] [오후 1:00] 인용"
    read, doubtful = read_with_doubts(windows_of([(AT, "Json", f"봐봐\n{quoted}"), (AT, "Csv", "응")]))

    assert read == [f"봐봐\n{quoted}", "응"]
    assert sum(doubtful.values()) == 2


@pytest.mark.parametrize("quoted", ["[Xml] [오후 1:00]", "[Xml] [오후 1:00] "])
def test_a_quoted_record_without_text_is_kept_to_the_letter(quoted: str) -> None:
    said: list[Said] = [(AT, "Json", f"봐봐\n{quoted}\n응"), (AT, "Csv", "왜")]

    assert said_in(windows_of(said)) == said


def test_two_exports_may_stand_in_one_file() -> None:
    said: list[Said] = [(AT, "Json", "첫 줄\n둘째 줄"), (AT - timedelta(days=9), "Csv", "왜")]
    reading = opened(windows_of(said[:1]) + windows_of(said[1:]))

    assert [(sent_at, sender, text) for sent_at, sender, text, _ in reading] == said
    assert not reading.doubtful


def test_what_has_no_day_is_counted() -> None:
    reading = opened(
        "[Csv] [오후 1:00] 왜\r\nCsv님이 나갔습니다.\r\n" + windows_of([(AT, "Json", "하이")], header="")
    )

    assert len(list(reading)) == 1
    assert reading.skipped == {"no date in it or before it": 2}


def test_lines_above_the_first_record_are_counted() -> None:
    reading = opened(f"둘째 줄\r\n{RULE}셋째 줄\r\n[Json] [오후 1:55] 하이\r\n")

    assert len(list(reading)) == 1
    assert reading.skipped == {"before the first message": 2}


def test_an_impossible_time_is_counted() -> None:
    reading = opened(windows_of([(AT, "Json", "하이")]) + "[Json] [25:61] 왜\r\n")

    assert len(list(reading)) == 1
    assert reading.skipped == {"unreadable date": 1}


def test_an_export_without_a_readable_record_is_refused() -> None:
    with pytest.raises(UnreadableExport, match=r"no date in it or before it \(1\)"):
        messages("[Csv] [오후 1:00] 왜\r\n")


@pytest.mark.parametrize(
    ("content", "name", "room"),
    [
        (windows_of([(AT, "Json", "하이")]), "x.txt", "홍길동"),
        (windows_of([(AT, "Json", "하이")], header="en"), "x.txt", "홍길동"),
        (
            windows_of([(AT, "Json", "하이")], header=""),
            "KakaoTalk_20260301_2110_00_123_홍길동.txt",
            "홍길동",
        ),
        (windows_of([(AT, "Json", "하이")], header=""), "KakaoTalk_20260301_2110_00_123_group.txt", None),
        (windows_of([(AT, "Json", "하이")], header=""), "x.txt", None),
    ],
)
def test_the_room(content: str, name: str, room: str | None) -> None:
    assert opened(content, name=name).room == room


def test_a_message_of_2000_characters_is_not_cut() -> None:
    assert opened(windows_of([(AT, "Json", "가" * 2000)])).cuts_at is None
