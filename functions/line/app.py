"""Let a run wait in line for the provider, or call the one that has waited longest."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_lambda_powertools import Logger

from maltu import deployment
from maltu.line import wait_in_line

if TYPE_CHECKING:
    from typing import Any

    from aws_lambda_powertools.utilities.typing import LambdaContext

logger = Logger()


@logger.inject_lambda_context
def handler(event: dict[str, Any], _: LambdaContext) -> dict[str, str | None]:
    """Keep the token of a run that comes with one; without one, return the version that was called."""
    logger.append_keys(version=event["version"])
    line = deployment.line()
    if "token" not in event:
        return {"called": line.call_next()}
    wait_in_line(event, line=line, registry=deployment.registry())
    return {"called": None}
