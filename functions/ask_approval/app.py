"""Ask the owner whether a run may cost what it will."""

from __future__ import annotations

from typing import TYPE_CHECKING

from task import logger, task

from maltu import deployment
from maltu.approval import ask_approval

if TYPE_CHECKING:
    from typing import Any


@task
def handler(event: dict[str, Any]) -> None:
    """Keep the run's task token and tell the owner."""
    ask_approval(
        event,
        approvals=deployment.approvals(),
        registry=deployment.registry(),
        notifier=deployment.notifier(),
    )
    logger.info(
        "approval asked", extra={"estimate_usd": event["estimate_usd"], "budget_usd": event["budget_usd"]}
    )
