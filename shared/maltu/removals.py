"""The receipts of removals: what was removed where, what a provider refused, and what goes by itself."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal, NotRequired, cast

from typing_extensions import TypedDict

from maltu.errors import RunNotFound
from maltu.naming import MAX_KEY_BYTES
from maltu.registry import now
from maltu.table import IS_NEW

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from maltu.table import Item, Table

# A receipt names a persona, so it does not stay for ever either.
RECEIPT_DAYS: Final = 90
GOES_BY_ITSELF: Final = (
    "Logs name the persona and its versions, never what was said; they are deleted after 30 days.",
    "Step Functions keeps the histories of runs, which name the persona and its versions, for 90 days.",
    "The provider may keep the records of its jobs, without the data they were trained on.",
)
_SHOWN: Final = (
    *("persona", "version", "run", "reason", "by"),
    *("status", "begun_at", "ended_at", "removed", "refused"),
)


class Receipt(TypedDict):
    """What was removed where, and what was not.

    Attributes:
        version: the one whose run is cancelled or whose model is removed; a persona is erased with all of its
            versions.
        run: the cancelled one.
        by: which key asked for it.
        status: ``incomplete`` where something was refused or came back.
        ended_at: when nothing more could be done.
        removed: how many things went, by what they were.
        refused: what a provider would not remove, for somebody to remove by hand.
        goes_by_itself: what is left and is deleted later, or stays elsewhere.
    """

    id: str
    persona: NotRequired[str]
    version: NotRequired[str]
    run: NotRequired[str]
    reason: NotRequired[Literal["cancel", "retire", "erase"]]
    by: NotRequired[str]
    status: Literal["running", "finished", "incomplete"]
    begun_at: str
    ended_at: NotRequired[str]
    removed: dict[str, int]
    refused: list[str]
    goes_by_itself: list[str]


@dataclass(frozen=True, slots=True)
class Removals:
    """Writes and reads receipts by the removal's id."""

    table: Table

    def open(self, removal: str, about: Mapping[str, Any]) -> None:
        """Begin a receipt, unless it was begun before."""
        expires = int(time.time()) + RECEIPT_DAYS * 86_400
        fresh: Item = {**about, "status": "running", "begun_at": now(), "expires_at": expires,
                 "removed": {}, "refused": []}  # fmt: skip
        self.table.put({**_key(removal), **fresh}, condition=IS_NEW)

    def add(self, removal: str, removed: Mapping[str, int], refused: Sequence[str]) -> None:
        """Add what one more pass removed, and what it was refused."""
        item = self.table.get(_key(removal)) or {}
        sums = dict(item.get("removed", {}))
        for what, count in removed.items():
            sums[what] = sums.get(what, 0) + count
        self.table.update(
            _key(removal),
            "SET removed = :removed, refused = :refused",
            {":removed": sums, ":refused": sorted({*item.get("refused", []), *refused})},
        )

    def close(self, removal: str, *, complete: bool) -> None:
        """Say that nothing is left, or that what is left was refused or comes back."""
        status = "finished" if complete else "incomplete"
        self.table.update(
            _key(removal), "SET #status = :ended, ended_at = :now", {":ended": status, ":now": now()}
        )

    def receipt(self, removal: str, *, reached: Callable[[str], bool] = lambda _: True) -> Receipt:
        """Answer ``GET /v1/removals/{removal}``.

        Raises:
            RunNotFound: there is no such removal, or its receipt has expired, or its persona is none that the
                caller's key reaches.
        """
        item = self.table.get(_key(removal)) if len(removal.encode()) <= MAX_KEY_BYTES else None
        if item is None or not reached(item.get("persona", "")):
            raise RunNotFound(
                f"There is no removal {removal[:80]!r}; receipts are kept for {RECEIPT_DAYS} days."
            )
        shown = {name: item[name] for name in _SHOWN if name in item}
        return cast("Receipt", {"id": removal, **shown, "goes_by_itself": list(GOES_BY_ITSELF)})


def _key(removal: str) -> dict[str, str]:
    return {"pk": "removals", "sk": removal}
