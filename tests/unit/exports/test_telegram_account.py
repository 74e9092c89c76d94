"""All chats of an account in one ``result.json``."""

from __future__ import annotations

import io
import json
import tracemalloc
from collections import Counter, deque
from contextlib import closing
from itertools import zip_longest
from typing import TYPE_CHECKING, Any, BinaryIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maltu.errors import UnreadableExport
from maltu.exports import Exports, chats
from maltu.exports.source import Source
from maltu.exports.telegram import read_account
from tests.unit.exports.opening import anything
from tests.unit.exports.test_archive import zipped
from tests.unit.exports.test_telegram import AT, SENT_AT, account_of, chat_of, record

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def said(text: str, who: int = 1, name: str | None = "홍길동") -> dict[str, Any]:
    return record(text=text, from_id=f"user{who}", **{"from": name})


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "3"


@pytest.fixture
def files() -> Iterator[Exports]:
    with Exports() as files:
        yield files


def test_every_chat_is_a_room_and_no_record_is_lost(path: Path, files: Exports) -> None:
    saved = chat_of(said("메모"), record(forwarded_from="Bob"))
    del saved["name"]
    service = {"type": "service", "date": AT, "action": "create_group"}
    path.write_text(
        account_of(
            chat_of(said("하나"), record(via_bot="@gif"), said("둘", 2, "Ann"), name="Ann"),
            saved,
            chat_of(name="empty"),
            {"name": None, "type": "private_channel", "messages": [said("", 4, None), said("소식", 4, None)]},
            left=(chat_of(service, name="quiet"), chat_of(record(forwarded_from="x"), "x", name="forwards")),
        ),
        "utf-8",
    )

    held = files.held_by(path, name="result.json")
    readings = [files.read(export) for export in held]

    assert [export.name for export in held] == [
        f"{chat} in result.json" for chat in ("Ann", "Chat 2", "Chat 3", "quiet", "forwards")
    ]
    assert [(reading.format, reading.room, reading.cuts_at) for reading in readings] == [
        ("telegram", room, None) for room in ("Ann", None, None, "quiet", "forwards")
    ]
    assert [[message[1:] for message in reading] for reading in readings] == [
        [("홍길동", "하나", "text"), ("Ann", "둘", "text")],
        [("홍길동", "메모", "text")],
        [("user4", "(message without text)", "media"), ("user4", "소식", "text")],
        [("", "create_group", "system")],
        [],
    ]
    assert [reading.skipped for reading in readings] == [
        {"sent through a bot": 1},
        {"forwarded": 1},
        {},
        {},
        {"forwarded": 1, "no object": 1},
    ]


def test_a_name_is_one_person_in_all_chats_and_the_owners_first(path: Path, files: Exports) -> None:
    content = json.loads(
        account_of(
            chat_of(said("가", 9), said("나", 1)),
            chat_of(said("다", 1), said("라", 8)),
            chat_of(said("마", 9)),
        )
    )
    content["personal_information"] = {"user_id": 1, "first_name": "홍길동", "last_name": ""}
    path.write_text(json.dumps(content), "utf-8")

    readings = [files.read(export) for export in files.held_by(path, name="result.json")]

    assert [[message.sender for message in reading] for reading in readings] == [
        ["홍길동 (user9)", "홍길동"],
        ["홍길동", "홍길동 (user8)"],
        ["홍길동 (user9)"],
    ]


@pytest.mark.parametrize("owner", [{"user_id": "1"}, {"user_id": 1}, {"user_id": 1, "first_name": 3}, {}])
def test_an_owner_without_id_or_name_is_nobody(path: Path, files: Exports, owner: dict[str, Any]) -> None:
    content = json.loads(account_of(chat_of(said("가", 9), said("나", 1))))
    content["personal_information"] = owner
    path.write_text(json.dumps(content), "utf-8")

    (export,) = files.held_by(path, name="result.json")

    assert [message.sender for message in files.read(export)] == ["홍길동", "홍길동 (user1)"]


def test_chats_are_read_side_by_side_and_again_while_the_file_is_read_once(path: Path) -> None:
    path.write_text(
        account_of(*(chat_of(*(said(f"{n}-{m}") for m in range(60)), name="방") for n in range(12))), "utf-8"
    )
    opened: list[Path] = []

    def open_file(path: Path) -> BinaryIO:
        opened.append(path)
        return path.open("rb")

    with Exports(open_file) as files:
        held = files.held_by(path, name="result.json")
        for _ in range(2):
            together = zip_longest(*(files.read(export) for export in held))
            assert [[message.text for message in row] for row in together] == [
                [f"{n}-{m}" for n in range(12)] for m in range(60)
            ]
    with Exports(open_file) as files:
        assert next(iter(files.read(held[7]))).text == "7-0"
        assert next(iter(files.read(held[3]))).text == "3-0"

    assert opened == [path, path]


def test_one_chat_is_called_after_its_file(path: Path, files: Exports) -> None:
    path.write_text(account_of(chat_of(name="empty"), chat_of(said("하이"))), "utf-8")

    (export,) = files.held_by(path, name="result.json")

    assert (export.name, files.read(export).room) == ("result.json", "Ann")
    assert list(files.read(export)) == [(SENT_AT, "홍길동", "하이", "text")]


