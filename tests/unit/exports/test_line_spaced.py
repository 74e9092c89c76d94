"""What LINE for computers writes: spaces in the place of tabs."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.exports.opening import messages, opened, peak_bytes, piped, read_or_refused

DATE = "2022.03.18 Friday\n"
SENT_AT = datetime.fromisoformat("2022-03-18 14:56")


def texts(content: str) -> list[tuple[str, str, str]]:
    return [message[1:] for message in messages(content)]


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("bom", ["", "\ufeff"])
def test_an_export(end: str, bom: str) -> None:
    content = (
        DATE
        + "14:56 花子 やあ 元気？\n14:57 Ann 12:30 是 lunch\n"
        + "2022.03.19 Saturday\n0:01 花子 おやすみ\n二行目\n"
    )
    reading = opened(bom + content.replace("\n", end), name="[LINE]花子.txt")

    assert list(reading) == [
        (SENT_AT, "花子", "やあ 元気？", "text"),
        (SENT_AT + timedelta(minutes=1), "Ann", "12:30 是 lunch", "text"),
        (datetime.fromisoformat("2022-03-19 00:01"), "花子", "おやすみ\n二行目", "text"),
    ]
    assert (reading.format, reading.room) == ("line", "花子")
    assert not reading.skipped


def test_a_pipe_is_read_as_a_file_is() -> None:
    content = DATE + "".join(f"14:{n} Tony van Chou {'hi ' * n}\n" for n in range(10, 60))

    assert list(piped(content)) == messages(content)


def test_a_name_of_several_words_ends_where_its_lines_differ() -> None:
    said = ["hi", "how are you", "ok", "good night all"]
    content = DATE + "".join(
        f"14:5{n} Tony Chou {text}\n14:5{n} Tony {text}\n" for n, text in enumerate(said)
    )
    alone = DATE + "".join(f"14:5{n} Tony van Chou {text}\n" for n, text in enumerate(said))

    assert texts(alone) == [("Tony van Chou", text, "text") for text in said]
    assert {sender for sender, _, _ in texts(content)} == {"Tony"}


def test_namesakes_are_told_apart() -> None:
    said = ["네", "그래요 내일", "사진", "어디"]
    content = DATE + "".join(
        f"14:5{n} 김 철수 {a}\n14:5{n} 김 영희 {b}\n"
        for n, (a, b) in enumerate(zip(said, said[::-1], strict=True))
    )

    assert {(sender, kind) for sender, _, kind in texts(content)} == {
        *(("김 철수", "text"), ("김 영희", "text"), ("김 철수", "media"), ("김 영희", "media"))
    }


def test_the_room_is_a_name_that_is_known() -> None:
    head = "[LINE] Chat history with Tony Chou\nSaved on: 2022/03/18 15:00\n\n"
    content = f"{head}{DATE}14:56 Tony Chou hi\n14:57 Ann yes\n"

    assert texts(content) == [("Tony Chou", "hi", "text"), ("Ann", "yes", "text")]


def test_a_name_that_is_seldom_met_is_doubtful() -> None:
    content = DATE + "14:56 Tony Chou hi\n" + "14:57 Ann yes\n14:58 Ann no\n" * 2
    reading = opened(content)

    assert [message.sender for message in reading] == ["Tony", "Ann", "Ann", "Ann", "Ann"]
    assert reading.doubtful == {"of somebody met seldom, whose name may be longer": 1}


def test_a_time_in_a_text_of_several_lines_is_no_message() -> None:
    lines = "14:57 Ann 내일은\n10:00 병원\n12:00 점심\n"
    content = DATE + "14:56 Ann a\n14:56 Ann b\n14:56 Ann c\n" + lines + "14:58 Ann 끝\n"

    assert texts(content)[3:] == [("Ann", "내일은\n10:00 병원\n12:00 점심", "text"), ("Ann", "끝", "text")]


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        *(("Ann joined the group.", "system"), ("Ann added Bob Lee to the group.", "system")),
        *(("太郎が花子をグループに追加しました。", "system"), ("太郎が退会しました。", "system")),
        *(("花子がメッセージの送信を取り消しました", "deleted"), ("Ann unsent a message.", "deleted")),
        *(("홍길동님이 나갔습니다.", "system"), ("花子加入群組", "system"), ("一言", "system")),
    ],
)
def test_what_line_says_has_no_sender(line: str, kind: str) -> None:
    assert texts(f"{DATE}14:55 Ann hi\n14:56 {line}\n")[1] == ("", line, kind)


@pytest.mark.parametrize("word", ["Photos", "Stickers", "画像", "スタンプ", "사진", "貼圖"])
def test_placeholders_stand_without_brackets(word: str) -> None:
    assert texts(f"{DATE}14:56 Ann {word}\n14:57 Ann {word} 봐\n") == [
        ("Ann", word, "media"),
        ("Ann", f"{word} 봐", "text"),
    ]


def test_lines_with_times_but_without_a_date_are_no_export() -> None:
    assert not read_or_refused("14:56 Ann hi\n14:57 Ann ho\n")


words = st.text(st.characters(categories=["L", "N"]), min_size=1, max_size=6)


@given(st.lists(st.tuples(st.integers(0, 30), st.sampled_from(["앤", "花子"]), st.lists(words, min_size=1))))
def test_what_was_written_is_read_back(rows: list[tuple[int, str, list[str]]]) -> None:
    at = datetime.fromisoformat("2022-03-18 00:10")
    content, written = DATE, list[tuple[datetime, str, str]]()
    for number, (minutes, name, said) in enumerate(rows):
        at += timedelta(minutes=minutes % 2)
        text = " ".join([f"말{number}", *said])
        content += f"{at:%H:%M} {name} {text}\n"
        written.append((at, name, text))

    if rows:
        assert [message[:3] for message in messages(content)] == written


@given(
    st.lists(
        st.sampled_from([DATE, "14:56 ", "Ann ", "a ", "\n", "\r\n", '"', "99:99 ", "\t"]), max_size=40
    ).map("".join)
)
def test_whatever_the_lines_are_they_are_read_or_refused(tail: str) -> None:
    assert len(messages(f"{DATE}14:56 Ann x\n{tail}")) >= 1


def test_memory_does_not_grow_with_the_file() -> None:
    def content(count: int) -> bytes:
        return (DATE + "".join(f"14:56 Ann {n} {'안녕' * 300}\n" for n in range(count))).encode()

    assert peak_bytes(content(4000)) < peak_bytes(content(1500)) + 200_000
