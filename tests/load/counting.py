"""What a load left behind, read from the stack itself: versions, executions, memory."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from infra.local.stack import Stack

Json = dict[str, Any]

ENDED = {"succeeded", "failed", "cancelled", "rejected", "superseded", "candidate"}
PAGE_KILOBYTES = 4


@dataclass(frozen=True)
class Version:
    """A version of the registry: whose, how it stands, and when it came to which state, in seconds."""

    persona: str
    status: str
    exports: frozenset[str]
    reached: Mapping[str, float]
    error: str | None

    @property
    def waited(self) -> float:
        """Seconds from its drop to its job."""
        return self.reached["training"] - self.reached["preparing"]


def versions(stack: Stack) -> list[Version]:
    """Every version that the registry knows."""
    items = _client(stack, "dynamodb").get_paginator("scan").paginate(TableName=stack.outputs["TableName"])
    return [
        _version(item) for page in items for item in page["Items"] if item["pk"]["S"].startswith("versions#")
    ]


def _version(item: Json) -> Version:
    return Version(
        persona=item["persona"]["S"],
        status=item["status"]["S"],
        exports=frozenset(each["S"] for each in item.get("exports", {"L": []})["L"]),
        reached={
            entry["M"]["state"]["S"]: datetime.fromisoformat(entry["M"]["at"]["S"]).timestamp()
            for entry in item["timeline"]["L"]
        },
        error=item["failure"]["M"]["error"]["S"] if "M" in item.get("failure", {}) else None,
    )


def queued(stack: Stack, name: str) -> int:
    """How many messages a queue holds, seen or not."""
    client = _client(stack, "sqs")
    counts = ("ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible")
    found = 0
    for url in client.list_queues().get("QueueUrls", []):
        if name in url:
            attributes = client.get_queue_attributes(QueueUrl=url, AttributeNames=list(counts))["Attributes"]
            found += sum(int(attributes[count]) for count in counts)
    return found


@dataclass(frozen=True)
class Runs:
    """All executions: how they ended, the states that each entered, and what the provider refused."""

    statuses: Counter[str]
    transitions: list[int]
    refused: int


def runs(stack: Stack) -> Runs:
    """Read every execution's history."""
    client = _client(stack, "stepfunctions")
    machine = stack.outputs["StateMachineArn"]
    statuses: Counter[str] = Counter()
    transitions: list[int] = []
    refused = 0
    for page in client.get_paginator("list_executions").paginate(stateMachineArn=machine):
        for each in page["executions"]:
            statuses[each["status"]] += 1
            events = _history(client, each["executionArn"])
            transitions.append(sum(event["type"].endswith("StateEntered") for event in events))
            refused += sum("RateLimited" in str(event.get("taskFailedEventDetails")) for event in events)
    return Runs(statuses, transitions, refused)


def _history(client: Any, execution: str) -> list[Json]:  # noqa: ANN401 - a client of boto3
    pages = client.get_paginator("get_execution_history").paginate(executionArn=execution)
    return [event for page in pages for event in page["events"]]


def resident_megabytes(pid: int) -> float:
    """What a process and all that it started hold in memory."""
    children: dict[int, list[int]] = {}
    for process, parent in _parents():
        children.setdefault(parent, []).append(process)
    total, todo = 0, [pid]
    while todo:
        process = todo.pop()
        todo += children.get(process, [])
        total += _resident(process)
    return total / 1000


def _parents() -> Iterator[tuple[int, int]]:
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            yield int(folder.name), int((folder / "stat").read_text().rpartition(")")[2].split()[1])
        except (OSError, ValueError):
            continue


def _resident(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * PAGE_KILOBYTES
    except (OSError, ValueError):
        return 0


def _client(stack: Stack, service: str) -> Any:  # noqa: ANN401 - boto3's, by a name that is not a literal
    return cast("Any", stack.aws.session).client(service, endpoint_url=stack.aws.url)
