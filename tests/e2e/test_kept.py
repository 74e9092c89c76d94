"""A folder of a person's own, from which the local stack goes on after it was stopped."""

from __future__ import annotations

import json
import socket
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, cast

import pytest

from infra.local.aws import Aws
from infra.local.kept import end_what_broke_off, go_on_from
from infra.local.processes import running_children
from infra.local.provider import PROTOCOLS, Provider, Tuning
from infra.local.workspace import LocalRunError, Workspace

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from pathlib import Path

STACK = "maltu"


def machine(seconds: int) -> dict[str, Any]:
    states = {"Wait": {"Type": "Wait", "Seconds": seconds, "End": True}}
    definition = json.dumps({"StartAt": "Wait", "States": states})
    role = "arn:aws:iam::000000000000:role/any"
    properties = {"DefinitionString": definition, "RoleArn": role}
    return {"Type": "AWS::StepFunctions::StateMachine", "Properties": properties}


MACHINES = {"Resources": {"FineTuneStateMachine": machine(3600), "RemoveStateMachine": machine(3600)}}


@contextmanager
def endpoint(place: Workspace) -> Generator[tuple[Aws, Callable[[str], Any]]]:
    kept = place.kept
    assert kept
    aws, _ = go_on_from(kept, Aws.on_free_port(), Provider.on_free_port(PROTOCOLS[0]))
    with running_children(place) as children:
        aws.wait(aws.start(children, elsewhere={}), children)
        yield aws, lambda name: cast("Any", aws.session).client(name, endpoint_url=aws.url)


def test_what_was_dropped_stays_and_what_was_under_way_is_cleaned_up(tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    kept.mkdir()
    place = Workspace(tmp_path, tmp_path, kept)
    with endpoint(place) as (before, client):
        client("s3").create_bucket(Bucket="chats")
        client("s3").put_object(Bucket="chats", Key="exports/하준/a.csv", Body=b"Date,User,Message")
        client("cloudformation").create_stack(StackName=STACK, TemplateBody=json.dumps(MACHINES))
        client("cloudformation").get_waiter("stack_create_complete").wait(StackName=STACK)
        arns = {
            each["name"]: each["stateMachineArn"]
            for each in client("stepfunctions").list_state_machines()["stateMachines"]
        }
        (runs,) = (arn for name, arn in arns.items() if "FineTune" in name)
        (removals,) = (arn for name, arn in arns.items() if "Remove" in name)
        run = client("stepfunctions").start_execution(stateMachineArn=runs, name="run-1", input="{}")
        erasing = json.dumps({"id": "erase-1", "reason": "erase"})
        client("stepfunctions").start_execution(stateMachineArn=removals, name="erase-1", input=erasing)

    def removing() -> dict[str, Any]:
        listed = client("stepfunctions").list_executions(stateMachineArn=removals, statusFilter="RUNNING")
        described = (
            client("stepfunctions").describe_execution(executionArn=each["executionArn"])
            for each in listed["executions"]
        )
        return {each["name"]: json.loads(each["input"]) for each in described}

    cancelling = {"id": "cancel-run-1", "reason": "cancel", "execution": run["executionArn"]}
    for restart in (1, 2):
        with endpoint(place) as (aws, client):
            assert aws == before
            assert client("s3").get_object(Bucket="chats", Key="exports/하준/a.csv")["Body"].read()
            assert removing() == {}

            end_what_broke_off(aws, STACK)
            under_way = removing()
            end_what_broke_off(aws, STACK)

            assert removing() == under_way
            name = "cancel-run-1" if restart == 1 else "cancel-run-1-1"
            assert under_way.keys() == {name, f"erase-1-{restart}"}
            assert cancelling.items() <= under_way[name].items()


def test_another_engine_takes_another_folder(tmp_path: Path) -> None:
    aws = Aws.on_free_port()
    go_on_from(tmp_path, aws, Provider.on_free_port("openai", Tuning("lora", "a/model")))

    with pytest.raises(LocalRunError, match="was made with PROVIDER=openai ENGINE=lora BASE=a/model"):
        go_on_from(tmp_path, aws, Provider.on_free_port("openai"))


def test_the_address_and_the_key_stay_and_a_taken_address_is_named(tmp_path: Path) -> None:
    first = go_on_from(tmp_path, Aws.on_free_port(), Provider.on_free_port("openai"))
    aws, provider = go_on_from(tmp_path, Aws.on_free_port(), Provider.on_free_port("openai"))

    assert (aws.url, provider.api_key) == (first[0].url, first[1].api_key)
    assert (tmp_path / "key").stat().st_mode & 0o077 == 0
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", int(aws.url.rpartition(":")[2])))
        listening.listen()
        with pytest.raises(LocalRunError, match=f"listens at {aws.url}"):
            go_on_from(tmp_path, aws, provider)
