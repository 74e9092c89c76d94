"""Ask the provider how a run's job is doing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_lambda_powertools import Logger

from maltu import deployment
from maltu.fine_tune import check_status

if TYPE_CHECKING:
    from typing import Any

    from aws_lambda_powertools.utilities.typing import LambdaContext

logger = Logger()


@logger.inject_lambda_context
def handler(event: dict[str, Any], _: LambdaContext) -> dict[str, Any]:
    """Return whether the job is done, and its model once it is."""
    logger.append_keys(version=event["version"])
    return check_status(event, provider=deployment.provider())
