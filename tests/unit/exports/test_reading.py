from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from maltu.errors import UnreadableExport
from maltu.exports import kakaotalk_csv, reading
from tests.unit.exports.kakaotalk import csv_of, messages, opened

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Iterator

    from maltu.exports import Message
    from maltu.exports.source import Source


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is empty"),
        (b"\xef\xbb\xbf\n", "is empty"),
        (b"PK\x05\x06" + bytes(18), "zip archive without a file"),
        (b"a\0b", "byte 1 is a NUL"),
        ("안녕\n하이\n".encode("cp949"), "letters replaced: 가가 / 가가"),
    ],
)
def test_what_is_no_export_says_what_it_is(content: bytes, said: str) -> None:
    with pytest.raises(UnreadableExport, match=said):
        opened(content)


def test_other_columns_are_named() -> None:
    with pytest.raises(UnreadableExport, match="has the columns 날짜, 시간, 유저, 메시지"):
        opened("날짜,시간,유저,메시지\n2022-12-17,13:55,Json,비밀\n")


def test_a_first_row_of_chat_text_is_not_quoted() -> None:
    with pytest.raises(UnreadableExport) as caught:
        opened("비밀이야 Json 12, ok!\n둘째\n\n셋째\n넷째\n")

    said = str(caught.value)
    assert "비밀" not in said
    assert "Json" not in said
    assert "가가가가 aaaa 99, aa! / 가가 / 가가" in said
    assert caught.value.excerpt == ("비밀이야 Json 12, ok!", "둘째", "셋째")


def test_a_column_that_is_no_column_name_is_not_quoted() -> None:
    with pytest.raises(UnreadableExport, match="has the columns message, 가가가") as caught:
        opened("message,비밀이\n")

    assert "비밀" not in str(caught.value)


def test_a_long_line_is_cut() -> None:
    with pytest.raises(UnreadableExport) as caught:
        opened("x" * 200_000)

    assert len(str(caught.value)) < 400
    assert caught.value.excerpt == ("x" * 60,)


def test_a_head_that_ends_inside_a_character_is_text() -> None:
    content = csv_of([("2022-12-17 13:55:24", "Json", "가" * 30_000)])

    for spaces in range(3):
        assert len(messages("\n" * spaces + content)) == 1


def test_a_reading_is_read_once() -> None:
    reading = opened(csv_of([("2022-12-17 13:55:24", "Json", "하이")]))

    assert len(list(reading)) == 1
    assert list(reading) == []


class Twin:
    """Claims every file that says so, as a messenger whose export looks like another's would."""

    CUTS_AT = None

    def __init__(self, name: str) -> None:
        self.FORMAT = name

    def score(self, head: str) -> int:
        return head.count("twin")

    def room(self, head: str, name: str) -> str | None:
        return f"{head[:4]} in {name}"

    def read(self, source: Source, skipped: Counter[str]) -> Iterator[Message]:
        skipped["all"] += len(source.read())
        yield from ()


def test_a_tie_is_refused_and_the_most_records_win(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "_MESSENGERS", (kakaotalk_csv, Twin("one"), Twin("other")))
    row = '2022-12-17 13:55:24,"Json","twin"\n'

    with pytest.raises(UnreadableExport, match="may be one or other alike"):
        opened("twin")
    with pytest.raises(UnreadableExport, match="may be kakaotalk-csv or one or other alike") as caught:
        opened(row)
    assert "Json" not in str(caught.value)
    assert opened(row * 2 + row.replace("twin", "")).format == "kakaotalk-csv"


def test_a_reading_tells_what_its_messenger_knows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "_MESSENGERS", (Twin("one"),))
    read = opened("twin", name="exports/길동이/talk.txt")

    assert list(read) == []
    assert (read.format, read.room, read.cuts_at, read.skipped) == (
        "one",
        "twin in talk.txt",
        None,
        {"all": 4},
    )


WHATSAPP = "25/03/2024, 10:00 - Ann: hi\n"
ANDROID = "2024년 3월 14일 오전 9:00, 나 : x\n"
IOS = "2024. 3. 14. 오전 9:01, 너 : 응, 그래, 봐\r\n"
WINDOWS = "[나] [오전 9:00] x\n"


@pytest.mark.parametrize(
    ("start", "quoted", "end", "format_name"),
    [
        ("2024년 3월 14일 오전 9:00, 나 : ", WHATSAPP, "\r\n", "kakaotalk-android"),
        (WHATSAPP.rstrip("\n"), WINDOWS + ANDROID, WHATSAPP, "whatsapp"),
        ("2024. 3. 14. 오전 9:00, 나 : ", WHATSAPP + WINDOWS, "\r\n" + IOS, "kakaotalk-ios"),
    ],
)
def test_another_messengers_records_do_not_outnumber_the_text_that_quotes_them(
    start: str, quoted: str, end: str, format_name: str
) -> None:
    reading = opened(start + quoted * 9 + end, name="talk.txt")

    assert reading.format == format_name
    assert quoted.splitlines()[-1] in next(iter(reading)).text