def test_an_account_in_a_zip(path: Path, files: Exports) -> None:
    account = account_of(chat_of(said("하나")), chat_of(said("둘"), name="Bob"))
    members: list[tuple[str, str | bytes]] = [("DataExport/result.json", account), ("DataExport/1.jpg", b"x")]
    path.write_bytes(zipped(members))

    assert {
        export.name: [message.text for message in files.read(export)]
        for export in files.held_by(path, name="t.zip")
    } == {"Ann in t.zip": ["하나"], "Bob in t.zip": ["둘"]}


def test_accounts_beside_other_exports_in_a_zip(path: Path, files: Exports) -> None:
    account = account_of(chat_of(said("하나")), chat_of(said("둘"), name="Bob"))
    path.write_bytes(
        zipped(
            [
                ("a/result.json", account),
                ("b/result.json", account[:-60]),
                ("c/result.json", json.dumps(chat_of(said("셋")))),
            ]
        )
    )
    one, other, broken, single = files.held_by(path, name="t.zip")

    assert [one.name, other.name] == ["Ann in a/result.json in t.zip", "Bob in a/result.json in t.zip"]
    assert one.apart == other.apart is not None
    assert not any(export.alone for export in (one, other, single))
    assert [message.text for export in (one, other, single) for message in files.read(export)] == [
        *("하나", "둘", "셋")
    ]
    with pytest.raises(UnreadableExport, match="ends in the middle of its JSON"):
        list(files.read(broken))


def test_an_owner_may_leave_out_their_person_and_have_many_contacts(path: Path, files: Exports) -> None:
    content = {
        "about": 'Here is the data you "requested".',
        "contacts": {"list": [{"first_name": "x" * 50}] * 3000},
        "chats": {"list": [chat_of(said("하나")), chat_of(said("둘"), name="Bob")]},
    }

    path.write_text(json.dumps(content), "utf-8")

    assert len(files.held_by(path, name="result.json")) == 2


def test_a_chat_beside_the_account_is_a_room_as_well(path: Path, files: Exports) -> None:
    both = {**chat_of(said("하나"), name="root"), "chats": {"list": [chat_of(said("둘"))]}}
    path.write_text(json.dumps(both), "utf-8")

    readings = [files.read(export) for export in files.held_by(path, name="result.json")]

    assert [(reading.room, [message.text for message in reading]) for reading in readings] == [
        ("root", ["하나"]),
        ("Ann", ["둘"]),
    ]


def test_too_many_chats_are_refused(path: Path, files: Exports, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chats, "MAX_CHATS", 2)
    for count in (2, 3):
        path.with_suffix(f".{count}").write_text(account_of(*[chat_of(said("하이"))] * count), "utf-8")

    assert len(files.held_by(path.with_suffix(".2"), name="result.json")) == 2
    (export,) = files.held_by(path.with_suffix(".3"), name="result.json")
    with pytest.raises(UnreadableExport, match="more than 2 chats"):
        list(files.read(export))


written = st.lists(
    st.tuples(
        st.none() | anything,
        st.lists(st.tuples(st.integers(0, 3), anything.filter(bool), st.sampled_from([None, "forwarded"]))),
        st.booleans(),
    ),
    max_size=6,
)


@given(written=written, ascii_only=st.booleans())
def test_what_was_written_is_read_to_the_letter(
    *, written: list[tuple[str | None, list[tuple[int, str, str | None]], bool]], ascii_only: bool
) -> None:
    made: dict[bool, list[Any]] = {False: [], True: []}
    for title, records, left in written:
        made[left].append(
            {
                "name": title,
                "messages": [
                    {**said(text, who, f"이름{who}"), **({"forwarded_from": "x"} if why else {})}
                    for who, text, why in records
                ],
            }
        )
    content = {"chats": {"list": made[False]}, "left_chats": {"list": made[True]}}
    raw = json.dumps(content, ensure_ascii=ascii_only).encode()
    in_order = sorted(written, key=lambda one: one[2])
    if not any(why is None for _, records, _ in written for _, _, why in records):
        with pytest.raises(UnreadableExport, match=r"None of the export's|has no messages"):
            read_account(Source(io.BytesIO(raw), name="x"))
        return

    with closing(read_account(Source(io.BytesIO(raw), name="x"))) as account:
        read = [(chat, list(account.read(chat))) for chat in account.ended]

    assert [(chat.title, [message[1:3] for message in messages]) for chat, messages in read] == [
        (title or None, [(f"이름{who}", text) for who, text, why in records if why is None])
        for title, records, _ in in_order
        if records
    ]
    assert [Counter(chat.skipped).total() + len(messages) for chat, messages in read] == [
        len(records) for _, records, _ in in_order if records
    ]


def test_memory_does_not_grow_with_the_file(path: Path) -> None:
    def peak(count: int) -> int:
        talk = [said("안녕" * 1500)] * count
        path.write_text(account_of(*(chat_of(*talk, name=str(n)) for n in range(4))), "utf-8")
        tracemalloc.start()
        try:
            with Exports() as files:
                for export in files.held_by(path, name="result.json"):
                    deque(files.read(export), maxlen=0)
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    assert peak(180) < peak(60) + 100_000
