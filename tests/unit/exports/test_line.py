from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maltu.errors import UnreadableExport
from tests.unit.exports.opening import messages, opened, peak_bytes, plain, read_or_refused

HEAD = "[LINE] 花子とのトーク履歴\n保存日時：2026/08/21 11:59\n\n"
DATE = "2022/03/18(金)\n"
SENT_AT = datetime.fromisoformat("2022-03-18 14:56")


def texts(content: str) -> list[tuple[str, str, str]]:
    return [(message.sender, message.text, message.kind) for message in messages(content)]


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("bom", ["", "\ufeff"])
def test_an_export(end: str, bom: str) -> None:
    content = (
        HEAD + DATE + "14:56\t花子\tやあ\n14:57\tAnn Lee\t하이\tx\n\n2022/03/19(土)\n0:01\t花子\tおやすみ\n"
    )
    reading = opened(bom + content.replace("\n", end))

    assert list(reading) == [
        (SENT_AT, "花子", "やあ", "text"),
        (SENT_AT + timedelta(minutes=1), "Ann Lee", "하이\tx", "text"),
        (datetime.fromisoformat("2022-03-19 00:01"), "花子", "おやすみ", "text"),
    ]
    assert (reading.format, reading.room, reading.cuts_at) == ("line", "花子", None)
    assert not reading.skipped
    assert not reading.doubtful


@pytest.mark.parametrize(
    ("title", "room"),
    [
        ("[LINE] 花子とのトーク履歴", "花子"),
        ("[LINE]友達のトーク履歴", "友達"),
        ("[LINE] Chat history with Ann Lee", "Ann Lee"),
        ("Chat history with Ann Lee", "Ann Lee"),
        ('[LINE] Chat history in "Plan B"', "Plan B"),
        ("[LINE] 與花子的聊天記錄", "花子"),
        ("[LINE] 花子的聊天记录", "花子"),
        ("[LINE] 홍길동님과의 대화", "홍길동"),
        ("[LINE] 홍길동 님과의 채팅", "홍길동"),
        ("[LINE] x", None),
    ],
)
@pytest.mark.parametrize(
    "saved",
    [
        "保存日時：2026/08/21 11:59",
        "Saved on: 3/18/2022, 14:56",
        "저장한 날짜 : 2022. 3. 18. 오후 2:56",
        "儲存日期： 2022/03/18 14:56",
    ],
)
def test_titles(title: str, saved: str, room: str | None) -> None:
    reading = opened(f"{title}\n{saved}\n\n{DATE}14:56\tAnn\tx\n")

    assert len(list(reading)) == 1
    assert reading.room == room
    assert not reading.skipped


@pytest.mark.parametrize(
    "date",
    [
        *("2022/03/18(金)", "2022/3/18(金)", "2022.03.18 金曜日", "2022年3月18日(金)", "2022年3月18日金曜日"),
        *("2022.03.18 금요일", "2022. 3. 18. 금요일", "2022년 3월 18일 금요일", "2022. 3. 18. (금)"),
        *("2022/03/18（五）", "2022.03.18 星期五", "2022/3/18週五", "2022/3/18周五"),
        *("2022.03.18 Friday", "2022/03/18(Fri)", "Fri, 03/18/2022", "Fri, 18/03/2022"),
    ],
)
def test_dates(date: str) -> None:
    assert messages(f"{HEAD}{date}\n14:56\tAnn\tx\n")[0].sent_at == SENT_AT


def test_a_line_below_a_date_is_no_part_of_the_title() -> None:
    reading = opened(f"{HEAD}{DATE}保存日時：2026/08/21 14:55\tAnn\tx\n14:56\tAnn\ty\n")

    assert [message.text for message in reading] == ["y"]
    assert reading.skipped == {"outside any message": 1}


def test_the_weekday_tells_whether_the_month_comes_first() -> None:
    read = messages(
        f"{HEAD}Mon, 04/03/2023\n14:56\tAnn\tx\nTue, 04/04/2023\n1:00\tAnn\ty\n"
        "Tue, 04/07/2023\n2:00\tAnn\tz\n"
    )

    assert [message.sent_at.date().isoformat() for message in read] == [
        "2023-04-03",
        "2023-04-04",
        "2023-07-04",
    ]


