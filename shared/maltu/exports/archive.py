"""The texts inside a zip, as phones share them: streamed out of it, its pictures and videos left alone.

A zip can hold a million times its own size. Sizes are therefore checked before anything is unpacked, and
``zipfile`` hands out no byte more than a member's entry declares.
"""

from __future__ import annotations

import io
import struct
import tempfile
import zipfile
import zlib
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, BinaryIO, cast

from maltu.errors import UnreadableExport
from maltu.exports.other_files import OFFICE, held_instead, told_by_members
from maltu.exports.source import BLOCK_BYTES, Source

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

SIGNATURE = b"PK\x03\x04"
MAX_ARCHIVE_BYTES = 6 * 1024**3
MAX_UNPACKED_BYTES = 2 * 1024**3
# Chats shrink to a fifth; a long run of the same sticker to a hundredth at most.
MAX_RATIO = 200
RATIO_COUNTS_FROM_BYTES = 16 * 1024**2
MAX_DIRECTORY_BYTES = 16 * 1024**2
MAX_CANDIDATES = 5000

_SPOOLED_BYTES = 8 * 1024**2
_ENDINGS = frozenset((".txt", ".csv", ".json"))
_ENCRYPTED = 0x1
_UTF8_NAME = 0x800
_END_OF_DIRECTORY = b"PK\x05\x06"
_END_BYTES = 22
_LONGEST_COMMENT = 65_535
_NAMES_TO_SHOW = 5
_WHATSAPP_CHAT = "_chat.txt"
# What zipfile makes of a damaged entry: a name that is no UTF-8 is a ValueError.
_DAMAGED = (
    *(zipfile.BadZipFile, zlib.error, struct.error, NotImplementedError),
    *(ValueError, IndexError, OverflowError, EOFError, OSError),
)


def open_archive(stream: BinaryIO, *, name: str, first: bytes, is_export: Callable[[Source], bool]) -> Source:
    """Open the one export in a zip.

    Args:
        stream: the zip; copied to a temporary file unless it can seek.
        name: the zip's name, for errors.
        first: what was read from the stream already.
        is_export: tells whether a text is an export; only asked where there are several texts.

    Raises:
        UnreadableExport: no export in it, or several; damaged, encrypted, or far larger than it looks.
    """
    held = _seekable(stream, name=name, first=first)
    try:
        archive = Archive(held, name=name)
        only = _only_export(archive, name, is_export)
        return archive.open(only, close=held.close if held is not stream else None)
    except BaseException:
        if held is not stream:
            held.close()
        raise


def _only_export(archive: Archive, name: str, is_export: Callable[[Source], bool]) -> int:
    if len(archive.names) == 1:
        return 0
    exports = [number for number in range(len(archive.names)) if is_export(archive.open(number))]
    if not exports:
        raise archive.without_exports()
    if len(exports) > 1:
        names = ", ".join(archive.names[number] for number in exports[:_NAMES_TO_SHOW])
        more = f" and {len(exports) - _NAMES_TO_SHOW} more" if len(exports) > _NAMES_TO_SHOW else ""
        raise UnreadableExport(
            f"{name} holds several exports: {names}{more}. Unpack it, or give it as a file that can be read "
            "more than once."
        )
    return exports[0]


class Archive:
    """A zip's texts: what may be an export, by its name's ending.

    Attributes:
        names: the texts' names in the zip.
    """

    def __init__(self, held: BinaryIO, *, name: str) -> None:
        """List the texts; ``held``, which can seek, stays open as long as they are read.

        Raises:
            UnreadableExport: no text in it, or too many; damaged, or an office document.
        """
        self._zip_name = name
        try:
            _check_directory(held, name)
            self._zip = zipfile.ZipFile(held)
        except _DAMAGED as error:
            raise UnreadableExport(f"{name} is a damaged zip archive. Export the chat again.") from error
        self._texts = _texts_of(self._zip, name)
        self.names = [_name_of(member) for member in self._texts]

    def open(self, number: int, *, close: Callable[[], None] | None = None) -> Source:
        """Open a text, by its place in ``names``; ``close`` is called when nobody reads it any more.

        Raises:
            UnreadableExport: it is damaged, encrypted, or unpacks to more than a chat.
        """
        name, member = self.names[number], self._texts[number]
        self._check(name, member)
        stream = _Member(self._zip, member, close=close, zip_name=self._zip_name)
        # Every iPhone's WhatsApp calls the chat this; only the zip is called after the room.
        named = self._zip_name if PurePosixPath(name).name == _WHATSAPP_CHAT else name
        return Source(cast("BinaryIO", stream), name=named, close=stream.close)

    def check_size(self, numbers: Iterable[int]) -> None:
        """Check what texts unpack to together.

        Raises:
            UnreadableExport: to more than a single one may.
        """
        size = sum(self._texts[number].file_size for number in numbers)
        if size > MAX_UNPACKED_BYTES:
            raise UnreadableExport(
                f"The exports in {self._zip_name} unpack to {size:,} bytes, which is more than "
                f"{MAX_UNPACKED_BYTES:,}. Unpack it and drop the chats that matter."
            )

    def without_exports(self) -> UnreadableExport:
        """Say that no text is an export."""
        if said := told_by_members(self._zip.namelist()):
            return UnreadableExport(f"{self._zip_name} {said}")
        return UnreadableExport(
            f"None of the {len(self.names)} texts in {self._zip_name} is an export that is understood."
        )

    def _check(self, name: str, member: zipfile.ZipInfo) -> None:
        if member.flag_bits & _ENCRYPTED:
            raise UnreadableExport(
                f"{name} in {self._zip_name} is encrypted. Unpack the zip and drop the file itself."
            )
        if member.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
            raise UnreadableExport(
                f"{name} in {self._zip_name} is packed in an unusual way. Unpack the zip and drop the file "
                "itself."
            )
        bomb = member.file_size > max(RATIO_COUNTS_FROM_BYTES, member.compress_size * MAX_RATIO)
        if bomb or member.file_size > MAX_UNPACKED_BYTES:
            raise UnreadableExport(
                f"{name} in {self._zip_name} unpacks to {member.file_size:,} bytes, which no chat does."
            )


