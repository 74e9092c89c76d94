"""Whose turn it is to train: one run of a persona trains at a time, and only the newest may begin.

A run is announced once its dataset stands; the state machine then takes the turn, or gives way to a newer
run, or waits for the one that is training (``TakeTurn`` in ``infra/fine_tune.asl.json``).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from maltu.table import IS_NEW

if TYPE_CHECKING:
    from maltu.registry import Attempt
    from maltu.table import Table


@dataclass(frozen=True, slots=True)
class Turns:
    """Writes ``newest``, ``begun_at``, ``holder``, ``held_until`` (milliseconds) and ``waits_since``."""

    table: Table

    def announce(self, persona: str, attempt: Attempt) -> None:
        """Say that an attempt is ready to train; one that began before the newest changes nothing."""
        self.table.update(
            _key(persona),
            "SET newest = :version, begun_at = :begun",
            {":version": attempt.version, ":begun": attempt.begun_at},
            condition=f"{IS_NEW} OR attribute_not_exists(begun_at) OR begun_at <= :begun",
        )

    def release(self, persona: str, version: str) -> None:
        """Let the next run train, if the turn is this version's."""
        self.table.update(
            _key(persona),
            "REMOVE holder, held_until, waits_since",
            {":me": version},
            condition="holder = :me",
        )

    def waits_since(self, persona: str) -> str:
        """Since when the persona waits for the provider: from now on, unless it did already."""
        at = datetime.now(UTC).isoformat(timespec="milliseconds")
        condition = "attribute_exists(holder) AND attribute_not_exists(waits_since)"
        if self.table.update(_key(persona), "SET waits_since = :at", {":at": at}, condition=condition):
            return at
        return self.waiting_since(persona) or at

    def waiting_since(self, persona: str) -> str | None:
        """Since when the persona waits for the provider; None where it does not."""
        return (self.table.get(_key(persona)) or {}).get("waits_since")

    def forget(self, persona: str) -> int:
        """Remove the persona's turn; return how many items went."""
        return self.table.delete(_key(persona))


def _key(persona: str) -> dict[str, str]:
    return {"pk": "turns", "sk": persona}
