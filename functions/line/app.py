"""Let a run wait in line for the provider, or call the one that has waited longest."""

from __future__ import annotations

from typing import TYPE_CHECKING

from task import logger, task

from maltu import deployment
from maltu.line import wait_in_line

if TYPE_CHECKING:
    from typing import Any


@task
def handler(event: dict[str, Any]) -> dict[str, str | None]:
    """Keep the token of a run that comes with one; without one, return the version that was called."""
    line = deployment.line()
    if "token" not in event:
        called = line.call_next()
        logger.info("place free", extra={"called": called})
        return {"called": called}
    wait_in_line(event, line=line, registry=deployment.registry())
    logger.info("waiting in line", extra={"nap": event["nap"]})
    return {"called": None}
