"""Ask the owner whether a run may cost what it will."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_lambda_powertools import Logger

from maltu import deployment
from maltu.approval import ask_approval

if TYPE_CHECKING:
    from typing import Any

    from aws_lambda_powertools.utilities.typing import LambdaContext

logger = Logger()


@logger.inject_lambda_context
def handler(event: dict[str, Any], _: LambdaContext) -> None:
    """Keep the run's task token and tell the owner."""
    logger.append_keys(version=event["version"])
    ask_approval(
        event,
        approvals=deployment.approvals(),
        registry=deployment.registry(),
        notifier=deployment.notifier(),
    )
