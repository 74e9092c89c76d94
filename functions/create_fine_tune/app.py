"""Start a run's fine-tune, or find the one it started."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_lambda_powertools import Logger

from maltu import deployment
from maltu.fine_tune import create_fine_tune

if TYPE_CHECKING:
    from typing import Any

    from aws_lambda_powertools.utilities.typing import LambdaContext

logger = Logger()


@logger.inject_lambda_context
def handler(event: dict[str, Any], _: LambdaContext) -> dict[str, str]:
    """Return the job's id."""
    logger.append_keys(version=event["version"])
    return create_fine_tune(event, provider=deployment.provider())
