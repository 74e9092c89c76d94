"""Where things stand in the bucket, and what personas and versions are called."""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from maltu.errors import InvalidKey, PersonaNotFound

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

MAX_PERSONA_LENGTH = 64
MAX_KEY_BYTES = 1024  # no object key is longer, so nothing was ever dropped under a longer name
SETTINGS_FILE = "persona.json"

_UPLOADED: Final = r"exp_[0-9a-f]{32}"
_UPLOAD: Final = re.compile(_UPLOADED)
_EXPORT_KEY: Final = re.compile(rf"exports/(?P<prefix>[^/]+)/(?:{_UPLOADED}/)?(?P<file>[^/]+)")


@dataclass(frozen=True, slots=True)
class ExportKey:
    """An object key ``exports/<prefix>/<file>``; the prefix may be any text, a persona's name or not.

    What comes over the endpoint stands in a folder of its own, ``exports/<prefix>/<export>/<file>``, so that
    of two files of one name neither takes the other's place.
    """

    prefix: str
    file: str

    @property
    def persona(self) -> str:
        """The persona's name.

        Raises:
            InvalidKey: the prefix is no valid name.
        """
        name = normalised(self.prefix)
        if not is_persona(name):
            raise InvalidKey(
                f"{name!r} cannot be a persona's name: use letters of any script, digits and '-', "
                f"at most {MAX_PERSONA_LENGTH}, and drop the export at exports/<persona>/<file>."
            )
        return name


def parse_export_key(key: str) -> ExportKey | None:
    """Split an object key; None where nothing is to be done (settings files and folder markers).

    Raises:
        InvalidKey: the object does not stand at ``exports/<persona>/<file>``.
    """
    if key.rpartition("/")[2] in {"", SETTINGS_FILE}:
        return None
    found = _EXPORT_KEY.fullmatch(key)
    if found is None:
        raise InvalidKey(f"{key!r} is not where exports are read: drop it at exports/<persona>/<file>.")
    return ExportKey(found["prefix"], found["file"])


def is_export_key(key: str) -> bool:
    """Whether an export is read from where an object stands."""
    found = _EXPORT_KEY.fullmatch(key)
    return found is not None and found["file"] != SETTINGS_FILE


def is_upload(export: str) -> bool:
    """Whether an export that comes over the endpoint can be called so."""
    return _UPLOAD.fullmatch(export) is not None


def normalised(name: str) -> str:
    """NFC, because a Mac uploads NFD and both must name the same persona."""
    return unicodedata.normalize("NFC", name)


def as_asked(name: str) -> str:
    """A persona's name as a caller gave it, normalised.

    Raises:
        PersonaNotFound: nothing can have been dropped under a name that long.
    """
    persona = normalised(name)
    if len(persona.encode()) > MAX_KEY_BYTES:
        raise PersonaNotFound(f"There is no persona with a name of {len(persona)} characters.")
    return persona


def unknown(name: str) -> PersonaNotFound:
    """The error for a persona that there is not, or not for this caller: nobody can tell the two apart."""
    return PersonaNotFound(f"There is no persona {name!r}. GET /v1/models lists those that answer.")


def is_persona(name: str) -> bool:
    """Whether ``name`` is a valid persona name: letters and digits of any script, and ``-``."""
    letters = "".join(char for char in name if char != "-")
    return (
        len(letters) > 0
        and len(name) <= MAX_PERSONA_LENGTH
        and not name.startswith("-")
        # Marks are how many scripts write their vowels.
        and all(unicodedata.category(char)[0] in "LNM" for char in letters)
    )


def identity_of(persona: str, content: str, settings: Mapping[str, Any]) -> str:
    """What a version is made from, as 64 hex digits: the same exports and settings give the same identity."""
    whole = json.dumps([persona, content, settings], ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(whole.encode()).hexdigest()


def version_name(at: datetime, identity: str) -> str:
    """A version's name: sorts by its time, to the millisecond, and ends in its identity."""
    return f"{at:%Y%m%dt%H%M%S}{at.microsecond // 1000:03}-{identity[:12]}"


def dataset_prefix(persona: str, version: str | None = None) -> str:
    """Where a version's dataset stands in the bucket, or where all of a persona's do."""
    return f"datasets/{persona}" + (f"/{version}" if version else "")


def file_names(version: str) -> tuple[str, str]:
    """What a version's files are called at the provider: training, validation."""
    return f"{version}-train.jsonl", f"{version}-validation.jsonl"
