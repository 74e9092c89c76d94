from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maltu.errors import UnreadableExport
from tests.unit.exports.kakaotalk import quoted
from tests.unit.exports.opening import anything, messages, oddities, opened, peak_bytes, read_or_refused

if TYPE_CHECKING:
    from maltu.exports import Message

AT = "2022-03-18T14:56:01.123+09:00"
SENT_AT = datetime.fromisoformat("2022-03-18T14:56:01.123")
AUTHOR = {"id": "1", "name": "gildong", "discriminator": "0000", "nickname": "홍길동", "isBot": False}


def record(**fields: Any) -> dict[str, Any]:  # noqa: ANN401 - any JSON
    return {
        "id": "10",
        "type": "Default",
        "timestamp": AT,
        "timestampEdited": None,
        "isPinned": False,
        "content": "하이",
        "author": AUTHOR,
        "attachments": [],
        "embeds": [],
        "stickers": [],
        "reactions": [],
        **fields,
    }


def channel_of(*records: object) -> dict[str, Any]:
    return {
        "guild": {"id": "0", "name": "Direct Messages"},
        "channel": {"id": "5", "type": "DirectTextChat", "categoryId": None, "name": '앤 "A"', "topic": None},
        "dateRange": {"after": None, "before": None},
        "exportedAt": AT,
        "messages": list(records),
        "messageCount": len(records),
    }


def read(*records: object) -> list[Message]:
    return messages(json.dumps(channel_of(*records)))


@pytest.mark.parametrize("indent", [None, 2])
def test_a_channel(indent: int | None) -> None:
    reading = opened(json.dumps(channel_of(record(type="Reply")), ensure_ascii=False, indent=indent))

    assert list(reading) == [(SENT_AT, "홍길동", "하이", "text")]
    assert (reading.format, reading.room, reading.cuts_at) == ("discord-json", '앤 "A"', None)


@pytest.mark.parametrize(
    "timestamp",
    ["2022-03-18T14:56:01.1230000+09:00", "2022-03-18T14:56:01.123+00:00", "2022-03-18T14:56:01.123Z"],
)
def test_the_clock_is_the_one_that_is_written(timestamp: str) -> None:
    assert read(record(timestamp=timestamp))[0].sent_at == SENT_AT


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"attachments": [{"url": "x.png"}]}, "(attachment)"),
        ({"stickers": [{"name": "x"}]}, "(sticker)"),
        ({"embeds": [{"title": "x"}]}, "(embed)"),
        ({}, "(message without text)"),
    ],
)
def test_media(fields: dict[str, Any], text: str) -> None:
    assert read(record(content="", **fields)) == [(SENT_AT, "홍길동", text, "media")]


def test_a_text_beside_an_attachment_is_text() -> None:
    assert read(record(attachments=[{"url": "x"}]))[0][2:] == ("하이", "text")


def test_what_is_no_speech_is_system() -> None:
    assert read(record(type="ChannelPinnedMessage", content="Pinned a message.")) == [
        (SENT_AT, "", "Pinned a message.", "system")
    ]


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (record(author={**AUTHOR, "isBot": True}), "bot"),
        (record(reference={"type": "Forward", "messageId": "1"}), "forwarded"),
        (record(forwardedMessage={"content": "x"}), "forwarded"),
        (record(timestamp="18.03.2022"), "unreadable date"),
        (record(timestamp=None), "unreadable date"),
        (record(content=None), "unreadable text"),
        (record(author=None), "no sender"),
        (record(author={}), "no sender"),
        (7, "no object"),
    ],
)
def test_what_is_no_message_is_counted(bad: object, reason: str) -> None:
    reading = opened(json.dumps(channel_of(record(), bad, record())))

    assert len(list(reading)) == 2
    assert reading.skipped == {reason: 1}


def test_people_are_told_apart_by_their_ids() -> None:
    other = {"id": "2", "name": "other", "nickname": "홍길동"}
    nameless = {"id": "3", "name": "ann", "nickname": None}

    senders = [m.sender for m in read(*(record(author=author) for author in (AUTHOR, other, nameless)))]

    assert senders == ["홍길동", "홍길동 (2)", "ann"]


@given(st.dictionaries(st.sampled_from([*record(), "reference"]), oddities))
def test_fields_of_any_type_are_read_or_counted(fields: dict[str, Any]) -> None:
    reading = opened(json.dumps(channel_of(record(), record(**fields))))

    assert len(list(reading)) + reading.skipped.total() == 2


@given(st.binary())
def test_arbitrary_bytes_are_read_or_refused(raw: bytes) -> None:
    read_or_refused(b'{"channel": {}, "messages": [{"timestampEdited": ' + raw)


