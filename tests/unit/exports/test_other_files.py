from __future__ import annotations

import gzip
import io

import pytest

from maltu.errors import UnreadableExport
from maltu.exports import read_export
from tests.unit.exports.kakaotalk import csv_of, opened
from tests.unit.exports.test_archive import zipped

TELEGRAM = """<!DOCTYPE html>
<html>
 <head><title>Exported Data</title></head>
 <body onload="CheckLocation();">
  <div class="text">
[Ann] [오전 9:00] 하나
  </div>
"""
META = '<html xmlns="x"><head></head><body class="_5vb_"><div class="pam _a6-g uiBoxWhite noborder">hi</div>'
DISCORD = "<!DOCTYPE html>\n<html><head>\n<!-- DiscordChatExporter 2.43 -->\n</head>"
KAKAOTALK = "대화 내용 내보내기"


def refusal_of(content: str | bytes, name: str = "dropped") -> str:
    raw = content.encode() if isinstance(content, str) else content
    with pytest.raises(UnreadableExport) as caught:
        list(read_export(io.BytesIO(raw), name=name))
    return str(caught.value)


@pytest.mark.parametrize(
    ("content", "what", "advice"),
    [
        (TELEGRAM, "is Telegram's HTML export", "Machine-readable JSON"),
        ("\ufeff" + TELEGRAM, "is Telegram's HTML export", "Export chat history"),
        (META, "is Instagram's or Facebook's HTML export", "Your information and permissions"),
        (DISCORD, "is DiscordChatExporter's HTML export", "JSON"),
        ("====\nGuild: x\nChannel: y\n====\n", "is DiscordChatExporter's plain text", "JSON"),
        ("<html>x</html>", "is a web page", KAKAOTALK),
        ("<?xml version='1.0'?>\n<smses/>", "is XML", KAKAOTALK),
        (b"SQLite format 3\0", "is a database", KAKAOTALK),
        (b"ANDROID BACKUP\n5\n", "is a phone's backup", KAKAOTALK),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1\0", "is an office document", "plain text"),
        (b"{\\rtf1\\ansi 2024}", "is an office document", "plain text"),
        ("From: a@b.c\nTo: d@e.f\nSubject: x\n y\n\nhi\n", "is an e-mail", "attached"),
        (gzip.compress(b"x", mtime=0), "is a gzip archive", "Unpack"),
        (b"7z\xbc\xaf\x27\x1c\0", "is a 7-Zip archive", "Unpack"),
        (b"Rar!\x1a\x07\0", "is a RAR archive", "Unpack"),
        (b"\x89PNG\r\n\x1a\n\0", "is a PNG picture", "Maltu reads"),
        (b"\xff\xd8\xff\xe0\0", "is a JPEG picture", "Maltu reads"),
        (b"RIFF\n\0\0\0WEBPVP8", "is a WebP picture", "Maltu reads"),
        (b"\0\0\0\x18ftypheic", "is a HEIC picture", "Maltu reads"),
        (b"\0\0\0\x18ftypmp42", "is a video", "Maltu reads"),
        (b"%PDF-1.7\n", "is a PDF document", "Maltu reads"),
    ],
)
def test_what_a_file_is_and_what_to_do(content: str | bytes, what: str, advice: str) -> None:
    said = refusal_of(content)

    assert said.startswith(f"dropped {what}")
    assert advice in said


@pytest.mark.parametrize(
    ("name", "what"),
    [("chatLogs_17.edb", "KakaoTalk's own database"), ("msgstore.db.crypt15", "WhatsApp's backup")],
)
def test_what_is_encrypted_is_known_by_its_name(name: str, what: str) -> None:
    assert refusal_of(b"\x8f\x12\xa0", name).startswith(f"{name} is {what}, which is encrypted.")


@pytest.mark.parametrize(
    ("members", "said"),
    [
        (["ChatExport/messages.html", "ChatExport/messages2.html", "ChatExport/a.jpg"], "is Telegram's HTML"),
        (
            ["your_activity/messages/inbox/ann_1/message_1.html", "start_here.html"],
            "is Instagram's or Facebook's",
        ),
        (
            ["messages/inbox/ann_1/message_1.html", "a.txt", "b.json"],
            "is Instagram's or Facebook's HTML export",
        ),
        (["xl/workbook.xml", "[Content_Types].xml"], "is an office document"),
        (["mimetype", "content.xml"], "is an office document"),
        (["mimetype", "Contents/section0.xml"], "is an office document"),
        (["Index/Document.iwa"], "is an office document"),
        (["a.jpg", "b.PNG", "__MACOSX/._a.jpg"], f"in it, but pictures, .*{KAKAOTALK}"),
        (["KakaoTalk.db"], f"in it, but a database, .*{KAKAOTALK}"),
        (["a.exe"], rf"in it\. .*{KAKAOTALK}"),
    ],
)
def test_what_a_zip_without_an_export_is(members: list[str], said: str) -> None:
    with pytest.raises(UnreadableExport, match=said):
        opened(zipped([(name, "x") for name in members]), name="dropped.zip")


@pytest.mark.parametrize(
    "text", ["<html>", "<!DOCTYPE html> 이게 뭐야", "From: a\nTo: b\nSubject: c\n", "%PDF"]
)
def test_a_chat_may_speak_of_such_files(text: str) -> None:
    assert [message.text for message in opened(csv_of([("2024-03-14 09:00:00", "Ann", text)]))] == [text]
