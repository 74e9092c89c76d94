from __future__ import annotations

import json
from datetime import datetime
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maltu.errors import UnreadableExport
from tests.unit.exports.opening import anything, messages, oddities, opened, peak_bytes, read_or_refused

if TYPE_CHECKING:
    from maltu.exports import Message

AT = "2022-03-18T14:56:01"
SENT_AT = datetime.fromisoformat(AT)


def record(**fields: Any) -> dict[str, Any]:  # noqa: ANN401 - any JSON
    return {
        "id": 1,
        "type": "message",
        "date": AT,
        "date_unixtime": "1647582961",
        "from": "홍길동",
        "from_id": "user1",
        "text": "하이",
        **fields,
    }


def chat_of(*records: object, name: str = "Ann") -> dict[str, Any]:
    return {"name": name, "type": "personal_chat", "id": 7, "messages": list(records)}


def account_of(*chats: dict[str, Any], left: tuple[dict[str, Any], ...] = ()) -> str:
    return json.dumps(
        {
            "about": "Here is the data you requested.",
            "personal_information": {"user_id": 1},
            "contacts": {"list": [{"first_name": "x"}]},
            "chats": {"about": "x", "list": list(chats)},
            "left_chats": {"list": list(left)},
        }
    )


def read(*records: object) -> list[Message]:
    return messages(json.dumps(chat_of(*records)))


@pytest.mark.parametrize("indent", [None, 1])
def test_one_chat(indent: int | None) -> None:
    reading = opened(json.dumps(chat_of(record()), ensure_ascii=False, indent=indent), name="result.json")

    assert list(reading) == [(SENT_AT, "홍길동", "하이", "text")]
    assert (reading.format, reading.room, reading.cuts_at) == ("telegram", "Ann", None)


@pytest.mark.parametrize(
    ("text", "joined"),
    [
        (["봐 ", {"type": "link", "text": "https://x.y"}, " 좋아"], "봐 https://x.y 좋아"),
        ([{"type": "bold", "text": "굵게"}], "굵게"),
        ("  앞뒤 \n둘째 ", "  앞뒤 \n둘째 "),
        ("null", "null"),
    ],
)
def test_a_text_and_its_entities_are_joined(text: object, joined: str) -> None:
    assert read(record(text=text)) == [(SENT_AT, "홍길동", joined, "text")]


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"media_type": "sticker", "sticker_emoji": "😂", "file": "x.webp"}, "(sticker 😂)"),
        ({"media_type": "sticker"}, "(sticker)"),
        ({"media_type": "voice_message", "file": "x.ogg"}, "(voice message)"),
        ({"media_type": "video_file"}, "(video)"),
        ({"media_type": "animation"}, "(animation)"),
        ({"photo": "x.jpg"}, "(photo)"),
        ({"file": "x.pdf"}, "(file)"),
        ({"location_information": {}}, "(location)"),
        ({"poll": {}}, "(poll)"),
        ({}, "(message without text)"),
    ],
)
def test_media(fields: dict[str, Any], text: str) -> None:
    assert read(record(text="", **fields)) == [(SENT_AT, "홍길동", text, "media")]


def test_a_caption_is_text() -> None:
    assert read(record(text="여기 어때", photo="x.jpg"))[0][2:] == ("여기 어때", "text")


def test_what_happened_in_the_chat_is_system() -> None:
    service = {"id": 1, "type": "service", "date": AT, "actor": "홍길동", "action": "phone_call", "text": ""}

    assert read(service) == [(SENT_AT, "", "phone_call", "system")]


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (record(forwarded_from="Bob"), "forwarded"),
        (record(forwarded_from=None), "forwarded"),
        (record(via_bot="@gif"), "sent through a bot"),
        (record(type="unsupported"), "unknown type"),
        (record(date="18.03.2022"), "unreadable date"),
        (record(date=None), "unreadable date"),
        (record(date="2022-03-18T14:56:01+09:00"), "unreadable date"),
        (record(text=3), "unreadable text"),
        (record(text=None), "unreadable text"),
        (record(text=["a", 3]), "unreadable text"),
        (record(text=[{"type": "bold"}]), "unreadable text"),
        (record(from_id=None, **{"from": None}), "no sender"),
        ("x", "no object"),
        ([], "no object"),
        (None, "no object"),
    ],
)
def test_what_is_no_message_is_counted(bad: object, reason: str) -> None:
    reading = opened(json.dumps(chat_of(record(), bad, record())))

    assert len(list(reading)) == 2
    assert reading.skipped == {reason: 1}


