from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maltu.errors import UnreadableExport
from maltu.exports.instagram import mended
from tests.unit.exports.opening import anything, messages, oddities, opened, peak_bytes, read_or_refused

if TYPE_CHECKING:
    from maltu.exports import Message

EPOCH = datetime.fromisoformat("1970-01-01")
SENT_AT = datetime.fromisoformat("2022-03-18T14:56:01.123")
AT = int(SENT_AT.replace(tzinfo=UTC).timestamp()) * 1000 + 123


def garbled(text: str) -> str:
    """Write UTF-8 bytes as one character each, as the download does."""
    return text.encode().decode("latin-1")


def record(content: str | None = "하이", **fields: Any) -> dict[str, Any]:  # noqa: ANN401 - any JSON
    said = {} if content is None else {"content": garbled(content)}
    return {
        "sender_name": garbled("홍길동"),
        "timestamp_ms": AT,
        **said,
        "is_geoblocked_for_viewer": False,
        **fields,
    }


def thread_of(*records: object) -> dict[str, Any]:
    return {
        "participants": [{"name": garbled("홍길동")}, {"name": "Ann"}],
        "messages": list(records),
        "title": garbled("앤"),
        "is_still_participant": True,
        "thread_path": "inbox/ann_1",
        "magic_words": [],
    }


def read(*records: object) -> list[Message]:
    return messages(json.dumps(thread_of(*records)))


@pytest.mark.parametrize("indent", [None, 2])
def test_a_thread_comes_out_oldest_first(indent: int | None) -> None:
    content = json.dumps(
        thread_of(
            record("셋", timestamp_ms=AT + 2),
            record("둘째", timestamp_ms=AT),
            record("둘", timestamp_ms=AT),
            record("하나", timestamp_ms=AT - 1),
        ),
        indent=indent,
    )
    reading = opened(content, name="message_1.json")

    assert [(message.text, message.sender) for message in reading] == [
        (text, "홍길동") for text in ("하나", "둘", "둘째", "셋")
    ]
    assert (reading.format, reading.room, reading.cuts_at) == ("instagram", "앤", None)
    assert r"\u00ed\u0095\u0098" in content


def test_a_file_that_was_sorted_keeps_its_order() -> None:
    assert [m.text for m in read(*(record(str(n), timestamp_ms=AT + n) for n in range(3)))] == ["0", "1", "2"]


def test_times_are_utc_to_the_millisecond() -> None:
    assert read(record())[0].sent_at == SENT_AT
    assert read(record(timestamp_ms=-1))[0].sent_at == EPOCH - timedelta(milliseconds=1)


def test_a_garbled_text_is_as_the_download_writes_it() -> None:
    assert json.dumps(garbled("안녕")) == r'"\u00ec\u0095\u0088\u00eb\u0085\u0095"'
    assert mended("\u00ec\u0095\u0088\u00eb\u0085\u0095") == "안녕"


@pytest.mark.parametrize("text", ["안녕", "é", "é è", "하이 \u00ed", "plain", "", "\u00ed\u0095", "😂"])
def test_what_is_not_garbled_stays(text: str) -> None:
    assert mended(text) == text


@given(anything)
def test_mending_undoes_what_the_download_does(text: str) -> None:
    assert mended(garbled(text)) == text


_MEDIA: list[tuple[dict[str, Any], str | None, str]] = [
    ({"photos": [{"uri": "x"}]}, None, "(photo)"),
    ({"videos": [{"uri": "x"}]}, None, "(video)"),
    ({"audio_files": [{"uri": "x"}]}, None, "(audio)"),
    ({"sticker": {"uri": "x"}}, None, "(sticker)"),
    ({"share": {"link": "x"}}, None, "(share)"),
    ({"share": {"link": "x"}}, "홍길동 sent an attachment.", "홍길동 sent an attachment."),
    ({}, "홍길동님이 첨부 파일을 보냈습니다.", "홍길동님이 첨부 파일을 보냈습니다."),
    ({}, "회원님이 사진 2장을 보냈습니다.", "회원님이 사진 2장을 보냈습니다."),
    ({"photos": [{"uri": "x"}]}, "You sent a photo.", "You sent a photo."),
    ({"call_duration": 12}, "Video chat ended", "Video chat ended"),
    ({"type": "Call"}, None, "(call)"),
    ({}, None, "(message without text)"),
]


@pytest.mark.parametrize(("fields", "content", "text"), _MEDIA)
def test_media(fields: dict[str, Any], content: str | None, text: str) -> None:
    assert read(record(content, **fields)) == [(SENT_AT, "홍길동", text, "media")]


@pytest.mark.parametrize(
    "content",
    [
        *(
            "Liked a message",
            "Reacted ❤ to your message ",
            "Reacted 😂 to your message",
            "메시지를 좋아합니다.",
        ),
        *("홍길동 named the group x.", "홍길동 left the group.", "홍길동 added Ann to the group."),
        *("홍길동 started an audio call.", "You missed a video chat.", "홍길동 missed your audio call."),
        *("You changed the chat theme to Love.", "홍길동님이 그룹을 나갔습니다."),
    ],
)
def test_what_the_messenger_writes_is_system(content: str) -> None:
    assert read(record(content))[0].kind == "system"
    assert read(record(content + " 뭐야"))[0].kind == "text"


