"""The state machines and the owner's notifications, as the functions see them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mypy_boto3_sns.client import SNSClient
    from mypy_boto3_stepfunctions.client import SFNClient

    from maltu.errors import MaltuError


@dataclass(frozen=True, slots=True)
class Workflow:
    """Starts, stops and answers runs, and starts removals."""

    client: SFNClient
    state_machine: str
    removal_machine: str

    def start(self, run: str, about: Mapping[str, Any]) -> None:
        """Start the execution named ``run``; one that was started before is left alone."""
        self._start(self.state_machine, run, about)

    def stop(self, run: str) -> bool:
        """Stop the execution named ``run`` wherever it is; False where it had ended or never began."""
        if self.status(run) != "RUNNING":
            return False
        self.client.stop_execution(executionArn=self._execution(run))
        return True

    def started_with(self, execution: str) -> dict[str, Any]:
        """What the execution of this ARN was started with."""
        return json.loads(self.client.describe_execution(executionArn=execution)["input"])

    def approve(self, token: str) -> bool:
        """Let the run that gave this token go on; False where it no longer waits."""
        return self._answer(token, {"approved": True})

    def reject(self, token: str, error: type[MaltuError], cause: str) -> bool:
        """End the run that gave this token; False where it no longer waits."""
        return self._answer(token, {"approved": False, "error": error.__name__, "cause": cause})

    def call(self, token: str) -> bool:
        """Let the run that gave this token wait no longer; False where it does not."""
        return self._answer(token, {})

    def remove(self, removal: str, about: Mapping[str, Any]) -> None:
        """Start the removal of this name; one that was started before is left alone."""
        self._start(self.removal_machine, removal, {"id": removal, "after_seconds": 0, **about})

    def _start(self, machine: str, name: str, about: Mapping[str, Any]) -> None:
        try:
            self.client.start_execution(stateMachineArn=machine, name=name, input=json.dumps(about))
        except self.client.exceptions.ExecutionAlreadyExists:
            return

    def status(self, run: str) -> str | None:
        """How the execution named ``run`` stands, in Step Functions' words; None where there is none."""
        try:
            return self.client.describe_execution(executionArn=self._execution(run))["status"]
        except self.client.exceptions.ExecutionDoesNotExist:
            return None

    def _execution(self, run: str) -> str:
        return f"{self.state_machine.replace(':stateMachine:', ':execution:')}:{run}"

    def _answer(self, token: str, decision: Mapping[str, Any]) -> bool:
        known = self.client.exceptions
        try:
            self.client.send_task_success(taskToken=token, output=json.dumps(decision))
        except (known.TaskTimedOut, known.TaskDoesNotExist, known.InvalidToken):
            return False
        return True


@dataclass(frozen=True, slots=True)
class Notifier:
    """Tells the owner."""

    client: SNSClient
    topic: str

    def failed(self, *, where: str, error: str, reason: str) -> None:
        """Say that nothing could be made of a drop; ``where`` is the object's key."""
        self._tell("Maltu: an export could not be used", f"{where}\n\n{reason}\n\n({error})", "failed")

    def approval_needed(
        self, *, persona: str, run: str, estimate: float | None, budget: float | None
    ) -> None:
        """Ask for a yes or a no to a run's price, in US dollars."""
        price = "an unknown price" if estimate is None else f"about {estimate:.2f} USD"
        limit = "there is no budget" if budget is None else f"the budget is {budget:.2f} USD"
        path = f"/v1/personas/{persona}/runs/{run}"
        self._tell(
            "Maltu: a persona waits for your approval",
            f"Persona: {persona}\nRun: {run}\n\n"
            f"Training would cost {price}; {limit}. Nothing was sent yet.\n"
            f"POST {path}/approve lets it go on, POST {path}/reject ends it; after 7 days it ends by itself.",
            "awaiting_approval",
        )

    def cancelled(self, *, persona: str, run: str, by: str) -> None:
        """Say that a run was cancelled."""
        self._tell("Maltu: a run was cancelled", f"Persona: {persona}\nRun: {run}\n\nBy: {by}", "cancelled")

    def erased(self, *, persona: str, removal: str, complete: bool) -> None:
        """Say that nothing is left of a persona, or that the provider refused to remove something."""
        left = (
            ""
            if complete
            else "The provider refused to remove some of it: do that there, then erase again.\n"
        )
        self._tell(
            "Maltu: a persona was erased" if complete else "Maltu: a persona was not erased completely",
            f"Persona: {persona}\n\n{left}GET /v1/removals/{removal} says what was removed where.",
            "erased" if complete else "incomplete",
        )

    def _tell(self, subject: str, message: str, status: str) -> None:
        self.client.publish(
            TopicArn=self.topic,
            Subject=subject,  # ASCII, which persona names are not
            Message=message,
            MessageAttributes={"status": {"DataType": "String", "StringValue": status}},
        )
