"""Make one pass of a removal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_lambda_powertools import Logger

from maltu import deployment
from maltu.removal import remove

if TYPE_CHECKING:
    from typing import Any

    from aws_lambda_powertools.utilities.typing import LambdaContext

logger = Logger()


@logger.inject_lambda_context
def handler(event: dict[str, Any], _: LambdaContext) -> dict[str, Any]:
    """Return how many things were removed; 0 says that nothing is left."""
    found = remove(event, deployment.places())
    logger.info("removed", extra={"removal": event["id"], "removed": found["removed"]})
    return found
