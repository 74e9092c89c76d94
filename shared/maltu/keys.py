"""The endpoint's keys, each with what it is for: made, found, listed and revoked.

A key is shown once, when it is made; the table knows its SHA-256 alone. That needs neither salt nor a slow
hash, because a key is 256 random bits and nobody's choice. The owner's own key is a secret of the deployment
and stands in no table.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, get_args

from typing_extensions import TypedDict

from maltu.errors import InvalidRequest, KeyNotFound
from maltu.naming import is_persona, normalised
from maltu.registry import now
from maltu.table import IS_NEW

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from maltu.table import Item, Table
    from maltu.usage import Limits

Scope = Literal["chat", "manage"]

PREFIX: Final = "maltu-"
# API Gateway takes at most 8 KB from an authorizer, of which a name may be 12 bytes a letter.
MAX_PERSONAS: Final = 8

_PARTITION: Final = "keys"
_SHOWN_OF_HASH: Final = 16
_ID: Final = re.compile(rf"key_[0-9a-f]{{{_SHOWN_OF_HASH}}}")
_BYTES: Final = 32


class Key(TypedDict):
    """What is told of a key; ``personas`` is None where it reaches all of them."""

    id: str
    object: Literal["key"]
    name: str
    scopes: list[Scope]
    personas: list[str] | None
    requests_per_minute: int
    requests_per_month: int
    created_at: str


class NewKey(Key):
    """The answer to ``POST /v1/keys``, the only one that holds the key."""

    key: str


class UsedKey(Key):
    """A key in the list, with how many requests it has made since the month began (UTC)."""

    used_this_month: int


class KeyList(TypedDict):
    """The answer to ``GET /v1/keys``, oldest key first."""

    object: Literal["list"]
    data: list[UsedKey]


class RevokedKey(TypedDict):
    """The answer to ``DELETE /v1/keys/{key}``."""

    id: str
    object: Literal["key"]
    deleted: Literal[True]


@dataclass(frozen=True, slots=True)
class Keys:
    """Reads and writes keys by their hash."""

    table: Table

    def create(
        self, name: str, scopes: Sequence[Scope], personas: Sequence[str] | None, limits: Limits
    ) -> NewKey:
        """Make a key; two may have the same name.

        Raises:
            InvalidRequest: it would be for nothing, or for a persona whose name is none.
        """
        key = PREFIX + secrets.token_urlsafe(_BYTES)
        item: Item = {
            "pk": _PARTITION,
            "sk": _hash(key),
            "name": name,
            "scopes": _in_order(scopes),
            "personas": None if personas is None else _personas(personas),
            "requests_per_minute": limits.per_minute,
            "requests_per_month": limits.per_month,
            "created_at": now(),
        }
        self.table.put(item, condition=IS_NEW)
        return {**_shown(item), "key": key}

    def find(self, key: str) -> Key | None:
        """What is known of a key that somebody shows; None where it was never made or is revoked."""
        hashed = _hash(key)
        item = self.table.get({"pk": _PARTITION, "sk": hashed}) if key.startswith(PREFIX) else None
        if item is None or not hmac.compare_digest(item["sk"], hashed):
            return None
        return _shown(item)

    def listed(self, used: Mapping[str, int]) -> KeyList:
        """Every key, given how many requests each has made."""
        items = sorted(self.table.query(_PARTITION), key=lambda item: (item["created_at"], item["sk"]))
        keys = map(_shown, items)
        return {
            "object": "list",
            "data": [{**key, "used_this_month": used.get(key["id"], 0)} for key in keys],
        }

    def revoke(self, id_: str) -> RevokedKey:
        """Let a key open nothing from now on.

        Raises:
            KeyNotFound: there is no such key.
        """
        # Anything shorter would be the beginning of other keys' hashes as well.
        is_id = _ID.fullmatch(id_) is not None
        items = self.table.query(_PARTITION, prefix=id_.removeprefix("key_")) if is_id else []
        gone = [self.table.delete({"pk": item["pk"], "sk": item["sk"]}) for item in items]
        if not any(gone):
            raise KeyNotFound(f"There is no key {id_[:40]!r}. GET /v1/keys lists those there are.")
        return {"id": id_, "object": "key", "deleted": True}


def _hash(key: str) -> str:
    return hashlib.sha256(key.encode("utf-8", "replace")).hexdigest()


def _in_order(scopes: Sequence[Scope]) -> list[Scope]:
    chosen: list[Scope] = [scope for scope in get_args(Scope) if scope in scopes]
    if not chosen:
        raise InvalidRequest(
            "scopes is empty: a key without any opens nothing; name chat, manage or both.", param="scopes"
        )
    return chosen


def _personas(names: Sequence[str]) -> list[str]:
    personas = sorted({normalised(name) for name in names})
    if not personas:
        raise InvalidRequest(
            "personas is empty: name those that the key is for, or leave it out for all of them.",
            param="personas",
        )
    for at, name in enumerate(names):
        if not is_persona(normalised(name)):
            raise InvalidRequest(f"{name[:80]!r} is not a persona's name.", param=f"personas.{at}")
    return personas


def _shown(item: Item) -> Key:
    return {
        "id": f"key_{item['sk'][:_SHOWN_OF_HASH]}",
        "object": "key",
        "name": item["name"],
        "scopes": item["scopes"],
        "personas": item["personas"],
        "requests_per_minute": item["requests_per_minute"],
        "requests_per_month": item["requests_per_month"],
        "created_at": item["created_at"],
    }
