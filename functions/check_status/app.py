"""Ask the provider how a run's job is doing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from task import logger, task

from maltu import deployment
from maltu.fine_tune import check_status

if TYPE_CHECKING:
    from typing import Any


@task
def handler(event: dict[str, Any]) -> dict[str, Any]:
    """Return whether the job is done, and its model once it is."""
    found = check_status(event, provider=deployment.provider())
    if found["done"]:
        told = {name: found[name] for name in ("trained_tokens", "billed_usd")}
        logger.info("job done", extra={"job": event["job"], **told})
    else:
        logger.info("job under way", extra={"job": event["job"]})
    return found
