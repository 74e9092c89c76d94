from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from maltu.errors import UnreadableExport
from maltu.exports import Exports, contents
from maltu.exports.parts import Part, put_together
from tests.unit.exports.kakaotalk import android_of, csv_of, ios_of
from tests.unit.exports.test_archive import zipped
from tests.unit.exports.test_instagram import AT, record, thread_of

if TYPE_CHECKING:
    from pathlib import Path

SENT_AT = datetime.fromisoformat("2022-12-17 13:55")


def thread(first: int, last: int, *, title: str = "Ann", sender: str = "Ann") -> str:
    """Write a file of a thread, newest first, in which everybody says their number."""
    records = [record(f"{n}", timestamp_ms=AT + n, sender_name=sender) for n in range(last, first - 1, -1)]
    return json.dumps({**thread_of(*records), "title": title})


def said_in(
    path: Path, members: list[tuple[str, str | bytes]], *, name: str = "download.zip"
) -> dict[str, list[str]]:
    """Give what is said in each of a zip's exports."""
    path.write_bytes(zipped(members))
    with Exports() as files:
        return {
            export.name: [message.text for message in files.read(export)]
            for export in files.held_by(path, name=name)
        }


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "3"


def test_a_threads_parts_are_one_export_from_its_oldest_message_on(path: Path) -> None:
    folder = "your_activity/messages/inbox/ann_17"
    members: list[tuple[str, str | bytes]] = [
        (f"{folder}/message_1.json", thread(20, 29)),
        (f"{folder}/message_10.json", thread(0, 9)),
        (f"{folder}/message_2.json", thread(10, 19)),
        (f"{folder}/photos/1.jpg", b"\xff\xd8\xff"),
        ("personal_information/account.json", '{"name": "x"}'),
    ]

    assert said_in(path, members) == {"download.zip": [str(n) for n in range(30)]}


def test_a_boundary_between_parts_loses_no_message_that_was_sent_twice(path: Path) -> None:
    same = thread(5, 5)

    assert said_in(path, [("a/message_1.json", same), ("a/message_2.json", same)]) == {
        "download.zip": ["5", "5"]
    }


def test_every_thread_of_a_download_is_an_export(path: Path) -> None:
    members: list[tuple[str, str | bytes]] = [
        ("messages/inbox/ann_1/message_1.json", thread(1, 2)),
        ("messages/inbox/bob_2/message_1.json", thread(3, 4)),
        ("messages/inbox/ann_1/message_2.json", thread(0, 0)),
    ]

    assert said_in(path, members) == {
        "messages/inbox/ann_1/message_2.json in download.zip": ["0", "1", "2"],
        "messages/inbox/bob_2/message_1.json in download.zip": ["3", "4"],
    }


def test_a_phones_parts_are_read_in_the_order_of_their_numbers(path: Path) -> None:
    members: list[tuple[str, str | bytes]] = [
        (f"Talk_2026.6.12 13_10-{n}.txt", ios_of([(SENT_AT + timedelta(days=n), "Json", f"{n}")]))
        for n in (10, 2, 1, 9)
    ]

    assert said_in(path, members) == {"download.zip": ["1", "2", "9", "10"]}


def test_different_rooms_in_one_folder_stay_apart(path: Path) -> None:
    members: list[tuple[str, str | bytes]] = [
        ("talk-1.txt", android_of([(SENT_AT, "Json", "하이")])),
        ("talk-2.txt", android_of([(SENT_AT, "Csv", "안녕")])),
        ("KakaoTalk_Chat_a_2022-12-18-10-00-00.csv", csv_of([("2022-12-17 13:55:24", "a", "셋")])),
    ]

    assert list(said_in(path, members).values()) == [["하이"], ["안녕"], ["셋"]]


@pytest.mark.parametrize(
    ("parts", "together"),
    [
        (["g - c [1].json", "g - c [1] [part 2].json", "g - c [1] [part 10].json"], [[0, 1, 2]]),
        (["c [1] [part 2].json", "c [1].json", "c [2].json"], [[1, 0], [2]]),
        (["a/c [1].json", "b/c [1] [part 2].json"], [[0], [1]]),
    ],
)
def test_parts_by_their_names(parts: list[str], together: list[list[int]]) -> None:
    assert put_together([Part(name, "discord-json") for name in parts]) == together


