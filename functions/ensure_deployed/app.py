"""Make a run's model servable."""

from __future__ import annotations

from typing import TYPE_CHECKING

from task import logger, task

from maltu import deployment
from maltu.fine_tune import ensure_deployed

if TYPE_CHECKING:
    from typing import Any


@task
def handler(event: dict[str, Any]) -> dict[str, Any]:
    """Return whether the model is ready, and how to name it once it is."""
    found = ensure_deployed(event, provider=deployment.provider())
    logger.info("model ready" if found["done"] else "model not ready yet")
    return found
