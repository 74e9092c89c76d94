"""Leave nothing behind at the provider but the model."""

from __future__ import annotations

from typing import TYPE_CHECKING

from task import logger, task

from maltu import deployment
from maltu.fine_tune import clean_up

if TYPE_CHECKING:
    from typing import Any


@task
def handler(event: dict[str, Any]) -> dict[str, str | None]:
    """Clean up; after a failure, return its reason in words."""
    told = clean_up(event, open_provider=deployment.provider)
    logger.info("cleaned up", extra=told)
    return told