def test_the_same_names_in_another_format_are_no_parts() -> None:
    assert put_together([Part("a-1.txt", "whatsapp"), Part("a-2.txt", "whatsapp")]) == [[0], [1]]


def test_skipped_rows_of_all_parts_are_counted(path: Path) -> None:
    bad = json.dumps(thread_of(record(), record(sender_name=None)))
    path.write_bytes(zipped([("a/message_1.json", bad), ("a/message_2.json", bad)]))
    with Exports() as files:
        (export,) = files.held_by(path, name="download.zip")
        reading = files.read(export)

        assert len(list(reading)) == 2
        assert reading.skipped == {"no sender": 2}
        assert (reading.format, reading.room, reading.cuts_at) == ("instagram", "앤", None)
        assert len(list(files.read(export))) == 2


def test_a_damaged_export_among_others_is_not_passed_over(path: Path) -> None:
    damaged = csv_of([("2022-12-17 13:55:24", "a", "\0")])
    path.write_bytes(zipped([("a.csv", damaged), ("b.csv", damaged.replace("\0", "하이")), ("c.txt", "\0")]))
    with Exports() as files:
        broken, whole = files.held_by(path, name="download.zip")

        assert [message.text for message in files.read(whole)] == ["하이"]
        with pytest.raises(UnreadableExport, match=r"a\.csv is no text: byte 43 is a NUL"):
            files.read(broken)


def test_the_zip_names_the_room_where_the_chat_has_every_chats_name(path: Path) -> None:
    path.write_bytes(zipped([("_chat.txt", "[18/03/22, 14:56:01] Ann: hi\r\n"), ("1.jpg", b"x")]))
    with Exports() as files:
        (export,) = files.held_by(path, name="WhatsApp Chat - Ann.zip")

        assert files.read(export).room == "Ann"


def test_a_file_that_is_no_zip_is_one_export_whatever_it_holds(path: Path) -> None:
    path.write_bytes(b"nonsense")
    with Exports() as files:
        (export,) = files.held_by(path, name="talk.csv")
        with pytest.raises(UnreadableExport, match=r"talk\.csv is no export"):
            files.read(export)


@pytest.mark.parametrize(
    ("members", "said"),
    [
        ([("a.txt", "안녕"), ("b.txt", "하이")], "None of the 2 texts in download.zip"),
        ([("a.txt", "안녕")], "a.txt is no export that is understood"),
        ([("a.jpg", b"")], "without an export"),
        (
            [(f"{n}/message_1.json", thread(0, 0)) for n in range(contents.MAX_EXPORTS + 1)],
            "holds 801 exports, more than 800",
        ),
    ],
)
def test_a_zip_that_is_refused(path: Path, members: list[tuple[str, str | bytes]], said: str) -> None:
    with pytest.raises(UnreadableExport, match=said):
        said_in(path, members)


def test_exports_that_together_unpack_to_too_much_are_refused(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("maltu.exports.archive.MAX_UNPACKED_BYTES", 3000)
    members: list[tuple[str, str | bytes]] = [(f"{n}/message_1.json", thread(0, 9)) for n in range(3)]

    with pytest.raises(UnreadableExport, match=r"exports in download.zip unpack to \d,\d{3} bytes"):
        said_in(path, members)


def test_parts_are_opened_one_after_the_other(path: Path) -> None:
    members: list[tuple[str, str | bytes]] = [
        ("a/message_1.json", thread(0, 0)[:-40]),
        ("a/message_2.json", thread(1, 3)),
    ]
    path.write_bytes(zipped(members))
    with Exports() as files:
        (export,) = files.held_by(path, name="download.zip")
        reading = iter(files.read(export))

        assert [next(reading).text for _ in range(3)] == ["1", "2", "3"]
        with pytest.raises(UnreadableExport, match="ends in the middle of its JSON"):
            next(reading)
