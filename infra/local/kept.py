"""A folder from which `make local` goes on: the keys, chats and models are those of before."""

from __future__ import annotations

import json
from collections import Counter
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

from infra.local.processes import is_free
from infra.local.workspace import LocalRunError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from infra.local.aws import Aws
    from infra.local.provider import Provider

# What the endpoint calls the executions that were under way when it stopped; it cannot go on with them.
_BROKE_OFF = "States.ServiceRestart"


def go_on_from(kept: Path, aws: Aws, provider: Provider) -> tuple[Aws, Provider]:
    """Give both the address and the key that they had when ``kept`` was made; these, if it is new.

    The endpoint's queues are known by its port, and programs by its address and their key.

    Raises:
        LocalRunError: ``kept`` was made with another protocol, engine or base model, or something else
            listens at its address.
    """
    tuning = provider.tuning
    made_with = f"PROVIDER={provider.protocol} ENGINE={tuning.engine}"
    if tuning.base_model:
        made_with += f" BASE={tuning.base_model}"
    if (before := _remembered(kept / "made_with", made_with)) != made_with:
        raise LocalRunError(f"KEEP={kept} was made with {before}: say so, or take another folder.")
    url = _remembered(kept / "address", aws.url)
    if not is_free(int(url.rpartition(":")[2])):
        raise LocalRunError(f"Something else listens at {url}, the address of KEEP={kept}: stop that first.")
    return replace(aws, url=url), replace(provider, api_key=_remembered(kept / "key", provider.api_key))


def end_what_broke_off(aws: Aws, stack: str) -> None:
    """Clean up after the runs that were under way when the stack stopped, and go on with its removals.

    On AWS a rule does the first when an execution ends unseen; here nobody was there to hear of it.
    """
    session = aws.session
    names = session.client("cloudformation", endpoint_url=aws.url)
    states = cast("Any", session).client("stepfunctions", endpoint_url=aws.url)
    runs, removals = (
        names.describe_stack_resource(StackName=stack, LogicalResourceId=name)["StackResourceDetail"].get(
            "PhysicalResourceId", ""
        )
        for name in ("FineTuneStateMachine", "RemoveStateMachine")
    )
    # One that broke off again and again is started once, under a name that none had yet.
    tries = Counter(each["input"] for each in _broken_off(states, removals))
    again = {f"{json.loads(given)['id']}-{count}": given for given, count in tries.items()}
    for run in _broken_off(states, runs):
        removal = f"cancel-{run['name']}"
        asked = {"id": removal, "reason": "cancel", "execution": run["executionArn"], "by": run["status"]}
        again[removal] = json.dumps({**asked, "after_seconds": 0})
    for name, given in again.items():
        # What an earlier start has seen to has its name.
        with suppress(states.exceptions.ExecutionAlreadyExists):
            states.start_execution(stateMachineArn=removals, name=name, input=given)


def _broken_off(states: Any, machine: str) -> Iterator[dict[str, str]]:  # noqa: ANN401 - botocore has no types
    pages = states.get_paginator("list_executions").paginate(stateMachineArn=machine, statusFilter="FAILED")
    for page in pages:
        for listed in page["executions"]:
            execution = states.describe_execution(executionArn=listed["executionArn"])
            if execution.get("error") == _BROKE_OFF:
                yield execution


def _remembered(file: Path, now: str) -> str:
    """What ``file`` says; ``now``, which it says from now on, where there is none yet."""
    if not file.exists():
        file.touch(mode=0o600)
        file.write_text(now, encoding="utf-8")
    return file.read_text("utf-8")
