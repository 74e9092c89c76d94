"""A drop in the bucket becomes a dataset and a run."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from aws_lambda_powertools import Logger

from maltu import deployment
from maltu.preprocess import Drop, Services, preprocess

if TYPE_CHECKING:
    from typing import Any

    from aws_lambda_powertools.utilities.typing import LambdaContext

logger = Logger()


@logger.inject_lambda_context
def handler(event: dict[str, Any], _: LambdaContext) -> dict[str, str | None]:
    """Handle S3's «Object Created» as EventBridge delivers it; return the run's name."""
    # EventBridge carries the key as it is, unlike S3's own notifications: decoding would harm "+" and "%".
    put = event["detail"]["object"]
    dropped_at = datetime.fromisoformat(event["time"])
    drop = Drop(put["key"], put.get("version-id"), put["sequencer"], dropped_at)
    services = Services(
        bucket=deployment.bucket(),
        registry=deployment.registry(),
        workflow=deployment.workflow(),
        notifier=deployment.notifier(),
        provider=deployment.setting("PROVIDER"),
        base_model=deployment.setting("BASE_MODEL"),
    )
    attempt = preprocess(drop, services)
    run = attempt.run if attempt else None
    logger.info("drop handled", extra={"drop": drop.id, "run": run})
    return {"run": run}
