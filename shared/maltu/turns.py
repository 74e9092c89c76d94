"""Whose turn it is to train: one run of a persona trains at a time, and only the newest may begin.

A run is announced once its dataset stands; the state machine then takes the turn, or gives way to a newer
run, or waits for the one that is training (``TakeTurn`` in ``infra/fine_tune.asl.json``).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from maltu.table import IS_NEW

if TYPE_CHECKING:
    from maltu.registry import Attempt
    from maltu.table import Table


@dataclass(frozen=True, slots=True)
class Turns:
    """Writes ``newest``, ``begun_at``, ``holder`` and ``held_until`` (milliseconds) of a persona's turn."""

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
            _key(persona), "REMOVE holder, held_until", {":me": version}, condition="holder = :me"
        )

    def forget(self, persona: str) -> int:
        """Remove the persona's turn; return how many items went."""
        return self.table.delete(_key(persona))


def _key(persona: str) -> dict[str, str]:
    return {"pk": "turns", "sk": persona}
