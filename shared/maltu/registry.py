"""The registry: one DynamoDB table that knows every persona, its versions and the live one.

======================  ====================  =========================================================
``pk``                  ``sk``                what the item holds
======================  ====================  =========================================================
``personas``            persona               the pointer to the live version
``versions#<persona>``  version               status, timeline, settings, dataset report, job, failure
``exports#<persona>``   identity of exports   the version that was made from exactly these exports
======================  ====================  =========================================================

The state machine writes to the same items without code (``infra/fine_tune.asl.json``); only its conditional
write moves the pointer.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from boto3.dynamodb.types import TypeDeserializer, TypeSerializer

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mypy_boto3_dynamodb.client import DynamoDBClient

Item = dict[str, Any]

_to_dynamo = TypeSerializer().serialize
_from_dynamo = TypeDeserializer().deserialize

# What a retry of the very same drop may take up again: nothing was decided about the export yet.
_UNDECIDED = {"preparing", "InternalError"}


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try at making a version: ``number`` counts from 1, ``run`` names its execution."""

    version: str
    number: int

    @property
    def run(self) -> str:
        """The Step Functions execution's name, unique for 90 days."""
        return f"{self.version}-{self.number}"


@dataclass(frozen=True, slots=True)
class Registry:
    """Reads and writes the registry's table."""

    client: DynamoDBClient
    table: str

    def claim_version(self, persona: str, identity: str, proposed: str) -> str:
        """Give the version that these exports make: ``proposed``, unless they already made one."""
        key = {"pk": f"exports#{persona}", "sk": identity}
        try:
            self._put({**key, "version": proposed}, condition="attribute_not_exists(pk)")
        except self.client.exceptions.ConditionalCheckFailedException:
            # Also where our own write succeeded and its answer was lost: the item says who won.
            return str((self._get(key) or {})["version"])
        return proposed

    def begin(
        self,
        persona: str,
        version: str,
        drop: str,
        about: Mapping[str, Any],
        *,
        run_status: Callable[[str], str | None],
    ) -> Attempt | None:
        """Open an attempt at a version, or join the one that the same drop already opened.

        Args:
            persona: whose version it is.
            version: the version's name.
            drop: what tells this drop from every other one, the object's S3 version id.
            about: what is known of the version so far: its export and settings.
            run_status: how a run's execution stands, None where there is none: a run that nobody could record
                the end of is known by it.

        Returns:
            The attempt, or None where the version is already under way or finished: a failed version is
            only tried again when somebody drops the export again.
        """
        key = {"pk": f"versions#{persona}", "sk": version}
        fresh = {
            **key, **about, "persona": persona, "version": version, "status": "preparing",
            "drop": drop, "attempt": 1, "created_at": now(), "timeline": [_entry("preparing")],
        }  # fmt: skip
        try:
            self._put(fresh, condition="attribute_not_exists(pk)")
        except self.client.exceptions.ConditionalCheckFailedException:
            return self._rejoin(key, drop, run_status)
        return Attempt(version, 1)

    def _rejoin(
        self, key: Mapping[str, str], drop: str, run_status: Callable[[str], str | None]
    ) -> Attempt | None:
        item = self._get(key) or {}
        version, number, status = str(item["version"]), int(item["attempt"]), item["status"]
        failure: Item = item.get("failure") or {}
        if item["drop"] == drop:
            return Attempt(version, number) if _UNDECIDED & {status, failure.get("error")} else None
        execution = run_status(Attempt(version, number).run)
        if status == "preparing" and execution in {None, "RUNNING"}:
            return Attempt(version, number)
        if status not in {"failed", "cancelled"} and not _broke_off(status, execution):
            return None
        try:
            self._update(
                key,
                "SET attempt = :next, #status = :preparing, #drop = :drop, "
                "timeline = list_append(timeline, :entry) REMOVE failure",
                {":next": number + 1, ":preparing": "preparing", ":drop": drop,
                 ":entry": [_entry("preparing")], ":seen": number, ":status": status},
                condition="attempt = :seen AND #status = :status",
            )  # fmt: skip
        except self.client.exceptions.ConditionalCheckFailedException:
            return self._rejoin(key, drop, run_status)
        return Attempt(version, number + 1)

    def record_dataset(self, persona: str, version: str, facts: Mapping[str, Any]) -> None:
        """Add what the dataset turned out to be (settings as resolved, report, estimate) to a version."""
        names = {f"#f{n}": name for n, name in enumerate(facts)}
        values = {f":f{n}": value for n, value in enumerate(facts.values())}
        assignments = ", ".join(f"#f{n} = :f{n}" for n in range(len(facts)))
        self._update(_version_key(persona, version), f"SET {assignments}", values, names=names)

    def record_failure(self, persona: str, version: str, *, error: str, reason: str) -> None:
        """End a version's attempt with its reason."""
        self._update(
            _version_key(persona, version),
            "SET #status = :failed, failure = :failure, timeline = list_append(timeline, :entry)",
            {":failed": "failed", ":failure": {"error": error, "reason": reason, "at": now()},
             ":entry": [_entry("failed")]},
        )  # fmt: skip

    def persona(self, persona: str) -> Item | None:
        """The persona's item, or None."""
        return self._get({"pk": "personas", "sk": persona})

    def personas(self) -> list[Item]:
        """Every persona that has a live version, by name."""
        return self._query("personas")

    def version(self, persona: str, version: str) -> Item | None:
        """One version's item, or None."""
        return self._get(_version_key(persona, version))

    def versions(self, persona: str, *, limit: int = 20) -> list[Item]:
        """The persona's newest versions, newest first."""
        return self._query(f"versions#{persona}", newest_first=True, limit=limit)

    def _get(self, key: Mapping[str, str]) -> Item | None:
        answer = self.client.get_item(TableName=self.table, Key=_pack(key), ConsistentRead=True)
        return _unpack(answer["Item"]) if "Item" in answer else None

    def _put(self, item: Mapping[str, Any], *, condition: str) -> None:
        self.client.put_item(TableName=self.table, Item=_pack(item), ConditionExpression=condition)

    def _update(
        self,
        key: Mapping[str, str],
        expression: str,
        values: Mapping[str, Any],
        *,
        names: Mapping[str, str] | None = None,
        condition: str = "attribute_exists(pk)",
    ) -> None:
        used = {"#status": "status", "#drop": "drop", **(names or {})}
        self.client.update_item(
            TableName=self.table,
            Key=_pack(key),
            UpdateExpression=expression,
            ExpressionAttributeNames={name: used[name] for name in used if name in expression},
            ExpressionAttributeValues=_pack(values),
            ConditionExpression=condition,
        )

    def _query(self, pk: str, *, newest_first: bool = False, limit: int | None = None) -> list[Item]:
        pages = self.client.get_paginator("query").paginate(
            TableName=self.table,
            KeyConditionExpression="pk = :pk",
            ExpressionAttributeValues=_pack({":pk": pk}),
            ScanIndexForward=not newest_first,
            PaginationConfig={"MaxItems": limit} if limit else {},
        )
        return [_unpack(item) for page in pages for item in page["Items"]]


