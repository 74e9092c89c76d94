"""Exports that come over the endpoint: offered a place in the bucket, looked at, and dropped for a persona.

A browser posts the file to the bucket itself, with a form that was signed here: its key, its size and its
type are decided before anything is sent. Nothing under ``uploads/`` starts a run, and what nobody drops is
deleted after a day.
"""

from __future__ import annotations

import re
import secrets
import time
import unicodedata
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from typing_extensions import TypedDict

from maltu.errors import ExportConflict, ExportNotFound, InvalidRequest, NotUploaded
from maltu.naming import MAX_PERSONA_LENGTH, SETTINGS_FILE, is_persona, is_upload, normalised
from maltu.registry import now

if TYPE_CHECKING:
    from maltu.registry import Registry
    from maltu.storage import Bucket
    from maltu.table import Item, Table

MAX_BYTES: Final = 100_000_000
FORM_SECONDS: Final = 900
CONTENT_TYPES: Final = {
    "csv": "text/csv",
    "txt": "text/plain",
    "json": "application/json",
    "zip": "application/zip",
}

_KEPT_SECONDS: Final = 2 * 86_400  # the bucket deletes what is a day old at the midnight after
_LONGEST_FILE_NAME: Final = 200  # in bytes; a key has at most 1,024
_LONGEST_SPEAKER: Final = 1_500  # in bytes, percent-encoded; an object's metadata has at most 2,048


class Form(TypedDict):
    """What to post the file with: ``fields`` first, then the file as ``file``."""

    url: str
    fields: dict[str, str]


class Offer(TypedDict):
    """Where to upload an export; ``expires_at`` is when the form does."""

    export: str
    upload: Form
    max_bytes: int
    expires_at: str


class Drop(TypedDict):
    """An export that was dropped, and where."""

    persona: str
    export: str
    key: str
    dropped_at: str


@dataclass(frozen=True, slots=True)
class Uploads:
    """Hands out forms and drops what came by them; an export is known to the key that asked for its form."""

    bucket: Bucket
    table: Table
    registry: Registry

    def offer(self, file_name: str, size: int, *, by: str) -> Offer:
        """Answer ``POST /v1/exports``.

        Args:
            file_name: what the file is called on the caller's machine.
            size: how many bytes it has.
            by: whose key asks.

        Raises:
            InvalidRequest: no export is called so, or the file is empty or too large.
        """
        file = safe_file_name(file_name)
        if not 0 < size <= MAX_BYTES:
            raise InvalidRequest(
                f"A file of {size:,} bytes cannot be uploaded here, only one of 1 to {MAX_BYTES:,}. Put a "
                "larger one into the bucket, at exports/<persona>/<file>.",
                param="bytes",
            )
        export = f"exp_{secrets.token_hex(16)}"
        key = f"uploads/{export}/{file}"
        opened = int(time.time())
        form = self.bucket.upload_form(
            key, content_type=_content_type(file), max_bytes=MAX_BYTES, seconds=FORM_SECONDS
        )
        self.table.put({**_key(export), "by": by, "key": key, "expires_at": opened + _KEPT_SECONDS})
        expires = datetime.fromtimestamp(opened + FORM_SECONDS, UTC)
        return {
            "export": export,
            "upload": {"url": form["url"], "fields": dict(form["fields"])},
            "max_bytes": MAX_BYTES,
            "expires_at": f"{expires:%Y-%m-%dT%H:%M:%SZ}",
        }

    def find(self, export: str, *, by: str) -> tuple[str, int]:
        """Give the key of an uploaded file, and how many bytes it has.

        Raises:
            ExportNotFound: this key asked for no such upload.
            NotUploaded: the file is not there (yet, or any longer).
        """
        item = self._known(export, by)
        return item["key"], self._uploaded(item, export)

    def drop(self, export: str, name: str, *, speaker: str | None, by: str) -> Drop:
        """Answer ``POST /v1/personas/{persona}/exports``; asked again the same, it answers the same.

        Raises:
            InvalidRequest: the persona or the speaker cannot be called so.
            ExportNotFound: this key asked for no such upload.
            NotUploaded: the file is not there (yet, or any longer).
            ExportConflict: it was dropped for another persona or speaker.
        """
        persona = _allowed(name)
        metadata = {"approval": "always", **_as_metadata(speaker)}
        item = self._known(export, by)
        if "persona" not in item:
            self._uploaded(item, export)
            item = self._claim(item, persona, speaker)
        if (item["persona"], item["speaker"]) != (persona, speaker):
            raise ExportConflict(
                f"The export {export} was dropped for {item['persona']!r} already: upload the file again."
            )
        source = item["key"]
        # In a folder of its own: another upload of the same name is another export.
        key = f"exports/{persona}/{source.removeprefix('uploads/')}"
        # Whoever died between these two, or lost the answer, asks again.
        if self.bucket.size_of(source) is not None:
            self.bucket.copy(source, key, content_type=_content_type(key), metadata=metadata)
            self.registry.note(persona)
            self.bucket.erase_under(source)
        return {"persona": persona, "export": export, "key": key, "dropped_at": item["dropped_at"]}

    def erase(self, persona: str) -> int:
        """Delete the files of exports whose drop for a persona broke off; return how many objects went."""
        return sum(self.bucket.erase_under(item["key"]) for item in self._dropped_for(persona))

    def forget(self, persona: str) -> int:
        """Remove what is known of exports that were dropped for a persona; return how many items went."""
        return sum(self.table.delete(_key(item["sk"])) for item in self._dropped_for(persona))

    def _dropped_for(self, persona: str) -> list[Item]:
        return [item for item in self.table.query("uploads") if item.get("persona") == persona]

    def _known(self, export: str, by: str) -> Item:
        item = self.table.get(_key(export)) if is_upload(export) else None
        if item is None or item["by"] != by:
            raise ExportNotFound(
                f"There is no export {export[:40]!r}: POST /v1/exports asks for a form to upload one, and "
                "the same key drops it within a day."
            )
        return item

    def _uploaded(self, item: Item, export: str) -> int:
        size = self.bucket.size_of(item["key"])
        if size is None:
            raise NotUploaded(
                f"The file of {export} is not there: post it with the form that POST /v1/exports gave, "
                f"within {FORM_SECONDS // 60} minutes, and use it within a day."
            )
        return size

    def _claim(self, item: Item, persona: str, speaker: str | None) -> Item:
        """Say for whom an export is; of two who do so at once, the first one is right."""
        self.table.update(
            _key(item["sk"]),
            "SET persona = :persona, speaker = :speaker, dropped_at = :now",
            {":persona": persona, ":speaker": speaker, ":now": now()},
            condition="attribute_exists(pk) AND attribute_not_exists(persona)",
        )
        return self._known(item["sk"], item["by"])


