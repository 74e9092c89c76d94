"""The state machine and the owner's notifications, as preprocessing sees them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mypy_boto3_sns.client import SNSClient
    from mypy_boto3_stepfunctions.client import SFNClient


@dataclass(frozen=True, slots=True)
class Workflow:
    """Starts runs."""

    client: SFNClient
    state_machine: str

    def start(self, run: str, about: Mapping[str, Any]) -> None:
        """Start the execution named ``run``; one that was started before is left alone."""
        try:
            self.client.start_execution(stateMachineArn=self.state_machine, name=run, input=json.dumps(about))
        except self.client.exceptions.ExecutionAlreadyExists:
            return

    def status(self, run: str) -> str | None:
        """How the execution named ``run`` stands, in Step Functions' words; None where there is none."""
        arn = f"{self.state_machine.replace(':stateMachine:', ':execution:')}:{run}"
        try:
            return self.client.describe_execution(executionArn=arn)["status"]
        except self.client.exceptions.ExecutionDoesNotExist:
            return None


@dataclass(frozen=True, slots=True)
class Notifier:
    """Tells the owner."""

    client: SNSClient
    topic: str

    def failed(self, *, where: str, error: str, reason: str) -> None:
        """Say that nothing could be made of a drop; ``where`` is the object's key."""
        self.client.publish(
            TopicArn=self.topic,
            # Subjects are ASCII, persona names are not.
            Subject="Maltu: an export could not be used",
            Message=f"{where}\n\n{reason}\n\n({error})",
            MessageAttributes={"status": {"DataType": "String", "StringValue": "failed"}},
        )