def _seekable(stream: BinaryIO, *, name: str, first: bytes) -> BinaryIO:
    if getattr(stream, "seekable", bool)():
        return stream
    held = tempfile.SpooledTemporaryFile(_SPOOLED_BYTES)  # noqa: SIM115 - the Source closes it
    held.write(first)
    while block := stream.read(BLOCK_BYTES):
        held.write(block)
        if held.tell() > MAX_ARCHIVE_BYTES:
            held.close()
            raise UnreadableExport(
                f"{name} is larger than {MAX_ARCHIVE_BYTES:,} bytes. Export the chat without its media."
            )
    return cast("BinaryIO", held)


def _check_directory(held: BinaryIO, name: str) -> None:
    # zipfile loads the whole list of members, however long it says it is.
    size = held.seek(0, io.SEEK_END)
    held.seek(max(0, size - _END_BYTES - _LONGEST_COMMENT))
    end = held.read()
    if (at := end.rfind(_END_OF_DIRECTORY)) < 0:
        raise zipfile.BadZipFile
    (directory_bytes,) = struct.unpack_from("<L", end, at + 12)
    if directory_bytes > MAX_DIRECTORY_BYTES:
        raise UnreadableExport(f"{name} holds too many files. Unpack it and drop the export itself.")


def _texts_of(archive: zipfile.ZipFile, name: str) -> list[zipfile.ZipInfo]:
    # A damaged entry may have no name at all.
    members = [member for member in archive.infolist() if member.filename and not member.is_dir()]
    names = [PurePosixPath(_name_of(member)) for member in members]
    if "[Content_Types].xml" in map(str, names):
        raise UnreadableExport(f"{name} {OFFICE}")
    texts = [
        member
        for member, path in zip(members, names, strict=True)
        # macOS keeps a shadow of every file it packs.
        if path.suffix.lower() in _ENDINGS and path.parts[0] != "__MACOSX" and not path.name.startswith("._")
    ]
    if not texts:
        raise UnreadableExport(f"{name} {told_by_members(map(str, names)) or held_instead(map(str, names))}")
    if len(texts) > MAX_CANDIDATES:
        raise UnreadableExport(f"{name} holds {len(texts):,} texts. Unpack it and drop the export itself.")
    return texts


def _name_of(member: zipfile.ZipInfo) -> str:
    if member.flag_bits & _UTF8_NAME:
        return member.filename
    # Without its flag a name is in the sender's own encoding; zipfile took it for a PC's of 1981.
    raw = member.filename.encode("cp437", errors="replace")
    for encoding in ("utf-8", "cp949"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    return member.filename


class _Member:
    """The bytes of one member; whatever is wrong with them is the owner's to hear."""

    def __init__(
        self,
        archive: zipfile.ZipFile,
        member: zipfile.ZipInfo,
        *,
        close: Callable[[], None] | None,
        zip_name: str,
    ) -> None:
        self._close = close
        self._zip_name = zip_name
        self._name = _name_of(member)
        try:
            self._bytes = archive.open(member)
        except _DAMAGED as error:
            raise self._damaged() from error

    def read(self, size: int) -> bytes:
        try:
            return self._bytes.read(size)
        except _DAMAGED as error:
            raise self._damaged() from error

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._bytes.tell()

    def seek(self, offset: int) -> None:
        # Back to the start, which is unpacked once more: that takes no disk.
        try:
            self._bytes.seek(offset)
        except _DAMAGED as error:
            raise self._damaged() from error

    def close(self) -> None:
        self._bytes.close()
        if self._close:
            self._close()

    def _damaged(self) -> UnreadableExport:
        return UnreadableExport(
            f"{self._name} in {self._zip_name} is damaged. Export the chat again, or unpack the zip and drop "
            "the file itself."
        )
