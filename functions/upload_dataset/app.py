"""Bring a run's dataset to the provider."""

from __future__ import annotations

from typing import TYPE_CHECKING

from task import logger, task

from maltu import deployment
from maltu.fine_tune import upload_dataset

if TYPE_CHECKING:
    from typing import Any


@task
def handler(event: dict[str, Any]) -> dict[str, str | None]:
    """Upload the files; return the provider's ids."""
    files = upload_dataset(event, bucket=deployment.bucket(), provider=deployment.provider())
    logger.info("dataset uploaded", extra={"files": files})
    return files
