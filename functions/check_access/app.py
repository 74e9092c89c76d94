"""Ask whether the provider's account may tune a run's base model."""

from __future__ import annotations

from typing import TYPE_CHECKING

from task import logger, task

from maltu import deployment

if TYPE_CHECKING:
    from typing import Any


@task
def handler(event: dict[str, Any]) -> None:
    """Return where it may; the error says why not."""
    deployment.provider().check_access(event["base_model"])
    logger.info("access granted", extra={"base_model": event["base_model"]})