def safe_file_name(name: str) -> str:
    """Make a file's name fit to stand in a key: its last part, NFC, with nothing in it that is not seen.

    Letters of any script stay, because a messenger names its files after rooms.

    Raises:
        InvalidRequest: no export is called so.
    """
    last = re.split(r"[/\\]", normalised(name))[-1]
    seen = "".join(char for char in last if unicodedata.category(char) not in _UNSEEN)
    # S3 puts a name of the client's choice where it reads "${filename}".
    stem, _, ending = seen.replace("${", "$(").strip(". ").rpartition(".")
    ending = ending.lower()
    if ending not in CONTENT_TYPES or not (stem := _cut(stem, ending)):
        endings = ", ".join(f".{each}" for each in CONTENT_TYPES)
        raise InvalidRequest(f"An export is a file that ends in one of {endings}.", param="file_name")
    file = f"{stem}.{ending}"
    if file.casefold() == SETTINGS_FILE:
        raise InvalidRequest(f"{SETTINGS_FILE} holds settings and is no export.", param="file_name")
    return file


_UNSEEN: Final = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


def _cut(stem: str, ending: str) -> str:
    longest = _LONGEST_FILE_NAME - len(ending) - 1
    return stem.encode()[:longest].decode(errors="ignore").strip(". ")


def _content_type(file: str) -> str:
    return CONTENT_TYPES[file.rpartition(".")[2]]


def _allowed(name: str) -> str:
    persona = normalised(name)
    if not is_persona(persona):
        raise InvalidRequest(
            f"A persona is called by letters of any script, digits and '-', not by '-' first, with at most "
            f"{MAX_PERSONA_LENGTH} characters.",
            param="persona",
        )
    return persona


def _as_metadata(speaker: str | None) -> dict[str, str]:
    """Metadata travels in HTTP headers, which carry ASCII only."""
    if speaker is None:
        return {}
    # Half of a character that takes two is none.
    whole = not any(unicodedata.category(char) == "Cs" for char in speaker)
    encoded = quote(speaker, safe="") if whole else ""
    if not encoded or speaker.isspace() or len(encoded) > _LONGEST_SPEAKER:
        raise InvalidRequest("speaker is empty or far too long for a name.", param="speaker")
    return {"speaker": encoded}


def _key(export: str) -> dict[str, Any]:
    return {"pk": "uploads", "sk": export}
