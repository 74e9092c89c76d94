"""A drop in the bucket becomes a dataset and a run."""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import datetime
from typing import TYPE_CHECKING

from aws_lambda_powertools import Logger
from unquoted import BrokeOff, unquoted

from maltu import deployment
from maltu.errors import InvalidKey
from maltu.naming import parse_export_key
from maltu.preprocess import Services, preprocess

if TYPE_CHECKING:
    from typing import Any

    from aws_lambda_powertools.utilities.typing import LambdaContext

logger = Logger()


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, list[str | None]]:
    """Handle a batch of S3's «Object Created» as the queue holds them; return the names of their runs."""
    return {"runs": [_handle(json.loads(record["body"]), context) for record in event["Records"]]}


def _handle(created: dict[str, Any], context: LambdaContext) -> str | None:
    # EventBridge carries the key as it is, unlike S3's own notifications: decoding would harm "+" and "%".
    key: str = created["detail"]["object"]["key"]
    at = datetime.fromisoformat(created["time"]).replace(microsecond=0)
    logger.append_keys(event=created["id"], persona=_persona_of(key), version=None, run=None)
    try:
        with unquoted():
            handled = preprocess(key, at, _services(context))
    except Exception as error:
        reason = str(error) if isinstance(error, BrokeOff) else None
        logger.error("drop broke off", extra={"error": type(error).__name__, "reason": reason})  # noqa: TRY400 - Lambda logs the place as well
        raise
    logger.append_keys(version=handled.version, run=handled.run)
    logger.info("drop handled", extra={"outcome": handled.outcome, "error": handled.error, **handled.numbers})
    return handled.run


def _persona_of(key: str) -> str | None:
    with suppress(InvalidKey):
        parsed = parse_export_key(key)
        return parsed.persona if parsed else None
    return None


def _services(context: LambdaContext) -> Services:
    return Services(
        bucket=deployment.bucket(),
        registry=deployment.registry(),
        turns=deployment.turns(),
        line=deployment.line(),
        approvals=deployment.approvals(),
        workflow=deployment.workflow(),
        notifier=deployment.notifier(),
        provider=deployment.setting("PROVIDER"),
        host=deployment.host(),
        base_model=deployment.setting("BASE_MODEL"),
        seconds_left=lambda: context.get_remaining_time_in_millis() / 1000,
    )
