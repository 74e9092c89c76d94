from __future__ import annotations

import io
from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maltu.errors import UnreadableExport
from maltu.exports import read_export
from maltu.exports.csv_errors import MAX_FIELD_CHARACTERS
from maltu.exports.source import MAX_RECORD_BYTES
from tests.unit.exports.kakaotalk import HEADER, csv_of, messages, opened, quoted

AT = "2022-12-17 13:55:24"
ROW = f'{AT},"Json","하이"\n'

# Everything but NUL, which no export contains, and surrogates, which UTF-8 cannot hold.
anything = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
dates = st.datetimes(min_value=datetime(1, 1, 1), max_value=datetime(9999, 12, 31)).map(  # noqa: DTZ001 - exports have no zone
    lambda moment: moment.replace(microsecond=0)
)


@given(st.lists(st.tuples(dates, anything, anything), min_size=1), st.sampled_from(["\n", "\r\n"]))
def test_what_was_written_is_read_to_the_letter(rows: list[tuple[datetime, str, str]], end: str) -> None:
    written = [(date.isoformat(sep=" "), user, text) for date, user, text in rows]

    read = messages(csv_of(written, end=end))

    assert [(sent_at, text) for sent_at, _, text, _ in read] == [(date, text) for date, _, text in rows]


@given(st.binary())
def test_arbitrary_bytes_are_read_or_refused(raw: bytes) -> None:
    for content in (raw, HEADER.encode() + raw, ROW.encode() + raw):
        try:
            messages(content)
        except UnreadableExport:
            continue


csv_like = st.lists(
    st.sampled_from(
        ['"', ",", "\n", "\r", "\r\n", '""', AT, "2022-12-17", "20221217T1355+09:00", "하이", " ", "\ufeff"]
    )
).map("".join)


@given(csv_like)
@settings(max_examples=300)
def test_every_record_is_yielded_or_counted(tail: str) -> None:
    reading = opened(ROW + tail)
    try:
        read = list(reading)
    except UnreadableExport:
        return
    assert all(message.sent_at.tzinfo is None for message in read)
    if '"' not in tail:
        rows = [line for line in tail.replace("\r\n", "\n").replace("\r", "\n").split("\n") if line]
        assert len(read) + reading.skipped.total() == 1 + len(rows)


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(HEADER + ROW, id="as KakaoTalk writes it"),
        pytest.param("\ufeff" + HEADER + ROW, id="byte order mark"),
        pytest.param(ROW, id="no header"),
        pytest.param("\ufeff" + ROW, id="byte order mark, no header"),
        pytest.param(f"{HEADER}{AT},Json,하이\n", id="minimal quoting"),
        pytest.param((HEADER + ROW).replace("\n", "\r\n"), id="CRLF"),
        pytest.param((HEADER + ROW).replace("\n", "\r"), id="CR"),
        pytest.param((HEADER + ROW).rstrip("\n"), id="no line end at the end"),
        pytest.param('"Date","User","Message"\n' + ROW, id="quoted header"),
        pytest.param("\n" + HEADER + "\n" + ROW + "\n", id="empty lines"),
    ],
)
def test_variants_of_the_same_file(content: str) -> None:
    reading = opened(content)

    assert list(reading) == [(datetime.fromisoformat(AT), "Json", "하이", "text")]
    assert reading.format == "kakaotalk-csv"
    assert not reading.skipped


def test_title_lines_above_the_header_are_counted() -> None:
    reading = opened("대화 내용\n" + HEADER + ROW)

    assert len(list(reading)) == 1
    assert reading.skipped == {"wrong number of fields": 1}


@pytest.mark.parametrize(
    "text",
    ["NA", "null", "None", "nan", "  앞뒤 ", "", '그는 "왜" 라고', "a,b", "첫 줄\n둘째 줄", "붙여넣은\r\n글"],
)
def test_text_is_kept_to_the_letter(text: str) -> None:
    assert messages(csv_of([(AT, "Json", text)]))[0].text == text


def test_a_pasted_export_stays_one_message() -> None:
    pasted = csv_of([(AT, "Csv", "왜")])

    assert [message.text for message in messages(csv_of([(AT, "Json", pasted)]))] == [pasted]


