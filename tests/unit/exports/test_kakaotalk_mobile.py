from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import pytest

from maltu.errors import UnreadableExport
from maltu.exports import survey
from tests.unit.exports.kakaotalk import (
    ANDROID_HEADER,
    IOS_HEADER,
    Said,
    android_of,
    ios_of,
    messages,
    opened,
    said_in,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    Write = Callable[[list[Said]], str]

AT = datetime.fromisoformat("2022-12-17 13:55")
NEXT_DAY = datetime.fromisoformat("2022-12-18 09:00")
QUOTED_ON_ANDROID = "2022년 12월 17일 오후 1:50, Csv : 인용"
QUOTED_ON_IOS = "2022. 12. 17. 오후 1:50, Csv : 인용"


def texts(content: str) -> list[str]:
    return [text for *_, text in said_in(content)]


@pytest.mark.parametrize(
    ("write", "quoted"), [(android_of, QUOTED_ON_ANDROID), (ios_of, QUOTED_ON_IOS)], ids=["android", "ios"]
)
def test_a_quoted_record_stays_where_it_was_quoted_while_line_ends_can_tell(
    write: Write, quoted: str
) -> None:
    written = write([(AT, "Json", f"봐봐\n{quoted}\n왜"), (AT, "Csv", "응")])

    assert texts(written) == [f"봐봐\n{quoted}\n왜", "응"]
    assert texts(written.replace("\r\n", "\n")) == ["봐봐", "인용\n왜", "응"]


@pytest.mark.parametrize("write", [android_of, ios_of])
def test_text_sent_from_a_pc_keeps_its_line_ends(write: Write) -> None:
    assert texts(write([(AT, "Json", "붙여넣은\r\n\r\n글"), (AT, "Csv", "응")])) == [
        "붙여넣은\r\n\r\n글",
        "응",
    ]


def test_many_quoted_records_do_not_make_a_file_lose_its_line_ends() -> None:
    quoted = "\n".join([QUOTED_ON_ANDROID] * 200)

    assert texts(android_of([(AT, "Json", quoted), (AT, "Csv", "응")])) == [quoted, "응"]


def test_a_quoted_day_stays_where_it_was_quoted() -> None:
    said: list[Said] = [
        (AT, "Json", "언제?\n2022년 12월 18일 일요일"),
        (AT, "Csv", "2022년 12월 10일 토요일\r\n2022년 12월 3일 토요일"),
        (NEXT_DAY, "Csv", "응"),
    ]

    assert said_in(ios_of(said)) == said


def test_a_day_without_its_empty_line_opens_when_the_next_record_is_of_that_day() -> None:
    content = ios_of([(AT, "Json", "하이"), (NEXT_DAY, "Csv", "응")]).replace("\r\n\r\n2022", "\r\n2022")

    assert texts(content) == ["하이", "응"]


def test_the_last_day_may_have_no_records() -> None:
    content = ios_of([(AT, "Json", "하이")]) + "\r\n2022년 12월 18일 일요일\r\n"

    assert texts(content) == ["하이"]


def test_what_kakaotalk_says_on_android_has_no_name() -> None:
    said: list[Said] = [
        (AT, "", "홍길동님이 김철수님과 이영희님을 초대했습니다."),
        (AT, "Json", "하이"),
        (AT, "", "메시지가 삭제되었습니다."),
    ]

    assert [
        (*line, message.kind) for line, message in zip(said, messages(android_of(said)), strict=True)
    ] == [
        (AT, "", said[0][2], "system"),
        (AT, "Json", "하이", "text"),
        (AT, "", said[2][2], "deleted"),
    ]


def test_a_colon_marks_what_kakaotalk_says_on_ios() -> None:
    read = messages(ios_of([(AT, "", "공지 : 홍길동님이 나갔습니다."), (AT, "Json", "하이")]))

    assert [(message.sender, message.text, message.kind) for message in read] == [
        ("", "공지 : 홍길동님이 나갔습니다.", "system"),
        ("Json", "하이", "text"),
    ]


def test_an_empty_name_is_kakaotalk() -> None:
    content = android_of([(AT, "Json", "하이")]) + "2022년 12월 17일 오후 1:56,  : 시스템 알림\r\n"

    assert messages(content)[1][1:] == ("", "시스템 알림", "system")


def test_an_editor_may_have_cut_off_the_space_before_no_text() -> None:
    content = android_of([(AT, "Json", ""), (AT, "Csv", "왜")]).replace("Json : \r\n", "Json :\r\n")

    assert said_in(content) == [(AT, "Json", ""), (AT, "Csv", "왜")]


def test_a_name_may_contain_what_ends_a_name() -> None:
    said: list[Said] = [(AT, "Json : 개발", text) for text in ("하이", "Day 1 : 시작", "ㅋㅋ")]
    said.append((AT, "Csv", "왜 : 냐면"))

    assert said_in(android_of(said)) == said
    assert said_in(ios_of(said)) == said


def test_a_room_says_who_its_only_partner_is() -> None:
    header = ANDROID_HEADER.replace("홍길동", "Json : 개발")
    said: list[Said] = [(AT, "Json : 개발", "하이")]

    assert said_in(header + android_of(said).removeprefix(ANDROID_HEADER)) == said


def test_both_clocks_and_several_forms_occur_in_one_file() -> None:
    content = (
        ios_of([(AT, "Json", "하이")])
        + ios_of([(AT, "Json", "하이")], form="2026. 6. 1. 09:37", header="").partition("\r\n")[2]
        + ios_of([(AT, "Json", "하이")], form="Jun 1, 2026 at 09:37", header="").partition("\r\n")[2]
    )

    assert said_in(content) == [(AT, "Json", "하이")] * 3


def test_a_later_hour_of_the_24_hour_clock_is_itself() -> None:
    content = android_of([(AT, "Json", "하이")]).replace("오후 1:55", "오후 13:55")

    assert said_in(content) == [(AT, "Json", "하이")]


@pytest.mark.parametrize(
    ("day", "read_as"),
    [("18/03/2023", "2023-03-18"), ("03/18/2023", "2023-03-18"), ("05/03/2023", "2023-03-05")],
)
def test_slashed_days_are_read_by_the_numbers_over_twelve(day: str, read_as: str) -> None:
    assert said_in(f"{day} 오후 1:55, Json : 하이\r\n")[0][0] == datetime.fromisoformat(f"{read_as} 13:55")


def test_parts_that_were_put_together_are_read_through() -> None:
    first = ios_of([(AT, "Json", "하이"), (AT, "Csv", "첫 줄\n둘째 줄")])
    second = ios_of([(NEXT_DAY, "Json", "응")], header=IOS_HEADER.replace("-1.txt", "-2.txt"))
    third = ios_of(
        [(NEXT_DAY, "Json", "끝")],
        header=IOS_HEADER.replace("Talk_2026.11.3 11:29-1.txt", "모임 (4명)과 카카오톡 대화-3.txt"),
    )
    reading = opened(first + second + third)

    assert [text for _, _, text, _ in reading] == ["하이", "첫 줄\n둘째 줄", "응", "끝"]
    assert not reading.skipped


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_a_quoted_part_stays_where_it_was_quoted(line_end: str) -> None:
    quoted = line_end.join(
        ("Talk_2026.11.3 11:29-1.txt", "저장한 날짜 : 2026. 11. 3. 오전 11:29", "", "이거 봐")
    )
    said: list[Said] = [(AT, "Json", f"하이{line_end}{quoted}"), (AT, "Csv", "응")]

    assert said_in(ios_of(said)) == said


def test_a_quoted_title_alone_stays_too() -> None:
    said: list[Said] = [
        (AT, "Json", "봐\nTalk_2026.11.3 11:29-1.txt\n저장한 날짜 : 2026. 11. 3. 오전 11:29"),
        (AT, "Csv", "응"),
    ]

    assert said_in(ios_of(said)) == said


def test_a_title_that_kept_its_line_end_does_not_decide() -> None:
    content = android_of([(AT, "Json", "하이"), (AT, "Csv", "응")]).replace("\r\n", "\n")

    assert texts(content.replace("\n", "\r\n", 1)) == ["하이", "응"]


def test_the_times_of_a_later_part_are_of_its_own_day() -> None:
    first = ios_of([(AT, "Json", "하이")], form="오전 9:37")
    second = ios_of([(NEXT_DAY, "Json", "응")], form="오전 9:37")

    assert said_in(first + second) == [(AT, "Json", "하이"), (NEXT_DAY, "Json", "응")]


def test_a_part_that_starts_inside_a_message_counts_those_lines() -> None:
    reading = opened(f"{IOS_HEADER}둘째 줄\r\n셋째 줄\r\n{ios_of([(AT, 'Json', '하이')], header='')}")

    assert len(list(reading)) == 1
    assert reading.skipped == {"before the first message": 2}


def test_any_title_above_the_saving_date_is_a_title() -> None:
    reading = opened(
        ANDROID_HEADER.replace("홍길동 님과 카카오톡 대화", "어떤 방")
        + "---------------\r\n"
        + QUOTED_ON_ANDROID
    )

    assert len(list(reading)) == 1
    assert not reading.skipped


def test_an_impossible_date_is_counted_and_its_lines_are_not_somebody_elses() -> None:
    content = android_of([(AT, "Json", "하이")]) + "2022년 13월 40일 오후 1:55, Csv : 왜\r\n둘째 줄\r\n"
    reading = opened(content)

    assert [text for _, _, text, _ in reading] == ["하이"]
    assert reading.skipped == {"unreadable date": 1}


def test_a_time_before_any_day_is_counted() -> None:
    content = "오후 1:50, Csv : 왜\r\n" + ios_of([(AT, "Json", "하이")], form="오전 9:37", header="")
    reading = opened(content)

    assert len(list(reading)) == 1
    assert reading.skipped == {"no date in it or before it": 1}


def test_an_export_without_a_readable_record_is_refused() -> None:
    with pytest.raises(
        UnreadableExport, match=r"None of the export's records can be read: unreadable date \(2\)"
    ):
        messages("2022년 13월 40일 오후 1:55, Csv : 왜\r\n" * 2)


def test_may_is_written_alike_on_both() -> None:
    record = "May 9, 2015, 8:34 PM, Json : hi\r\n"

    assert opened("May 9, 2015, 8:34 PM\r\n" + record).format == "kakaotalk-android"
    assert opened(record).format == "kakaotalk-android"
    assert opened("Saturday, May 9, 2015\r\n" + record).format == "kakaotalk-ios"
    assert opened(IOS_HEADER + record).format == "kakaotalk-ios"


@pytest.mark.parametrize(
    ("title", "room"),
    [
        ("홍길동 님과 카카오톡 대화", "홍길동"),
        ("홍길동님과 카카오톡 대화", "홍길동"),
        ("홍길동 님과의 카카오톡 대화", "홍길동"),
        ("우리 모임 5 님과 카카오톡 대화", "우리 모임"),
        ("우리 모임 12 카카오톡 대화", "우리 모임"),
        ("KakaoTalk Chats with Json", "Json"),
        ("KakaoTalk Chats with 우리 모임 (12)", "우리 모임"),
        ("우리 모임 (4명)과 카카오톡 대화-1.txt", "우리 모임"),
        ("KakaoTalk Chats with 우리 모임 (4 people)-1.txt", "우리 모임"),
        ("Talk_2026.6.12 13:10-1.txt", None),
    ],
)
def test_the_room_stands_in_the_title(title: str, room: str | None) -> None:
    first_line = "홍길동 님과 카카오톡 대화"
    content = ANDROID_HEADER.replace(first_line, title) + QUOTED_ON_ANDROID

    assert survey(opened(content)).room == room
    assert opened("\ufeff" + content).room == room


def test_the_room_may_stand_in_the_files_name() -> None:
    name = "exports/길동이/홍길동 (2명)과 카카오톡 대화-1.txt"

    assert opened(ios_of([(AT, "홍길동", "하이")]), name=name).room == "홍길동"
