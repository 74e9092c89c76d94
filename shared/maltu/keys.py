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
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, get_args

from typing_extensions import TypedDict

from maltu.errors import InvalidRequest, KeyNotFound
from maltu.naming import is_persona, normalised
from maltu.registry import now
from maltu.table import EXISTS, IS_NEW

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
# As long as the receipts of removals.
REVOKED_DAYS: Final = 90


class Key(TypedDict):
    """What is told of a key.

    Attributes:
        personas: whom it reaches, null for all of them.
        created_by: the id of the key that it was made with.
    """

    id: str
    object: Literal["key"]
    name: str
    scopes: list[Scope]
    personas: list[str] | None
    requests_per_minute: int
    requests_per_month: int
    created_at: str
    created_by: str | None


class OwnKey(TypedDict):
    """What the holder of a key is told that it is for.

    Attributes:
        id: ``owner`` for the key that the deployment made.
        personas: whom it reaches, null for everybody.
        requests_per_minute: null where only the stage's throttle says.
        requests_per_month: null where nothing says.
    """

    id: str
    object: Literal["key"]
    scopes: list[Scope]
    personas: list[str] | None
    requests_per_minute: int | None
    requests_per_month: int | None


class NewKey(Key):
    """The answer to ``POST /v1/keys``, the only one that holds the key."""

    key: str


class Revocation(TypedDict):
    """Which key revoked a key, and when."""

    by: str
    at: str


class UsedKey(Key):
    """A key in the list.

    Attributes:
        used_this_month: how many requests it has made since the month began (UTC).
        revoked: who took it back, null where nobody did; a revoked key leaves the list after 90 days.
    """

    used_this_month: int
    revoked: Revocation | None


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
        self,
        name: str,
        scopes: Sequence[Scope],
        personas: Sequence[str] | None,
        limits: Limits,
        *,
        by: str,
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
            "created_by": by,
        }
        self.table.put(item, condition=IS_NEW)
        return {**_shown(item), "key": key}

    def find(self, key: str) -> Key | None:
        """What is known of a key that somebody shows; None where it was never made or is revoked."""
        hashed = _hash(key)
        item = self.table.get({"pk": _PARTITION, "sk": hashed}) if key.startswith(PREFIX) else None
        if item is None or not hmac.compare_digest(item["sk"], hashed) or "revoked" in item:
            return None
        return _shown(item)

    def listed(self, used: Mapping[str, int]) -> KeyList:
        """Every key, given how many requests each has made; revoked ones for a while longer."""
        items = sorted(self.table.query(_PARTITION), key=lambda item: (item["created_at"], item["sk"]))
        data: list[UsedKey] = [
            {**key, "used_this_month": used.get(key["id"], 0), "revoked": item.get("revoked")}
            for item in items
            for key in [_shown(item)]
        ]
        return {"object": "list", "data": data}

    def revoke(self, id_: str, *, by: str) -> RevokedKey:
        """Let a key open nothing from now on, and keep who wanted it for ``REVOKED_DAYS``.

        Raises:
            KeyNotFound: there is no such key.
        """
        # Anything shorter would be the beginning of other keys' hashes as well.
        is_id = _ID.fullmatch(id_) is not None
        items = self.table.query(_PARTITION, prefix=id_.removeprefix("key_")) if is_id else []
        said: Revocation = {"by": by, "at": now()}
        expires = int(time.time()) + REVOKED_DAYS * 86_400
        gone = [
            self.table.update(
                {"pk": item["pk"], "sk": item["sk"]},
                "SET revoked = :said, expires_at = :expires",
                {":said": said, ":expires": expires},
                condition=f"{EXISTS} AND attribute_not_exists(revoked)",
            )
            for item in items
        ]
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
        "created_by": item.get("created_by"),
    }
