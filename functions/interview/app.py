"""Ask a new model, and what it was tuned from, what was kept from training."""

from __future__ import annotations

from typing import TYPE_CHECKING

from task import logger, task

from maltu import deployment
from maltu.interview import interview

if TYPE_CHECKING:
    from typing import Any


@task
def handler(event: dict[str, Any]) -> dict[str, int]:
    """Return how many questions each answered; the answers themselves go to the bucket."""
    answered = interview(
        event,
        bucket=deployment.bucket(),
        registry=deployment.registry(),
        inference=deployment.inference(patient=True),
    )
    logger.info("models asked", extra=answered)
    return answered
