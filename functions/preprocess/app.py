"""A drop in the bucket becomes a dataset and a run."""

from __future__ import annotations

import json
from datetime import datetime
from typing import TYPE_CHECKING

from aws_lambda_powertools import Logger

from maltu import deployment
from maltu.preprocess import Services, preprocess

if TYPE_CHECKING:
    from typing import Any

    from aws_lambda_powertools.utilities.typing import LambdaContext

logger = Logger()


class BrokeOff(RuntimeError):
    """Preprocessing met what it does not expect; named after the error's class."""


@logger.inject_lambda_context
def handler(event: dict[str, Any], _: LambdaContext) -> dict[str, list[str | None]]:
    """Handle a batch of S3's «Object Created» as the queue holds them; return the names of their runs."""
    return {"runs": [_handle(json.loads(record["body"])) for record in event["Records"]]}


def _handle(created: dict[str, Any]) -> str | None:
    # EventBridge carries the key as it is, unlike S3's own notifications: decoding would harm "+" and "%".
    at = datetime.fromisoformat(created["time"]).replace(microsecond=0)
    try:
        attempt = preprocess(created["detail"]["object"]["key"], at, _services())
    except (AssertionError, LookupError, TypeError, ValueError) as error:
        # Lambda logs what is raised, and the words of these may quote the export. The place stays.
        raise BrokeOff(type(error).__name__).with_traceback(error.__traceback__) from None
    run = attempt.run if attempt else None
    logger.info("drop handled", extra={"event": created["id"], "run": run})
    return run


def _services() -> Services:
    return Services(
        bucket=deployment.bucket(),
        registry=deployment.registry(),
        turns=deployment.turns(),
        approvals=deployment.approvals(),
        workflow=deployment.workflow(),
        notifier=deployment.notifier(),
        provider=deployment.setting("PROVIDER"),
        host=deployment.host(),
        base_model=deployment.setting("BASE_MODEL"),
    )