def test_a_line_with_another_weekday_is_no_date() -> None:
    assert texts(f"{HEAD}{DATE}14:56\tAnn\tx\n2022/03/18(月)\n") == [("Ann", "x\n2022/03/18(月)", "text")]


@pytest.mark.parametrize(
    ("clock", "sent_at"),
    [
        ("14:56", "2022-03-18 14:56"),
        ("오후 2:56", "2022-03-18 14:56"),
        ("오전 12:05", "2022-03-18 00:05"),
        ("午後2:56", "2022-03-18 14:56"),
        ("2:56 PM", "2022-03-18 14:56"),
        ("12:56 a.m.", "2022-03-18 00:56"),
        ("24:10", "2022-03-19 00:10"),
        ("25:10", "2022-03-19 01:10"),
    ],
)
def test_clocks(clock: str, sent_at: str) -> None:
    assert messages(f"{HEAD}{DATE}{clock}\tAnn\tx\n")[0].sent_at == datetime.fromisoformat(sent_at)


@pytest.mark.parametrize(
    ("lines", "text"),
    [
        ('"一\n二"', "一\n二"),
        ('"一\n\n二"', "一\n\n二"),
        ("一\n二", "一\n二"),
        ('"一"', '"一"'),
        ('"一', '"一'),
        ('"彼は ""何"" と\n言った"', '彼は "何" と\n言った'),
        ('"彼は "何" と\n言った"', '彼は "何" と\n言った'),
        ('一\n"二"', '一\n"二"'),
        (" 앞뒤 ", " 앞뒤 "),
        ("null", "null"),
        ("", ""),
    ],
)
def test_texts_of_several_lines(lines: str, text: str) -> None:
    next_day = "2022/03/19(土)\n14:56\tAnn\tend\n"

    assert texts(f"{HEAD}{DATE}14:56\tAnn\t{lines}\n\n{next_day}")[0] == ("Ann", text, "text")
    assert texts(f"{HEAD}{DATE}14:56\tAnn\t{lines}\n14:57\tAnn\tend\n") == [
        ("Ann", text, "text"),
        ("Ann", "end", "text"),
    ]


def test_a_message_inside_quotation_marks_is_counted_as_doubtful() -> None:
    reading = opened(f'{HEAD}{DATE}14:56\tAnn\t"見て\nこれ\n14:57\tBob\tやあ\n')

    assert [message.text for message in reading] == ['"見て\nこれ', "やあ"]
    assert reading.doubtful == {"inside quotation marks": 1}


@pytest.mark.parametrize("pasted", ["2022/01/01(土)\n23:00\tBob\t昔", "09:00\tBob\t昔"])
def test_what_is_earlier_inside_quotation_marks_was_pasted(pasted: str) -> None:
    content = f'{HEAD}{DATE}14:56\tAnn\t"見て\n{pasted}\n"\n14:57\tBob\tやあ\n'

    assert [(m.sent_at, m.text) for m in messages(content)] == [
        (SENT_AT, f"見て\n{pasted}\n"),
        (SENT_AT + timedelta(minutes=1), "やあ"),
    ]


@pytest.mark.parametrize(("text", "doubtful"), [('"見て', 1), ('"', 1), ('"見て"', 0), ("見て", 0)])
def test_a_quotation_mark_may_have_been_meant_to_close_later(text: str, doubtful: int) -> None:
    reading = opened(f"{HEAD}{DATE}14:56\tAnn\t{text}\n14:57\tBob\tやあ\n")

    assert [message.text for message in reading] == [text, "やあ"]
    assert reading.doubtful.total() == doubtful


KINDS = [
    *((text, "media") for text in ("[スタンプ]", "[写真]", "[動画]", "☎ 不在着信", "☎ 通話時間 0:05")),
    *((text, "media") for text in ("[Sticker]", "[Photo]", "[스티커]", "[사진]", "[음성 메시지]")),
    *((text, "deleted") for text in ("メッセージの送信を取り消しました", "Ann unsent a message.")),
    *((text, "deleted") for text in ("Message unsent.", "홍길동님이 메시지 전송을 취소했습니다.")),
    *((text, "deleted") for text in ("已收回訊息", "Ann 撤回了一条消息")),
    *((text, "text") for text in ("[写真] 見て", "[x]", "スタンプ", "사진", "unsent a message. 뭐지")),
]


