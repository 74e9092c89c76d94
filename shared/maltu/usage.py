"""How often each key has asked: in this minute and in this month (UTC), in one item for each key and month.

A request is one conditional update, which counts it or leaves the item as it was: however many ask at once,
no more are let through than the limits say. The first request of a minute takes two, because an update cannot
both count in the minute that is open and open the next one.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from maltu.errors import QuotaUsedUp, TooManyRequests

if TYPE_CHECKING:
    from maltu.table import Item, Table

MINUTE: Final = 60
# By the clocks of two functions a request may belong to the last minute of a month that is over.
KEPT_AFTER_MONTH: Final = timedelta(days=1)

# Clocks differ by less than a minute. One that is ahead has opened the next minute for everybody; what claims
# to be later than that is no minute to wait for.
_IS_OPEN: Final = "minute_at BETWEEN :minute AND :next"
_COUNT: Final = "SET in_minute = in_minute + :one, in_month = in_month + :one"
_MAY_COUNT: Final = f"{_IS_OPEN} AND in_minute < :per_minute AND in_month < :per_month"
_OPEN: Final = (
    "SET minute_at = :minute, in_minute = :one, in_month = if_not_exists(in_month, :none) + :one, "
    "expires_at = :expires"
)
_MAY_OPEN: Final = f"attribute_not_exists(pk) OR (NOT ({_IS_OPEN}) AND in_month < :per_month)"


@dataclass(frozen=True, slots=True)
class Limits:
    """How many requests a key may make; both at least 1."""

    per_minute: int
    per_month: int


@dataclass(frozen=True, slots=True)
class Usage:
    """Counts requests by the key's id."""

    table: Table

    def count(self, key: str, limits: Limits, *, at: datetime) -> None:
        """Count a request made at ``at``, in UTC.

        An answer of the table's that is lost on its way, so that the update is sent again, counts twice.

        Raises:
            QuotaUsedUp: the key has used up its month; nothing was counted.
            TooManyRequests: it has used up its minute; nothing was counted.
        """
        counted, seen = self._count_in_open_minute(key, limits, at)
        if not counted and not _is_open(seen, at):
            counted, seen = self._open_minute(key, limits, at)
            if not counted:
                # Another request was first to open it, or took what was left of the month.
                counted, seen = self._count_in_open_minute(key, limits, at)
        if not counted:
            raise _refusal(seen, limits, at)

    def of_month(self, at: datetime) -> dict[str, int]:
        """How many requests each key has made in the month of ``at``; a key that made none is left out."""
        return {item["sk"]: item["in_month"] for item in self.table.query(_partition(at))}

    def _count_in_open_minute(self, key: str, limits: Limits, at: datetime) -> tuple[bool, Item]:
        values = {
            **_minutes(at), ":one": 1, ":per_minute": limits.per_minute, ":per_month": limits.per_month,
        }  # fmt: skip
        return self.table.update_or_see(_key(key, at), _COUNT, values, condition=_MAY_COUNT)

    def _open_minute(self, key: str, limits: Limits, at: datetime) -> tuple[bool, Item]:
        expires = int((_next_month(at) + KEPT_AFTER_MONTH).timestamp())
        values = {
            **_minutes(at), ":one": 1, ":none": 0, ":per_month": limits.per_month, ":expires": expires,
        }  # fmt: skip
        return self.table.update_or_see(_key(key, at), _OPEN, values, condition=_MAY_OPEN)


def _refusal(seen: Item, limits: Limits, at: datetime) -> QuotaUsedUp | TooManyRequests:
    if seen.get("in_month", 0) >= limits.per_month:
        return QuotaUsedUp(
            f"This key has used up its {limits.per_month} requests of this month (UTC): wait for the next "
            "month, or use another key.",
            retry_after=math.ceil((_next_month(at) - at).total_seconds()),
        )
    wait = seen.get("minute_at", 0) + MINUTE - at.timestamp()
    return TooManyRequests(
        f"This key may make {limits.per_minute} requests a minute: try again when the next one begins.",
        retry_after=min(max(math.ceil(wait), 1), MINUTE),
    )


def _is_open(seen: Item, at: datetime) -> bool:
    minutes = _minutes(at)
    return minutes[":minute"] <= seen.get("minute_at", 0) <= minutes[":next"]


def _minutes(at: datetime) -> dict[str, int]:
    minute = int(at.timestamp()) // MINUTE * MINUTE
    return {":minute": minute, ":next": minute + MINUTE}


def _next_month(at: datetime) -> datetime:
    first = at.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    return (first + timedelta(days=31)).replace(day=1)


def _partition(at: datetime) -> str:
    return f"usage#{at.astimezone(UTC):%Y-%m}"


def _key(key: str, at: datetime) -> dict[str, str]:
    return {"pk": _partition(at), "sk": key}