def test_without_a_local_date_it_is_utc() -> None:
    bare = {"type": "message", "date_unixtime": "1544006350", "from": "Ann", "text": "x"}

    assert read(bare)[0].sent_at == datetime.fromisoformat("2018-12-05T10:39:10")


def test_people_are_told_apart_by_their_ids() -> None:
    people = [
        *(("user1", "홍길동"), ("user2", None), ("user3", "홍길동"), ("user1", "새 이름"), ("", "Ann")),
        ("user3", "홍길동"),
    ]

    read_senders = [m.sender for m in read(*(record(from_id=i, **{"from": name}) for i, name in people))]

    assert read_senders == ["홍길동", "user2", "홍길동 (user3)", "홍길동", "Ann", "홍길동 (user3)"]


def test_an_account_with_one_chat_of_text_is_that_chat() -> None:
    service = {"type": "service", "date": AT, "action": "create_group"}
    content = account_of(
        chat_of(service, name="quiet"),
        chat_of(record(), record(text="", photo="x")),
        left=(chat_of(record(text="", photo="x")),),
    )
    reading = opened(content)

    assert [message.text for message in reading] == ["하이", "(photo)"]
    assert reading.skipped == {"in a chat without text": 2}
    assert (reading.format, reading.room) == ("telegram", None)


def test_several_chats_are_listed_and_never_mixed() -> None:
    chats = [chat_of(*[record()] * (n + 1), name=f"방{n}") for n in range(25)]

    with pytest.raises(UnreadableExport) as caught:
        messages(account_of(*chats))

    said = str(caught.value)
    assert "25 chats with text: 방0 (1 message), 방1 (2 messages)" in said
    assert "방19 (20 messages), 5 more" in said
    assert "하이" not in said


def test_an_account_may_start_with_anything() -> None:
    content = json.dumps(
        {
            "about": "x",
            "personal_information": {},
            "contacts": {"list": [{"first_name": "x" * 50}] * 3000},
            "chats": {"list": [chat_of(record())]},
        }
    )

    assert len(messages(content)) == 1


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (json.dumps(chat_of(record(text="비밀", forwarded_from="x"))), "message 1: forwarded"),
        ('{"type": "message", "messages": {}}', "has no messages"),
        ('{"chats": {"list": [{"messages": []}]}}', "has no messages"),
        ('{"messages": [{"type": "message", "text": "비밀', "ends in the middle"),
    ],
)
def test_a_file_without_messages_is_refused(content: str, said: str) -> None:
    with pytest.raises(UnreadableExport, match=said) as caught:
        messages(content)

    assert "비밀" not in str(caught.value)


rows = st.lists(
    st.tuples(
        st.datetimes(min_value=datetime(1, 1, 2), max_value=datetime(9999, 12, 30)),  # noqa: DTZ001 - exports have no zone
        st.integers(0, 3),
        anything.filter(bool),
        st.booleans(),
    ),
    min_size=1,
)


@given(rows=rows, account=st.booleans(), ascii_only=st.booleans())
def test_what_was_written_is_read_to_the_letter(
    *,
    rows: list[tuple[datetime, int, str, bool]],
    account: bool,
    ascii_only: bool,
) -> None:
    written = [
        record(
            date=at.replace(microsecond=0).isoformat(),
            from_id=f"user{who}",
            text=[text[:1], {"type": "bold", "text": text[1:]}] if split else text,
            **{"from": f"이름{who}"},
        )
        for at, who, text, split in rows
    ]
    chat = chat_of(*written)

    read = messages(json.dumps({"chats": {"list": [chat]}} if account else chat, ensure_ascii=ascii_only))

    assert read == [(at.replace(microsecond=0), f"이름{who}", text, "text") for at, who, text, _ in rows]


@given(st.dictionaries(st.sampled_from(list(record())), oddities))
def test_fields_of_any_type_are_read_or_refused(fields: dict[str, Any]) -> None:
    reading = opened(json.dumps(chat_of(record(), record(**fields))))
    try:
        read = list(reading)
    except UnreadableExport:
        return
    assert len(read) + reading.skipped.total() == 2


@given(st.binary())
def test_arbitrary_bytes_are_read_or_refused(raw: bytes) -> None:
    read_or_refused(b'{"messages": [{"type": "message", ' + raw)


@pytest.mark.parametrize("account", [True, False])
def test_memory_does_not_grow_with_the_file(*, account: bool) -> None:
    def content(count: int) -> bytes:
        chat = chat_of(*[record(text="안녕" * 300)] * count)
        return (account_of(chat) if account else json.dumps(chat, ensure_ascii=False)).encode()

    assert peak_bytes(content(4000)) < peak_bytes(content(1000)) + 100_000