def test_a_row_without_date_carries_the_time_before_it_and_leaves_that_text_alone() -> None:
    read = messages(
        csv_of(
            [
                (AT, "Json", "하이"),
                ("", "", "메시지가 삭제되었습니다."),
                ("", "", "관리자가 메시지를 가렸습니다."),
            ]
        )
    )

    assert [(message.text, message.kind) for message in read] == [
        ("하이", "text"),
        ("메시지가 삭제되었습니다.", "deleted"),
        ("관리자가 메시지를 가렸습니다.", "system"),
    ]
    assert {message.sent_at for message in read} == {datetime.fromisoformat(AT)}


def test_a_date_without_seconds_is_a_date() -> None:
    assert messages('2022-12-17 13:55,"Json","하이"\n')[0].sent_at == datetime.fromisoformat(
        "2022-12-17 13:55"
    )


@pytest.mark.parametrize(
    "date",
    [
        *(
            "2022-12-17 9:05",
            "2022. 12. 17. 9:05",
            "2022. 12. 17 09:05",
            "2022/12/17 9:05",
            "2022.12.17 9:05:00",
        ),
        *("2022-12-17 오전 9:05", "2022-12-17 오전 9:05:00", "2022-12-17  9:05:00 AM"),
    ],
)
def test_dates_as_spreadsheets_write_them(date: str) -> None:
    read = messages(f"{HEADER}{date},Json,하이\n")

    assert read == [(datetime.fromisoformat("2022-12-17 09:05"), "Json", "하이", "text")]
    assert messages(f"{date},Json,하이\n") == read


@pytest.mark.parametrize("delimiter", [";", "\t", ","])
@pytest.mark.parametrize("title", ["", "카카오톡 대화{0}{0}\n"])
def test_a_spreadsheets_delimiter_and_encoding(delimiter: str, title: str) -> None:
    content = title.format(delimiter) + delimiter.join(("Date", "User", "Message")) + "\n"
    content += delimiter.join(("2022-12-17 13:55", "Json", '"a,b;c\td"')) + "\n"
    content += delimiter.join(("2022-12-17 13:55", "홍길동", '"가"\n'))

    for raw in (content.encode(), content.encode("cp949"), content.encode("utf-16")):
        assert [(m.sender, m.text) for m in messages(raw)] == [("Json", "a,b;c\td"), ("홍길동", "가")]


def test_a_quoted_export_of_another_kind_does_not_decide() -> None:
    quoted = "".join(
        f"[Csv] [오후 1:{n:02}] 인용\r\n2022년 1월 1일 오후 1:{n:02}, Csv : 인용\r\n" for n in range(50)
    )
    rows = [(AT, "Json", quoted), (AT, "Csv", "응")]

    assert [message.text for message in messages(csv_of(rows))] == [quoted, "응"]


def test_spellings_of_one_name_are_one_speaker() -> None:
    read = messages(
        csv_of(
            [
                (AT, "홍길동", "1"),
                (AT, "홍길동\ufe0f", "2"),
                (AT, "홍\u200b길동", "3"),
                (AT, "\u1112\u1169\u11bc길동", "4"),
            ]
        )
    )

    assert {message.sender for message in read} == {"홍길동"}


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (f'{AT},"Json"\n', "wrong number of fields"),
        (f'{AT},"Json","하이",""\n', "wrong number of fields"),
        ('17.12.2022,"Json","하이"\n', "unreadable date"),
        ('2022-12-17,"Json","하이"\n', "unreadable date"),
        ('20221217T1355+09:00,"Json","하이"\n', "unreadable date"),
        ('2022-02-30 13:55:24,"Json","하이"\n', "unreadable date"),
        (f'{AT},"Json","그는 "왜" 라고"\n', "broken quoting"),
    ],
)
def test_a_row_that_is_no_record_is_counted_and_the_next_one_is_read(row: str, reason: str) -> None:
    reading = opened(ROW + row + ROW)

    assert [message.text for message in reading] == ["하이", "하이"]
    assert reading.skipped == {reason: 1}


def test_a_row_without_date_before_any_date_is_counted() -> None:
    reading = opened(HEADER + ',"","메시지가 삭제되었습니다."\n' + ROW)

    assert len(list(reading)) == 1
    assert reading.skipped == {"no date in it or before it": 1}


def test_an_export_without_messages_is_refused() -> None:
    with pytest.raises(UnreadableExport, match="has no messages"):
        messages(HEADER)


