"""Measure how alike a new model writes, and decide whether it is promoted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_lambda_powertools import Logger

from maltu import deployment
from maltu.evaluation import report_style

if TYPE_CHECKING:
    from typing import Any

    from aws_lambda_powertools.utilities.typing import LambdaContext

logger = Logger()


@logger.inject_lambda_context
def handler(event: dict[str, Any], _: LambdaContext) -> dict[str, Any]:
    """Return the verdict with its numbers; the report itself goes to the bucket."""
    logger.append_keys(version=event["version"])
    return report_style(
        event,
        bucket=deployment.bucket(),
        registry=deployment.registry(),
        inference=deployment.inference(patient=True),
    )
