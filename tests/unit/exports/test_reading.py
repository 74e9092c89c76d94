from __future__ import annotations

import gzip

import pytest

from maltu.errors import UnreadableExport
from tests.unit.exports.kakaotalk import csv_of, messages, opened


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is empty"),
        (b"\xef\xbb\xbf\n", "is empty"),
        (b"PK\x05\x06" + bytes(18), "zip archive without a file"),
        (gzip.compress(b"x", mtime=0), "gzip archive"),
        (b"\x89PNG\r\n\x1a\n\0", "PNG picture"),
        (b"\xff\xd8\xff\xe0\0", "JPEG picture"),
        (b"%PDF-1.7\n", "PDF document"),
        (b"SQLite format 3\0", "byte 15 is a NUL"),
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
