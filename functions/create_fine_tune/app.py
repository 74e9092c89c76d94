"""Start a run's fine-tune, or find the one it started."""

from __future__ import annotations

from typing import TYPE_CHECKING

from task import logger, task

from maltu import deployment
from maltu.fine_tune import create_fine_tune

if TYPE_CHECKING:
    from typing import Any


@task
def handler(event: dict[str, Any]) -> dict[str, str]:
    """Return the job's id."""
    created = create_fine_tune(event, provider=deployment.provider())
    logger.info("job started", extra={**created, "estimate_usd": event["estimate_usd"]})
    return created
