from __future__ import annotations

import pytest

from maltu.errors import UnreadableExport
from maltu.exports.encodings import encoding_of
from tests.unit.exports.kakaotalk import csv_of, messages, opened

SAID = "가개거 2022-12-17 13:55, 홍길동 : 하이\n"


@pytest.mark.parametrize(
    ("head", "encoding", "mark"),
    [
        (SAID.encode(), "utf-8", 0),
        (b"\xef\xbb\xbf" + SAID.encode(), "utf-8", 3),
        (b"\xff\xfe" + SAID.encode("utf-16-le"), "utf-16-le", 2),
        (b"\xfe\xff" + SAID.encode("utf-16-be"), "utf-16-be", 2),
        (SAID.encode("utf-16-le"), "utf-16-le", 0),
        (SAID.encode("utf-16-be"), "utf-16-be", 0),
        (SAID.encode("cp949"), "cp949", 0),
        ("똠방각하 펲시콜라 쀍\n".encode("cp949"), "cp949", 0),
        (b"plain\n", "utf-8", 0),
        (b"", "utf-8", 0),
        (SAID.encode() + b"\xff\n", "utf-8", 0),
        (b"caf\xe9 ol\xe9\n", "utf-8", 0),
        (b"SQLite format 3\0", "utf-8", 0),
        (bytes(range(256)) * 4, "utf-8", 0),
        (bytes(1000), "utf-8", 0),
    ],
)
def test_the_encoding(head: bytes, encoding: str, mark: int) -> None:
    assert encoding_of(head, whole=True) == (encoding, mark)


@pytest.mark.parametrize("encoding", ["utf-8", "cp949", "utf-16-le", "utf-16-be"])
def test_a_head_may_end_inside_a_character(encoding: str) -> None:
    head = (SAID * 50).encode(encoding)

    for length in range(len(head) - 12, len(head)):
        assert encoding_of(head[:length], whole=False) == (encoding, 0)


@pytest.mark.parametrize("encoding", ["utf-8", "cp949", "utf-16"])
def test_a_long_file_is_read_to_the_letter(encoding: str) -> None:
    rows = [("2022-12-17 13:55:24", "홍길동", f"{n} 번째 줄\n가개거") for n in range(8000)]

    assert [message.text for message in messages(csv_of(rows).encode(encoding))] == [
        text for *_, text in rows
    ]


@pytest.mark.parametrize(
    ("encoding", "name", "bad"),
    [("cp949", "CP949", b"\xff\xff"), ("utf-16-le", "UTF-16", b"\x00\xd8\x00\xd8")],
)
def test_a_wrong_byte_is_located(encoding: str, name: str, bad: bytes) -> None:
    good = csv_of([("2022-12-17 13:55:24", "홍길동", "하이")] * 4000).encode(encoding)

    with pytest.raises(UnreadableExport, match=rf"Byte {len(good)} \(line 4002\) is not {name}"):
        list(opened(good + bad + "\n".encode(encoding)))


def test_a_nul_in_cp949_is_found() -> None:
    good = csv_of([("2022-12-17 13:55:24", "홍길동", "하이")] * 4000).encode("cp949")

    with pytest.raises(UnreadableExport, match=f"Byte {len(good)} is a NUL"):
        list(opened(good + b"\0"))