def _broke_off(status: str, execution: str | None) -> bool:
    """Whether a run ended and could not record it: an outage, a time-out, or somebody stopped it."""
    if status == "succeeded":  # but nothing points at it; Step Functions forgets executions after 90 days
        return execution not in {None, "SUCCEEDED", "RUNNING"}
    return execution != "RUNNING"


def now() -> str:
    """The present moment in UTC, to the second, as ISO 8601."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _entry(state: str) -> Item:
    return {"state": state, "at": now()}


def _version_key(persona: str, version: str) -> dict[str, str]:
    return {"pk": f"versions#{persona}", "sk": version}


def _pack(item: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _to_dynamo(_exact(value)) for name, value in item.items()}


def _unpack(item: Mapping[str, Any]) -> Item:
    return {name: _plain(_from_dynamo(value)) for name, value in item.items()}


def _exact(value: Any) -> Any:  # noqa: ANN401 - any JSON value
    """DynamoDB numbers are decimals; a float's shortest decimal form keeps its value."""
    match value:
        case float():
            return Decimal(str(value))
        case dict():
            return {key: _exact(each) for key, each in value.items()}  # pyright: ignore[reportUnknownVariableType]  # JSON
        case list() | tuple():
            return [_exact(each) for each in value]  # pyright: ignore[reportUnknownVariableType]  # JSON
        case _:
            return value


def _plain(value: Any) -> Any:  # noqa: ANN401 - any JSON value
    match value:
        case Decimal():
            return int(value) if value == value.to_integral_value() else float(value)
        case dict():
            return {key: _plain(each) for key, each in value.items()}  # pyright: ignore[reportUnknownVariableType]  # JSON
        case list():
            return [_plain(each) for each in value]  # pyright: ignore[reportUnknownVariableType]  # JSON
        case _:
            return value
