from __future__ import annotations

import gc
import io
import os
import struct
import zipfile
from datetime import datetime
from typing import TYPE_CHECKING
from unittest.mock import create_autospec

import pytest

from maltu.errors import UnreadableExport
from maltu.exports import archive, read_export
from maltu.exports.text_lines import blocks_of
from tests.unit.exports.kakaotalk import android_of, csv_of, opened

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

AT = datetime.fromisoformat("2022-12-17 13:55")
TALK = csv_of([("2022-12-17 13:55:24", "Json", "하이")] * 3)
TEXT = android_of([(AT, "Json", "하이")])


def zipped(members: Iterable[tuple[str, str | bytes]], *, compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", compression) as packed:
        for name, content in members:
            packed.writestr(name, content)
    return held.getvalue()


class Pipe:
    """Hands out bytes once, as a network does."""

    def __init__(self, content: bytes) -> None:
        self._bytes = io.BytesIO(content)

    def read(self, size: int) -> bytes:
        return self._bytes.read(min(size, 1000))


def piped(content: bytes) -> io.BytesIO:
    return Pipe(content)  # pyright: ignore[reportReturnType] - read is all that is asked for


@pytest.mark.parametrize("stream", [io.BytesIO, piped])
def test_the_one_export_is_read_beside_its_media(stream: type[io.BytesIO]) -> None:
    content = zipped(
        [
            ("photo.jpg", b"\xff\xd8\xff" + os.urandom(100_000)),
            ("KakaoTalk/KakaoTalk_Chat_Json_2022-12-18-10-00-00.csv", TALK),
            ("__MACOSX/._talk.csv", b"\0\1"),
            ("KakaoTalk/._talk.txt", b"\0\1"),
            ("folder.txt/", b""),
        ]
    )
    reading = read_export(stream(content), name="talk.zip")

    assert len(list(reading)) == 3
    assert reading.room == "Json"
    assert reading.format == "kakaotalk-csv"


@pytest.mark.parametrize("stream", [io.BytesIO, piped])
def test_a_large_zip_is_spooled_and_let_go(stream: type[io.BytesIO]) -> None:
    rows = csv_of(("2022-12-17 13:55:24", "Json", f"{n}") for n in range(100_000))
    content = zipped([("talk.csv", rows), ("video.mp4", os.urandom(9_000_000))])

    assert sum(1 for _ in read_export(stream(content), name="talk.zip")) == 100_000
    begun = iter(read_export(stream(content), name="talk.zip"))
    next(begun)
    del begun
    gc.collect()  # an open file left behind would be a warning, hence an error


def test_the_file_itself_is_not_closed() -> None:
    file = io.BytesIO(zipped([("talk.csv", TALK)]))

    list(read_export(file, name="talk.zip"))
    gc.collect()

    assert not file.closed


def test_texts_that_are_no_export_are_left_out() -> None:
    reading = opened(zipped([("readme.txt", "안녕"), ("talk.txt", TEXT), ("a.json", "{}")]), name="talk.zip")

    assert reading.format == "kakaotalk-android"
    assert len(list(reading)) == 1


def test_several_exports_are_named() -> None:
    members = [(f"talk-{n}.txt", TEXT) for n in range(1, 8)]

    with pytest.raises(UnreadableExport, match=r"several exports: talk-1.txt, .*talk-5.txt and 2 more"):
        opened(zipped(members), name="talk.zip")


@pytest.mark.parametrize(
    ("members", "said"),
    [
        ([("a.jpg", b"x")], "without an export"),
        ([("inner.zip", zipped([("talk.csv", TALK)]))], r"without an export .*there is inner.zip inside"),
        ([("talk.txt", zipped([("talk.csv", TALK)]))], "a zip archive inside another"),
        ([("a.txt", "안녕"), ("b.txt", "하이")], "None of the 2 texts in talk.zip"),
        ([("a.txt", "안녕")], "a.txt is no export that is understood"),
        ([("[Content_Types].xml", "<a/>"), ("a.txt", TEXT)], "an office document"),
        ([(f"{n}.txt", "") for n in range(archive.MAX_CANDIDATES + 1)], "holds 5,001 texts"),
    ],
)
def test_what_else_a_zip_may_hold(members: list[tuple[str, str | bytes]], said: str) -> None:
    for stream in (io.BytesIO, piped):
        with pytest.raises(UnreadableExport, match=said):
            read_export(stream(zipped(members)), name="talk.zip")
    gc.collect()


def test_a_bomb_is_not_unpacked() -> None:
    content = zipped([("talk.txt", TEXT + "\n" * archive.RATIO_COUNTS_FROM_BYTES)])

    with pytest.raises(UnreadableExport, match=r"unpacks to 16,\d{3},\d{3} bytes, which no chat does"):
        opened(content, name="talk.zip")


def test_what_is_larger_than_any_chat_is_not_unpacked() -> None:
    content = bytearray(zipped([("talk.txt", TEXT)], compression=zipfile.ZIP_STORED))
    at = content.index(b"PK\x01\x02")
    struct.pack_into("<LL", content, at + 20, archive.MAX_UNPACKED_BYTES + 1, archive.MAX_UNPACKED_BYTES + 1)

    with pytest.raises(UnreadableExport, match="which no chat does"):
        opened(bytes(content), name="talk.zip")


def test_a_zip_that_is_larger_than_any_disk_is_not_spooled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "MAX_ARCHIVE_BYTES", 200_000)

    with pytest.raises(UnreadableExport, match="larger than 200,000 bytes"):
        read_export(piped(b"PK\x03\x04" + bytes(300_000)), name="talk.zip")


