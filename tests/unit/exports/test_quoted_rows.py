"""Blocks that are cut at their quotes hold what the csv module reads in them."""

from __future__ import annotations

import csv
import io
import re
from typing import TYPE_CHECKING
from unittest.mock import patch

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from maltu.errors import UnreadableExport
from maltu.exports import kakaotalk_csv
from maltu.exports.quoted_rows import quoted_rows
from tests.unit.exports.kakaotalk import HEADER, csv_of, opened

if TYPE_CHECKING:
    from maltu.exports import Message
    from maltu.exports.quoted_rows import QuotedRows

AT = "2022-12-17 13:55:24"
TEXTS = st.text(st.sampled_from([*'""\n\r,; ', "가", "😂", "x", "\x85", "\u2028"]), max_size=6)
DATES = st.sampled_from([AT] * 6 + ["2022-12-18 00:00:00", "2022-12-17 13:55", "2022-12-17T13:55:24"])
ROWS = st.tuples(DATES, st.one_of(st.sampled_from(["하준", "서연"]), TEXTS), TEXTS).map(
    lambda row: csv_of([row]).removeprefix(HEADER)
)
ODD = st.sampled_from(
    [
        '2022-13-17 13:55:24,"하준","하이"\n',
        '2022-12-17 13:55+09,"하준","하이"\n',
        '2022-12-17\xff13:55:24,"하준","하이"\n',
        ',"","메시지가 삭제되었습니다."\n',
        f"{AT},하준,하이\n",
        f'{AT};"하준","하이"\n',
        f'{AT},"하준";"하이"\n',
        f'{AT},"하준","하"이"\n',
        f'{AT},"하준","하이" \n',
        f'{AT},"하준","하이","x"\n',
        f'"{AT}","하준","하이"\n',
        f'{AT},"하준","하이"\r',
        f'{AT},"하준","하이"\r\n',
        "\n",
        HEADER,
    ]
)


def read(content: bytes) -> tuple[list[Message], dict[str, int], str]:
    """Read to the end, or to the error."""
    reading = opened(content)
    found: list[Message] = []
    try:
        found.extend(reading)
    except UnreadableExport as error:
        return found, reading.skipped, str(error)
    return found, reading.skipped, ""


def columns(found: QuotedRows) -> list[tuple[str, str, str]]:
    return list(zip(found.dates, map(bytes.decode, found.names), found.texts.split("\0"), strict=True))


@settings(max_examples=200)
@given(
    st.lists(st.one_of(ROWS, ROWS, ROWS, ODD), max_size=12),
    st.sampled_from([b"", b"\xff", b'"', f'{AT},"Json","하이"'.encode()]),
    st.sampled_from(["\n", "\r\n"]),
    st.integers(20, 400),
)
@example([HEADER, f'{AT},"하준","""하이"""\n'] * 20, b"", "\n", 64)
def test_rows_read_many_at_once_are_those_that_the_csv_module_reads(
    rows: list[str], tail: bytes, end: str, block: int
) -> None:
    first = f'{AT},"Json","하이"\n'
    content = (first + "".join(rows)).replace("\n", end).encode() + tail

    with patch("maltu.exports.csv_blocks.BLOCK_BYTES", block):
        many = read(content)
        with patch.object(kakaotalk_csv, "quoted_rows", lambda *_: None):  # pyright: ignore[reportUnknownLambdaType, reportUnknownArgumentType]
            one_by_one = read(content)

    if many[2] or one_by_one[2]:
        # Before what cannot be decoded, either may give up earlier than the other.
        assert all(one == other for one, other in zip(many[0], one_by_one[0], strict=False))
        assert re.sub(r"\(line \d+\)", "", many[2]) == re.sub(r"\(line \d+\)", "", one_by_one[2])
    else:
        assert many == one_by_one


@given(st.lists(st.tuples(st.just(AT), TEXTS, TEXTS), min_size=1), st.sampled_from(["\n", "\r\n"]))
def test_what_kakaotalk_writes_is_cut_and_not_left(rows: list[tuple[str, str, str]], end: str) -> None:
    block = csv_of(rows, end=end).removeprefix(HEADER).encode()
    # So many plain rows that the doubled quotes are few.
    plain = f'{AT},"하준","하이"{end}'.encode() * (4 * block.count(b'"'))

    found = quoted_rows(plain + block + plain[:20], b",")

    assert found
    assert found.size == len(plain + block)
    assert columns(found)[-len(rows) :] == rows


@given(st.lists(st.sampled_from([*'"",,;\n\n\r', "a", AT, f'\n{AT},"', '","'])).map("".join))
def test_what_is_cut_is_what_the_csv_module_reads(tail: str) -> None:
    block = f'{AT},"Json","하이"\n{AT},"Json","하이"\n{AT},"Json","하이"\n{tail}'

    found = quoted_rows(block.encode(), b",")

    if found:
        taken = io.StringIO(block.encode()[: found.size].decode(), newline="")
        assert columns(found) == [tuple(row) for row in csv.reader(taken, strict=True)]


def test_a_nul_which_utf_16_can_hold_is_kept() -> None:
    rows = [(AT, "하준", text) for text in ("사진", "가\0나", "\0", "사진")] * 3

    for content in (csv_of(rows), csv_of(rows).removeprefix(HEADER)):
        found = opened(content.encode("utf-16"))

        assert [(text, kind) for _, _, text, kind in found] == [
            (text, "media" if text == "사진" else "text") for _, _, text in rows
        ]


@pytest.mark.parametrize("block", [b"", b"\n", b'"', b'""', b'"""', b'a"b"c"d"'])
def test_what_is_no_row_is_left(block: bytes) -> None:
    assert quoted_rows(block, b",") is None
