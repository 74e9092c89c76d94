"""What a file is that no reader takes, as far as can be told, and what to do instead.

People drop the HTML that a messenger offers beside its JSON, a backup, or what a program made of an export.
"""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_KAKAOTALK = (
    "In KakaoTalk, open the chat's menu (≡) and choose on Windows 대화 내용, 대화 내보내기; on a Mac "
    "Save Chat; on a phone its settings (⚙), 대화 내용 관리, 대화 내용 내보내기. "
    "Drop the file that comes of it."
)
_WHATSAPP = "In WhatsApp, open the chat's menu, choose Export chat, without media, and drop that."
_TELEGRAM = (
    "is Telegram's HTML export. In Telegram Desktop, open the chat's menu (⋮), choose Export chat history "
    "again, with Machine-readable JSON as its format, and drop the result.json."
)
_META = (
    "is Instagram's or Facebook's HTML export. In the Accounts Center, Your information and permissions, "
    "choose Download (or Export) your information again, messages only, with JSON as its format, and drop "
    "the zip."
)
_DISCORD = "Export the channel again with JSON as its format, and drop that."
OFFICE = (
    "is an office document. Drop the file that the messenger made; or save a table as CSV and a text as "
    "plain text (.txt), in UTF-8, and drop that."
)

_SIGNATURES = (
    (b"PK\x03\x04", "is a zip archive inside another. Unpack it and drop the export itself."),
    (b"PK\x05\x06", "is a zip archive without a file in it."),
    (b"\x1f\x8b", "is a gzip archive. Unpack it and drop the export itself."),
    (b"7z\xbc\xaf\x27\x1c", "is a 7-Zip archive. Unpack it and drop the export itself."),
    (b"Rar!\x1a\x07", "is a RAR archive. Unpack it and drop the export itself."),
    (b"SQLite format 3\0", f"is a database, of a backup perhaps. {_KAKAOTALK}"),
    (b"ANDROID BACKUP\n", f"is a phone's backup. {_KAKAOTALK}"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", OFFICE),
    (b"{\\rtf", OFFICE),
)
_MEDIA = (
    (re.compile(rb"\x89PNG"), "a PNG picture"),
    (re.compile(rb"\xff\xd8\xff"), "a JPEG picture"),
    (re.compile(rb"GIF8[79]a"), "a GIF picture"),
    (re.compile(rb"RIFF.{4}WEBP", re.DOTALL), "a WebP picture"),
    (re.compile(rb".{4}ftyp(?:heic|heix|mif1|avif)", re.DOTALL), "a HEIC picture"),
    (re.compile(rb".{4}ftyp|RIFF.{4}AVI |\x1aE\xdf\xa3", re.DOTALL), "a video"),
    (re.compile(rb"%PDF"), "a PDF document"),
)
# By the ending of its name alone: encrypted, these look like nothing.
_BACKUPS = (
    (re.compile(r"\.edb$", re.IGNORECASE), f"is KakaoTalk's own database, which is encrypted. {_KAKAOTALK}"),
    (re.compile(r"\.crypt\d{1,2}$", re.IGNORECASE), f"is WhatsApp's backup, which is encrypted. {_WHATSAPP}"),
)

_HTML = re.compile(
    r"\s*(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*)?<(?:!doctype html|html)\b", re.IGNORECASE | re.DOTALL
)
_PAGES = (
    ("CheckLocation()", _TELEGRAM),
    ("DiscordChatExporter", f"is DiscordChatExporter's HTML export. {_DISCORD}"),
    ("_a6-g", _META),
    ("uiBoxWhite", _META),
)
_TEXTS = (
    (re.compile(r"=+\r?\nGuild: "), f"is DiscordChatExporter's plain text. {_DISCORD}"),
    (
        re.compile(
            r"(?:From [^\n]+\n)?(?:(?:From|To|Subject|Date|Received|Return-Path|MIME-Version|Delivered-To|"
            r"Message-I[Dd]|Reply-To|Content-[\w-]+|X-[\w-]+): [^\n]*\n(?:[ \t][^\n]*\n)*){3}"
        ),
        "is an e-mail. Save what is attached to it, and drop that.",
    ),
    (re.compile(r"\s*<\?xml"), f"is XML, which no messenger exports chats as. {_KAKAOTALK}"),
)

_HTML_MEMBERS = (
    (re.compile(r"(?:^|/)messages\d*\.html$"), _TELEGRAM),
    (re.compile(r"(?:^|/)messages/.*message_\d+\.html$"), _META),
)
_DOCUMENT_MEMBERS = re.compile(
    r"\[Content_Types\]\.xml|Contents/section0\.xml|content\.xml|Index\.zip|Index/Document\.iwa"
)
_DATABASE = re.compile(r"\.(?:db|sqlite|edb|crypt\d{1,2})")
_MEDIA_ENDINGS = frozenset(
    (".jpg", ".jpeg", ".png", ".gif", ".webp", ".heic", ".mp4", ".mov", ".m4a", ".mp3")
)


def told_by_start(head: bytes, name: str) -> str | None:
    """Say what a file that is no text is, and what to do: the rest of a sentence that starts with its name.

    Args:
        head: its first bytes.
        name: its name.
    """
    for signature, said in _SIGNATURES:
        if head.startswith(signature):
            return said
    for pattern, said in _BACKUPS:
        if pattern.search(name):
            return said
    return None


def medium_of(head: bytes) -> str | None:
    """Say which kind of picture, video or document a file is."""
    return next((what for pattern, what in _MEDIA if pattern.match(head)), None)


def told_of_page(text: str) -> str | None:
    """Say what a web page is, and what to do, as ``told_by_start`` does; None where a text is none."""
    if not _HTML.match(text):
        return None
    pages = (said for mark, said in _PAGES if mark in text)
    return next(pages, f"is a web page (HTML), which no chat is read from. {_KAKAOTALK}")


def told_by_text(text: str) -> str | None:
    """Say what a text without a message is, and what to do, as ``told_by_start`` does."""
    return next((said for pattern, said in _TEXTS if pattern.match(text)), None)


def told_by_members(names: Iterable[str]) -> str | None:
    """Say what a zip without an export is, and what to do, by the names of what is in it."""
    names = list(names)
    for pattern, said in _HTML_MEMBERS:
        if any(map(pattern.search, names)):
            return said
    if any(map(_DOCUMENT_MEMBERS.fullmatch, names)):
        return OFFICE
    return None


def held_instead(names: Iterable[str]) -> str:
    """Say what a zip without any text holds, and what to do, as ``told_by_members`` does."""
    names = list(names)
    nothing = "is a zip archive without an export (.txt, .csv or .json) in it"
    endings = {PurePosixPath(name).suffix.lower() for name in names if not name.startswith("__MACOSX/")}
    inner = [name for name in names if name.lower().endswith(".zip")]
    if inner:
        return f"{nothing}; unpack it, there is {inner[0]} inside."
    if any(map(_DATABASE.fullmatch, endings)):
        return f"{nothing}, but a database, of a backup perhaps. {_KAKAOTALK}"
    if endings and _MEDIA_ENDINGS.issuperset(endings):
        return f"{nothing}, but pictures, videos or sounds. {_KAKAOTALK}"
    return f"{nothing}. {_KAKAOTALK}"
