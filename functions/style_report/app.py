"""Measure how alike a new model writes, and decide whether it is promoted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from task import logger, task

from maltu import deployment
from maltu.evaluation import report_style

if TYPE_CHECKING:
    from typing import Any


@task
def handler(event: dict[str, Any]) -> dict[str, Any]:
    """Return the verdict with its numbers; the report itself goes to the bucket."""
    report = report_style(event, bucket=deployment.bucket(), registry=deployment.registry())
    logger.info("style measured", extra={"promote": report["promote"], **report["scores"]})
    return report
