"""The line of the runs that the provider has no place for: who came first trains first, and waiting is free.

A provider trains a few jobs at a time and refuses the rest. A run that it refuses sleeps, by a task token
that is kept here, until a job ends and the run that has waited longest is called; whoever comes while others
wait joins the line before anything is uploaded. A place is the persona's: a newer drop takes over the place
of the run that it replaces, and as one run of a persona trains at a time, a hundred drops are one place.

A call may be lost: every sleep ends by itself, and then whoever stands first asks the provider
(``WaitInLine`` in ``infra/fine_tune.asl.json``).
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    from maltu.registry import Registry
    from maltu.table import Item, Table
    from maltu.turns import Turns
    from maltu.workflow import Workflow

# A sleep that is over by so much was nobody's: its run was stopped.
_GRACE_SECONDS: Final = 60


@dataclass(frozen=True, slots=True)
class Line:
    """Keeps the task tokens of the runs that sleep, in the order in which their personas came."""

    table: Table
    turns: Turns
    workflow: Workflow

    def join(self, run: Mapping[str, Any], *, now: float) -> None:
        """Let a run sleep at its persona's place.

        Args:
            run: ``persona``, ``version``, ``token``, and ``nap``: after how many seconds it wakes by itself.
            now: seconds since 1970.
        """
        persona = run["persona"]
        until = int(now + run["nap"]) + _GRACE_SECONDS
        self.table.put(
            {
                **_key(self.turns.waits_since(persona), persona),
                "persona": persona,
                "version": run["version"],
                "token": run["token"],
                "until": until * 1000,
                "expires_at": until,
            }
        )

    def call_next(self) -> str | None:
        """Wake the run that has waited longest; return its version, None where none sleeps."""
        while waiting := self.table.query("line", limit=1):
            if self._wake(waiting[0]):
                return str(waiting[0]["version"])
        return None

    def call(self, persona: str) -> None:
        """Wake the persona's run, if it sleeps: a newer one of its persona takes its place."""
        since = self.turns.waiting_since(persona)
        item = None if since is None else self.table.get(_key(since, persona))
        if item is not None:
            self._wake(item)

    def forget(self, persona: str, version: str | None = None) -> int:
        """Take a persona's runs, or this version's, out of the line; return how many items went."""
        return sum(
            self.table.delete({"pk": "line", "sk": item["sk"]})
            for item in self.table.query("line")
            if item["persona"] == persona and version in {None, item["version"]}
        )

    def _wake(self, item: Item) -> bool:
        # Of two that call at once, one wakes this run and the other the next.
        return self.table.delete({"pk": "line", "sk": item["sk"]}) and self.workflow.call(str(item["token"]))


def wait_in_line(run: Mapping[str, Any], *, line: Line, registry: Registry) -> None:
    """Let a run sleep until it is called, and say so; ``run`` is as :meth:`Line.join` takes it."""
    line.join(run, now=time.time())
    # A removal marks the version before it looks at the line: whoever joins behind its look sees the mark.
    if not registry.record_queued(run["persona"], run["version"]):
        line.forget(run["persona"], run["version"])


def _key(since: str, persona: str) -> dict[str, str]:
    return {"pk": "line", "sk": f"{since}#{persona}"}