offsets = st.integers(-12 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
moments = st.datetimes(min_value=datetime(1, 1, 2), max_value=datetime(9999, 12, 30), timezones=offsets)  # noqa: DTZ001 - the offset is drawn
rows = st.lists(st.tuples(moments, st.integers(1, 3), anything.filter(bool)), min_size=1)


@given(rows=rows, ascii_only=st.booleans())
def test_json_that_was_written_is_read_to_the_letter(
    *,
    rows: list[tuple[datetime, int, str]],
    ascii_only: bool,
) -> None:
    written = channel_of(
        *(
            record(timestamp=at.isoformat(), content=text, author={"id": str(who), "name": f"n{who}"})
            for at, who, text in rows
        )
    )

    read = messages(json.dumps(written, ensure_ascii=ascii_only))

    assert read == [(at.replace(tzinfo=None), f"n{who}", text, "text") for at, who, text in rows]


HEADER = "AuthorID,Author,Date,Content,Attachments,Reactions\r\n"
NEWER = "MessageID," + HEADER


def row(*fields: str) -> str:
    return ",".join(map(quoted, fields)) + "\r\n"


def speech(text: str = "하이", *, date: str = AT, author: str = "gildong", attachments: str = "") -> str:
    return row("1", author, date, text, attachments, "")


@pytest.mark.parametrize("bom", ["", "\ufeff"])
def test_a_csv_of_either_version(bom: str) -> None:
    older = bom + HEADER + speech()
    newer = bom + NEWER + row("10", "1", "gildong", AT, "하이", "", "👍 (1)")

    for content in (older, newer, newer.replace("\r\n", "\n")):
        reading = opened(content, name="Direct Messages - 앤 [123456789012345678].csv")
        assert list(reading) == [(SENT_AT, "gildong", "하이", "text")]
        assert (reading.format, reading.room) == ("discord-csv", "Direct Messages - 앤")
        assert not reading.skipped


@pytest.mark.parametrize(
    ("date", "sent_at"),
    [
        ("2022-03-18T14:56:01.1230000+00:00", SENT_AT),
        ("18-Mar-22 02:56 PM", datetime.fromisoformat("2022-03-18T14:56")),
        ("18-Mar-22 12:05 AM", datetime.fromisoformat("2022-03-18T00:05")),
        ("18-Mar-22 12:05 PM", datetime.fromisoformat("2022-03-18T12:05")),
    ],
)
def test_dates_in_a_csv(date: str, sent_at: datetime) -> None:
    assert messages(HEADER + speech(date=date))[0].sent_at == sent_at


@pytest.mark.parametrize(
    ("text", "attachments", "read", "kind"),
    [
        ("", "https://x/y.png", "(attachment)", "media"),
        ("", "", "(message without text)", "media"),
        ("봐", "https://x/y.png", "봐", "text"),
        ("Joined the server.", "", "Joined the server.", "system"),
        ("Started a call that lasted 5 minutes.", "", "Started a call that lasted 5 minutes.", "system"),
        ("Joined the server. 와", "", "Joined the server. 와", "text"),
        ('첫 줄\n그는 "왜", 라고', "", '첫 줄\n그는 "왜", 라고', "text"),
        ("null", "", "null", "text"),
    ],
)
def test_kinds_in_a_csv(text: str, attachments: str, read: str, kind: str) -> None:
    assert messages(HEADER + speech(text, attachments=attachments))[0][2:] == (read, kind)


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        ('"1","gildong"\r\n', "wrong number of fields"),
        (speech(date="03/18/2022 14:56"), "unreadable date"),
        (speech(date="31-Feb-22 02:56 PM"), "unreadable date"),
        (speech(date="18-Foo-22 02:56 PM"), "unreadable date"),
        (row("", "", AT, "x", "", ""), "no sender"),
        (speech().replace("하이", '그는 "왜" 라고'), "broken quoting"),
    ],
)
def test_a_row_that_is_no_message_is_counted(bad: str, reason: str) -> None:
    reading = opened(HEADER + speech() + bad + speech())

    assert len(list(reading)) == 2
    assert reading.skipped == {reason: 1}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (HEADER, "has no messages"),
        (HEADER + speech("비밀", date="03/18/2022"), "line 2: unreadable date"),
        (HEADER + speech() + '"1","a","x', "line 3: a quote opens there"),
        (HEADER + speech("가" * (1024 * 1024 + 1)), "line 2 has a field of over"),
        ((HEADER + speech()).encode() + b"\xff", r"Byte \d+ \(line 3\) is not UTF-8"),
    ],
)
def test_a_csv_that_cannot_be_read_says_why(content: str | bytes, said: str) -> None:
    with pytest.raises(UnreadableExport, match=said) as caught:
        messages(content)

    assert "비밀" not in str(caught.value)


@given(rows=rows, newer=st.booleans())
def test_csv_that_was_written_is_read_to_the_letter(
    *, rows: list[tuple[datetime, int, str]], newer: bool
) -> None:
    written = "".join(
        row(*(("7",) if newer else ()), str(who), f"n{who}", at.isoformat(), text, "", "")
        for at, who, text in rows
    )

    read = messages((NEWER if newer else HEADER) + written)

    assert [message[:3] for message in read] == [
        (at.replace(tzinfo=None), f"n{who}", text) for at, who, text in rows
    ]


@given(st.lists(st.sampled_from(['"', ",", "\r\n", "\n", '""', AT, "1", "하이", speech()])).map("".join))
def test_whatever_the_rows_are_they_are_read_or_refused(tail: str) -> None:
    read_or_refused(HEADER + speech() + tail)
    read_or_refused(NEWER + tail)


@pytest.mark.parametrize("csv", [True, False])
def test_memory_does_not_grow_with_the_file(*, csv: bool) -> None:
    def content(count: int) -> bytes:
        text = "안녕" * 300
        written = (
            HEADER + speech(text) * count if csv else json.dumps(channel_of(*[record(content=text)] * count))
        )
        return written.encode()

    assert peak_bytes(content(4000)) < peak_bytes(content(1000)) + 100_000