@pytest.mark.parametrize(
    ("content", "fields"),
    [
        ("여기 어때", {"photos": [{"uri": "x"}]}),
        ("이거 봐", {"share": {"link": "x"}}),
        ("Ann sent an attachment.", {}),
        ("Ann left the group.", {}),
        ("null", {}),
        ("  앞뒤 \n", {}),
        ("하이", {"reactions": [{"reaction": "x", "actor": "Ann"}]}),
        ("하이", {"is_unsent": False}),
    ],
)
def test_text(content: str, fields: dict[str, Any]) -> None:
    assert read(record(content, **fields))[0][2:] == (content, "text")


def test_what_was_unsent_is_deleted() -> None:
    assert read(record(None, is_unsent=True))[0][2:] == ("", "deleted")


def test_the_title_stands_at_the_end_of_a_long_file() -> None:
    reading = opened(json.dumps(thread_of(*(record("긴 말 " * 30, timestamp_ms=AT - n) for n in range(500)))))

    assert reading.room is None
    assert len(list(reading)) == 500
    assert reading.room == "앤"


def encrypted(*said: dict[str, Any]) -> str:
    usual: dict[str, Any] = {
        "isUnsent": False,
        "media": [],
        "reactions": [],
        "senderName": "홍길동",
        "type": "text",
    }
    records = [{**usual, **one} for one in said]
    thread: dict[str, Any] = {"participants": ["Ann", "홍길동"], "threadName": "Ann_7", "messages": records}
    return json.dumps(thread, ensure_ascii=False)


def test_facebooks_encrypted_chats_say_the_same_in_other_words() -> None:
    reading = opened(
        encrypted(
            {"timestamp": AT + 4, "text": "셋", "reactions": [{"actor": "Ann", "reaction": "❤"}]},
            {"timestamp": AT + 3, "text": "", "isUnsent": True},
            {"timestamp": AT + 2, "text": "", "type": "media", "media": [{"uri": "./media/a-b.JPEG"}]},
            {"timestamp": AT + 1, "text": None, "media": [{"uri": "./media/x.unknown"}]},
            {"timestamp": AT + 1, "text": "이거 봐", "media": [{"uri": "./media/x.mp4"}]},
            {"timestamp": AT, "text": "하나", "senderName": "Ann"},
        ),
        name="Ann_7.json",
    )

    assert [message[1:] for message in reading] == [
        ("Ann", "하나", "text"),
        ("홍길동", "이거 봐", "text"),
        ("홍길동", "(file)", "media"),
        ("홍길동", "(photo)", "media"),
        ("홍길동", "", "deleted"),
        ("홍길동", "셋", "text"),
    ]
    assert (reading.format, reading.room, reading.skipped) == ("instagram", "Ann_7", {})


@given(st.dictionaries(st.sampled_from(["senderName", "timestamp", "text", "media", "isUnsent"]), oddities))
def test_an_encrypted_chats_fields_of_any_type_are_read_or_counted(fields: dict[str, Any]) -> None:
    reading = opened(
        encrypted({"timestamp": AT, "text": "하이"}, {"timestamp": AT, "text": "하이", **fields})
    )

    assert len(list(reading)) + reading.skipped.total() == 2


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        *((record(timestamp_ms=at), "unreadable date") for at in (None, "1", True, 10**30, 1.5)),
        (record(sender_name=None), "no sender"),
        (record(sender_name=""), "no sender"),
        ({**record(), "content": 3}, "unreadable text"),
        ({**record(), "content": None}, "unreadable text"),
        ([], "no object"),
    ],
)
def test_what_is_no_message_is_counted(bad: object, reason: str) -> None:
    reading = opened(json.dumps(thread_of(record(), bad, record())))

    assert len(list(reading)) == 2
    assert reading.skipped == {reason: 1}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (json.dumps(thread_of(record("비밀", timestamp_ms=10**30))), "message 1: unreadable date"),
        ('{"thread_path": "x", "messages": [{"timestamp_ms": 1, "content": "비밀', "ends in the middle"),
    ],
)
def test_a_file_without_messages_is_refused(content: str, said: str) -> None:
    with pytest.raises(UnreadableExport, match=said) as caught:
        messages(content)

    assert "비밀" not in str(caught.value)


rows = st.lists(st.tuples(st.integers(1, 10**6), st.integers(0, 3), anything.filter(bool)), min_size=1)


@given(rows)
def test_what_was_written_is_read_to_the_letter(rows: list[tuple[int, int, str]]) -> None:
    at = AT
    written: list[tuple[int, int, str]] = []
    for later, who, text in rows:
        at += later
        written.append((at, who, "말 " + text))

    read_back = read(
        *(
            record(text, sender_name=garbled(f"이름{who}"), timestamp_ms=at)
            for at, who, text in reversed(written)
        )
    )

    assert read_back == [
        (EPOCH + timedelta(milliseconds=at), f"이름{who}", text, "text") for at, who, text in written
    ]


@given(st.dictionaries(st.sampled_from([*record(), "photos", "share", "type", "is_unsent"]), oddities))
def test_fields_of_any_type_are_read_or_counted(fields: dict[str, Any]) -> None:
    reading = opened(json.dumps(thread_of(record(), {**record(), **fields})))

    assert len(list(reading)) + reading.skipped.total() == 2


@given(st.binary())
def test_arbitrary_bytes_are_read_or_refused(raw: bytes) -> None:
    read_or_refused(b'{"thread_path": "x", "messages": [{"timestamp_ms": 1, ' + raw)


def test_memory_does_not_grow_with_the_file() -> None:
    def content(count: int) -> bytes:
        return json.dumps(
            thread_of(*(record("안녕" * 200, timestamp_ms=AT - n) for n in range(count)))
        ).encode()

    assert peak_bytes(content(4000)) < peak_bytes(content(1500)) + 100_000
