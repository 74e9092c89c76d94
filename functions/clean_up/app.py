"""Leave nothing behind at the provider but the model."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_lambda_powertools import Logger

from maltu import deployment
from maltu.fine_tune import clean_up

if TYPE_CHECKING:
    from typing import Any

    from aws_lambda_powertools.utilities.typing import LambdaContext

logger = Logger()


@logger.inject_lambda_context
def handler(event: dict[str, Any], _: LambdaContext) -> dict[str, str | None]:
    """Clean up; after a failure, return its reason in words."""
    logger.append_keys(version=event["version"])
    return clean_up(event, open_provider=deployment.provider)
