"""Ask whether the provider's account may tune a run's base model."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_lambda_powertools import Logger

from maltu import deployment

if TYPE_CHECKING:
    from typing import Any

    from aws_lambda_powertools.utilities.typing import LambdaContext

logger = Logger()


@logger.inject_lambda_context
def handler(event: dict[str, Any], _: LambdaContext) -> None:
    """Return where it may; the error says why not."""
    logger.append_keys(version=event["version"])
    deployment.provider().check_access(event["base_model"])
