"""Bring a run's dataset to the provider."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_lambda_powertools import Logger

from maltu import deployment
from maltu.fine_tune import upload_dataset

if TYPE_CHECKING:
    from typing import Any

    from aws_lambda_powertools.utilities.typing import LambdaContext

logger = Logger()


@logger.inject_lambda_context
def handler(event: dict[str, Any], _: LambdaContext) -> dict[str, str | None]:
    """Upload the files; return the provider's ids."""
    logger.append_keys(version=event["version"])
    return upload_dataset(event, bucket=deployment.bucket(), provider=deployment.provider())