def test_a_list_of_files_without_end_is_not_loaded() -> None:
    content = bytearray(zipped([("talk.txt", TEXT)]))
    struct.pack_into("<L", content, content.rindex(b"PK\x05\x06") + 12, archive.MAX_DIRECTORY_BYTES + 1)

    with pytest.raises(UnreadableExport, match="too many files"):
        opened(bytes(content), name="talk.zip")


def test_an_encrypted_zip_says_so() -> None:
    content = bytearray(zipped([("talk.txt", TEXT)]))
    content[content.index(b"PK\x01\x02") + 8] |= 1

    with pytest.raises(UnreadableExport, match=r"talk.txt in talk.zip is encrypted"):
        opened(bytes(content), name="talk.zip")


@pytest.mark.parametrize("compression", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_what_unpacks_without_a_limit_is_not_unpacked(compression: int) -> None:
    with pytest.raises(UnreadableExport, match="packed in an unusual way"):
        opened(zipped([("talk.txt", TEXT)], compression=compression), name="talk.zip")


@pytest.mark.parametrize("at", range(0, 400, 7))
def test_a_damaged_zip_is_read_or_refused(at: int) -> None:
    content = bytearray(zipped([("talk.txt", TEXT * 20)]))
    content[at % len(content)] ^= 0x55
    try:
        list(opened(bytes(content), name="talk.zip"))
    except UnreadableExport:
        return


def test_an_entry_without_a_name_is_left_alone() -> None:
    content = bytearray(zipped([("x", "안녕"), ("talk.txt", TEXT)]))
    at = content.index(b"PK\x01\x02")
    # The name becomes a part of what may follow it.
    struct.pack_into("<HH", content, at + 28, 0, 1)

    assert len(list(opened(bytes(content), name="talk.zip"))) == 1


@pytest.mark.parametrize("entry", [b"PK\x01\x02", b"PK\x03\x04"])
def test_a_name_in_no_encoding_is_damage(entry: bytes) -> None:
    content = bytearray(zipped([("이름.txt", TEXT)]))
    name = content.index("이름".encode(), content.index(entry))
    content[name + 1] = 0xFF

    with pytest.raises(UnreadableExport, match="damaged"):
        opened(bytes(content), name="talk.zip")


def test_a_zip_that_was_cut_off_is_damaged() -> None:
    content = zipped([("talk.txt", TEXT)])

    for length in range(4, len(content), 5):
        with pytest.raises(UnreadableExport, match="damaged"):
            read_export(piped(content[:length]), name="talk.zip")
    gc.collect()


def test_a_file_that_changes_inside_is_damaged() -> None:
    rows = csv_of(("2022-12-17 13:55:24", "Json", os.urandom(40).hex()) for _ in range(3000))
    content = bytearray(zipped([("talk.csv", rows)], compression=zipfile.ZIP_STORED))
    content[200_000] ^= 1

    with pytest.raises(UnreadableExport, match=r"talk.csv in talk.zip is damaged"):
        list(opened(bytes(content), name="talk.zip"))


@pytest.mark.parametrize("encoding", ["utf-8", "cp949"])
def test_a_name_is_read_in_its_senders_encoding(encoding: str) -> None:
    name = "KakaoTalk_20260301_2110_00_123_홍길동.txt"
    # What zipfile would flag as UTF-8, older packers leave in their own encoding.
    stand_in = "x" * len(name.encode(encoding))
    content = zipped(
        [(stand_in[:-4] + ".txt", "--------------- 2022년 12월 17일 토요일 ---------------\r\n[a] [13:55] b")]
    )
    content = content.replace((stand_in[:-4] + ".txt").encode(), name.encode(encoding))

    assert opened(content, name="talk.zip").room == "홍길동"


def test_a_zip_on_disk_is_read_where_it_is(tmp_path: Path) -> None:
    path = tmp_path / "talk.zip"
    path.write_bytes(zipped([("talk.txt", TEXT)]))

    with path.open("rb") as file:
        assert len(list(read_export(file, name="talk.zip"))) == 1


@pytest.mark.parametrize("stream", [io.BytesIO, piped])
def test_what_is_read_twice_is_unpacked_twice(
    stream: type[io.BytesIO], monkeypatch: pytest.MonkeyPatch
) -> None:
    chat = "".join(f"[18/03/22, 14:{at:02}:01] Ann: {'하이' * at}\n" for at in range(60)) * 200
    put_aside = create_autospec(blocks_of)
    monkeypatch.setattr("maltu.exports.twice._put_aside", put_aside)

    read = list(read_export(stream(zipped([("_chat.txt", chat)])), name="WhatsApp Chat - Ann.zip"))

    assert read == list(read_export(io.BytesIO(chat.encode()), name="_chat.txt"))
    assert len(read) == 12_000
    put_aside.assert_not_called()