@pytest.mark.parametrize(("text", "kind"), KINDS)
def test_kinds(text: str, kind: str) -> None:
    assert texts(f"{HEAD}{DATE}14:56\tAnn\t{text}\n") == [("Ann", text, kind)]


@pytest.mark.parametrize(
    ("line", "text", "kind"),
    [
        ("14:56\t花子が参加しました", "花子が参加しました", "system"),
        ("14:56\t\tAnn joined the chat.", "Ann joined the chat.", "system"),
        (
            "14:56\t花子がメッセージの送信を取り消しました",
            "花子がメッセージの送信を取り消しました",
            "deleted",
        ),
        (
            "14:56\t\t홍길동님이 메시지 전송을 취소했습니다.",
            "홍길동님이 메시지 전송을 취소했습니다.",
            "deleted",
        ),
    ],
)
def test_without_a_name_line_speaks(line: str, text: str, kind: str) -> None:
    assert texts(f"{HEAD}{DATE}{line}\n") == [("", text, kind)]


def test_what_is_no_message_is_counted() -> None:
    reading = opened(f"{HEAD}메모\n14:55\tAnn\tx\n{DATE}30:00\tAnn\tx\n14:99\tAnn\tx\n14:56\tAnn\ty\n")

    assert [message.text for message in reading] == ["y"]
    assert reading.skipped == {"outside any message": 1, "no date before it": 1, "unreadable time": 2}


def test_an_export_without_messages_shows_shapes_only() -> None:
    with pytest.raises(UnreadableExport, match=r"line 4: no date before it \(99:99·가가·가가\)") as caught:
        messages(f"{HEAD}14:56\t앤디\t비밀\n")

    assert "비밀" not in str(caught.value)
    assert caught.value.excerpt == ("14:56\t앤디\t비밀",)


said = st.lists(st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=15), min_size=1, max_size=3)
rows = st.lists(st.tuples(st.integers(0, 4000), plain, said), min_size=1, max_size=10)


@given(rows=rows, quotes=st.booleans())
def test_what_was_written_is_read_to_the_letter(
    *, rows: list[tuple[int, str, list[str]]], quotes: bool
) -> None:
    at = SENT_AT
    day = ""
    written: list[tuple[datetime, str]] = []
    content = HEAD
    for minutes, name, lines in rows:
        at += timedelta(minutes=minutes)
        if day != (day := f"{at:%Y/%m/%d}({'月火水木金土日'[at.weekday()]})"):
            content += f"\n{day}\n"
        text = "말 " + "\n".join(lines)
        wrapped = '"' + text.replace('"', '""') + '"' if quotes and "\n" in text else text
        content += f"{at:%H:%M}\t{name}\t{wrapped}\n"
        written.append((at, text))

    assert [(message.sent_at, message.text) for message in messages(content)] == written


@given(
    st.lists(
        st.sampled_from(
            [DATE, "14:56\t", "Ann", "\t", "\n", "\r\n", '"', "やあ", "99:99\t", "2022/03/99(金)", "\r"]
        ),
        max_size=30,
    ).map("".join)
)
def test_whatever_the_lines_are_they_are_read_or_refused(tail: str) -> None:
    reading = opened(HEAD + DATE + "14:56\tAnn\tx\n" + tail)

    assert len(list(reading)) >= 1
    read_or_refused("14:56\tAnn\tx\n" + tail)


@given(st.binary())
def test_arbitrary_bytes_are_read_or_refused(raw: bytes) -> None:
    read_or_refused((HEAD + DATE + "14:56\tAnn\tx\n").encode() + raw)


def test_memory_does_not_grow_with_the_file() -> None:
    line = f"14:56\tAnn\t{'안녕' * 300}\n"

    assert (
        peak_bytes((HEAD + DATE + line * 4000).encode())
        < peak_bytes((HEAD + DATE + line * 1000).encode()) + 100_000
    )
