"""Amazon Bedrock's jobs as the port knows them, and botocore's clients for what is not asked in JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from botocore.config import Config

from maltu import aws
from maltu.providers import Job, JobStatus
from maltu.providers.bedrock_inference import CONNECT_SECONDS
from maltu.providers.words import repeatable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

STATUSES: Final[Mapping[str, JobStatus]] = {
    "InProgress": "running",
    "Completed": "succeeded",
    "Failed": "failed",
    "Stopping": "running",
    "Stopped": "cancelled",
}
_STAGES: Final = ("training", "dataProcessing", "validation")  # the latest first


def client(service: str, seconds: float, *, attempts: int) -> Any:  # noqa: ANN401 - the clients' types are no dependency
    """Make a client that waits ``seconds`` for each of ``attempts``."""
    config = Config(
        connect_timeout=CONNECT_SECONDS,
        read_timeout=seconds,
        retries={"mode": "standard", "total_max_attempts": attempts},
    )
    return aws.client(service, config)


def job_of(answer: Mapping[str, Any]) -> Job:
    """Read GetModelCustomizationJob's answer."""
    return Job(
        id=answer["jobArn"],
        status=STATUSES.get(answer.get("status", ""), "running"),
        model=answer.get("outputModelArn"),
        reason=repeatable(answer.get("failureMessage") or "") or None,
        events=tuple(_stages(answer.get("statusDetails", {}))),
    )


def _stages(details: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    for stage in _STAGES:
        status = details.get(f"{stage}Details", {}).get("status", "NotStarted")
        if status != "NotStarted":
            yield f"{stage}: {status}"
