"""A run that would cost more than its owner allowed, or that its owner looks at first, waits for a yes or no.

The state machine hands over a task token, which lets whoever has it decide: it is kept in the registry's
table alone, never logged, never shown, and gone once it was used.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from maltu.errors import RunConflict, RunRejected, Superseded
from maltu.registry import run_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from maltu.errors import MaltuError
    from maltu.registry import Registry
    from maltu.settings import PersonaSettings
    from maltu.table import Table
    from maltu.workflow import Notifier, Workflow


TOKEN_SECONDS: Final = 8 * 86_400  # a day longer than the state machine waits


def needs_approval(estimate: float | None, settings: PersonaSettings) -> bool:
    """Whether a person must agree: always, or where the price in US dollars is above the budget or unknown.

    No budget means that no price needs anybody's yes.
    """
    budget = settings.budget_usd
    return settings.approval == "always" or (budget is not None and (estimate is None or estimate > budget))


@dataclass(frozen=True, slots=True)
class Approvals:
    """Keeps the task tokens of the runs that wait."""

    table: Table

    def keep(self, run: str, token: str) -> None:
        """Keep a run's token; a later one takes its place."""
        self.table.put({**_key(run), "token": token, "expires_at": int(time.time()) + TOKEN_SECONDS})

    def token(self, run: str) -> str | None:
        """The token of a run that waits, or None."""
        item = self.table.get(_key(run))
        return None if item is None else str(item["token"])

    def forget(self, run: str) -> int:
        """Drop a run's token; return how many items went."""
        return self.table.delete(_key(run))


def ask_approval(
    run: Mapping[str, Any], *, approvals: Approvals, registry: Registry, notifier: Notifier
) -> None:
    """Ask the owner whether a run may cost what it will, unless it is being removed.

    Args:
        run: ``persona``, ``version``, ``run``, ``token``, ``estimate_usd`` (None where nobody knows) and
            ``budget_usd`` (None where there is no budget).
        approvals: where the token is kept.
        registry: where the version is said to wait.
        notifier: tells the owner.
    """
    approvals.keep(run["run"], run["token"])
    # As in a line (maltu.line), whoever begins to wait behind its removal's look sees the removal's mark.
    if not registry.record_awaiting(run["persona"], run["version"]):
        approvals.forget(run["run"])
        return
    notifier.approval_needed(
        persona=run["persona"],
        run=run["run"],
        estimate=run["estimate_usd"],
        budget=run["budget_usd"],
    )


def decide(  # noqa: PLR0913 - what is decided, by whom, and the three places that must know
    persona: str,
    run: str,
    *,
    approved: bool,
    by: str,
    approvals: Approvals,
    registry: Registry,
    workflow: Workflow,
) -> None:
    """Let a waiting run go on, or end it.

    Raises:
        RunConflict: it does not wait for a decision (any longer).
    """
    version = run.rpartition("-")[0]
    token = approvals.token(run)
    if token is None:
        raise RunConflict(f"The run {run!r} of {persona!r} does not wait for an approval.")
    if approved:
        registry.record_approval(persona, version, by)
        told = workflow.approve(token)
    else:
        told = workflow.reject(token, RunRejected, f"The run was rejected by {by}. No chat left the account.")
    approvals.forget(run)
    if not told:
        raise RunConflict(f"The run {run!r} of {persona!r} has waited too long and ended.")


def give_way(
    persona: str, newest: str, *, approvals: Approvals, registry: Registry, workflow: Workflow
) -> None:
    """End the persona's runs that wait for a yes: the version ``newest`` is made from their exports too."""
    for item in registry.versions(persona):
        if item["status"] != "awaiting_approval" or item["version"] == newest:
            continue
        reason = "A newer export was dropped before this run was approved."
        end_waiting(run_of(item), Superseded, reason, approvals=approvals, workflow=workflow)


def end_waiting(
    run: str, error: type[MaltuError], reason: str, *, approvals: Approvals, workflow: Workflow
) -> None:
    """End a run if it waits for a yes; whoever approves it from now on finds nothing to approve."""
    token = approvals.token(run)
    if token is not None:
        workflow.reject(token, error, reason)
        approvals.forget(run)


def _key(run: str) -> dict[str, str]:
    return {"pk": "approvals", "sk": run}