def test_an_export_of_nothing_but_unreadable_rows_shows_their_shape_only() -> None:
    with pytest.raises(
        UnreadableExport, match=r"line 2: unreadable date \(99\.99\.9999,aaaa,가가·\)"
    ) as caught:
        messages(HEADER + '17.12.2022,"Json","비밀🎁"\n')

    assert "비밀" not in str(caught.value)
    assert caught.value.excerpt == ("17.12.2022,Json,비밀🎁",)


def test_what_is_not_utf8_is_located() -> None:
    good = ROW.encode() * 2000
    bad = f'{AT},"Json",'.encode() + "하이".encode("cp949") + b"\n"

    with pytest.raises(
        UnreadableExport, match=rf"Byte {len(good) + bad.index(0xC7)} \(line 2001\) is not UTF-8"
    ):
        messages(good + bad)


def test_the_byte_order_mark_counts_when_a_byte_is_located() -> None:
    good = b"\xef\xbb\xbf" + ROW.encode()

    with pytest.raises(UnreadableExport, match=rf"Byte {len(good)} \(line 2\)"):
        messages(good + b"\xff")


def test_a_nul_behind_the_first_block_is_found() -> None:
    good = ROW.encode() * 5000

    with pytest.raises(UnreadableExport, match=f"Byte {len(good)} is a NUL"):
        messages(good + b"\0")


@pytest.mark.parametrize("more", ["", ROW * 3])
def test_a_quote_that_never_closes_is_located(more: str) -> None:
    with pytest.raises(UnreadableExport, match="line 2"):
        messages(ROW + f'{AT},Json,"하이\n' + more.replace('"', ""))


def test_the_longest_field_is_read_and_a_longer_one_is_refused() -> None:
    longest = "가" * MAX_FIELD_CHARACTERS
    assert messages(csv_of([(AT, "Json", longest)]))[0].text == longest

    with pytest.raises(UnreadableExport, match="line 3 has a field of over 1,048,576 characters"):
        messages(csv_of([(AT, "Json", "하이"), (AT, "Json", longest + "나")]))


class EndlessStream(io.BytesIO):
    """Hands out bytes for ever, and counts them."""

    def __init__(self, first: bytes, then: bytes) -> None:
        super().__init__()
        self.handed_out = 0
        self._waiting = first
        self._then = then

    def read(self, size: int | None = -1, /) -> bytes:
        assert size is not None
        assert size > 0
        while len(self._waiting) < size:
            self._waiting += self._then
        piece, self._waiting = self._waiting[:size], self._waiting[size:]
        self.handed_out += size
        return piece


@pytest.mark.parametrize(
    "endless",
    [
        pytest.param(b"x" * 60_000, id="a line"),
        pytest.param(b"x\n" * 30_000, id="a field of lines"),
        pytest.param(b'\n","' * 15_000, id="a row of fields"),
    ],
)
def test_a_row_without_end_is_given_up_early(endless: bytes) -> None:
    stream = EndlessStream(f'{ROW}{AT},"Json","'.encode(), endless)
    reading = read_export(stream, name="talk.csv")

    with pytest.raises(UnreadableExport, match="line 2"):
        list(reading)

    assert stream.handed_out < 2 * MAX_RECORD_BYTES


def test_messages_come_before_the_file_has_been_read() -> None:
    stream = EndlessStream(ROW.encode(), ROW.encode() * 1000)
    reading = iter(read_export(stream, name="talk.csv"))

    for _ in range(50_000):
        next(reading)

    assert stream.handed_out < 50_000 * len(ROW.encode()) + 200_000


def test_a_stream_may_hand_out_less_than_was_asked_for() -> None:
    class Trickle(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            return super().read(min(size or 0, 7))

    rows = csv_of((AT, "Json", f"{n} 번째 줄\n😂") for n in range(5000))

    assert [m.text for m in read_export(Trickle(rows.encode()), name="x")] == [
        f"{n} 번째 줄\n😂" for n in range(5000)
    ]


def test_time_runs_on_across_rows_that_are_skipped() -> None:
    later = (datetime.fromisoformat(AT) + timedelta(days=1)).isoformat(sep=" ")
    read = messages(ROW + f"{later},x\n" + ',"","메시지가 삭제되었습니다."\n')

    assert read[1].sent_at == datetime.fromisoformat(AT)


def test_quoting_as_kakaotalk_does_it() -> None:
    assert quoted('그는 "왜"') == '"그는 ""왜"""'
