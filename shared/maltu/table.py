"""One DynamoDB table of plain items: strings, numbers, lists and maps go in and come out as they were."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mypy_boto3_dynamodb.client import DynamoDBClient

Item = dict[str, Any]

# Words that DynamoDB keeps for itself; expressions name them with "#".
_RESERVED = {"#status": "status", "#drop": "drop", "#by": "by"}

EXISTS = "attribute_exists(pk)"
IS_NEW = "attribute_not_exists(pk)"


@dataclass(frozen=True, slots=True)
class Condition:
    """What must hold for an item; values are named in the expression by ``:name``."""

    key: Mapping[str, str]
    expression: str
    values: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Table:
    """Reads and writes items by ``pk`` and ``sk``; conditional writes say whether their condition held."""

    client: DynamoDBClient
    name: str

    def get(self, key: Mapping[str, str]) -> Item | None:
        """The item, as the latest write left it."""
        answer = self.client.get_item(TableName=self.name, Key=_pack(key), ConsistentRead=True)
        return _unpack(answer["Item"]) if "Item" in answer else None

    def put(self, item: Mapping[str, Any], *, condition: str | None = None) -> bool:
        """Write an item whole."""
        more: Any = {"ConditionExpression": condition} if condition else {}
        try:
            self.client.put_item(TableName=self.name, Item=_pack(item), **more)
        except self.client.exceptions.ConditionalCheckFailedException:
            return False
        return True

    def update(
        self,
        key: Mapping[str, str],
        expression: str,
        values: Mapping[str, Any],
        *,
        names: Mapping[str, str] | None = None,
        condition: str = EXISTS,
    ) -> bool:
        """Change attributes of an item."""
        return self.update_or_see(key, expression, values, names=names, condition=condition)[0]

    def update_or_see(
        self,
        key: Mapping[str, str],
        expression: str,
        values: Mapping[str, Any],
        *,
        names: Mapping[str, str] | None = None,
        condition: str,
    ) -> tuple[bool, Item]:
        """Change attributes of an item; where its condition failed, give the item that it failed for.

        Returns:
            Whether the condition held, and otherwise the item as it was in that moment, empty where there was
            none.
        """
        try:
            self.client.update_item(
                TableName=self.name,
                Key=_pack(key),
                UpdateExpression=expression,
                ConditionExpression=condition,
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
                **_used(expression + condition, values, names),
            )
        except self.client.exceptions.ConditionalCheckFailedException as failed:
            return False, _unpack(failed.response.get("Item", {}))
        return True, {}

    def update_if(
        self,
        key: Mapping[str, str],
        expression: str,
        values: Mapping[str, Any],
        *,
        condition: str,
        also: Condition,
    ) -> bool:
        """Change one item where ``condition`` holds for it and ``also`` for another, at once."""
        change: Any = {
            "Update": {
                "TableName": self.name, "Key": _pack(key), "UpdateExpression": expression,
                "ConditionExpression": condition, **_used(expression + condition, values, None),
            }
        }  # fmt: skip
        check: Any = {
            "ConditionCheck": {
                "TableName": self.name, "Key": _pack(also.key), "ConditionExpression": also.expression,
                **_used(also.expression, also.values, None),
            }
        }  # fmt: skip
        try:
            self.client.transact_write_items(TransactItems=[change, check])
        except self.client.exceptions.TransactionCanceledException:
            return False
        return True

    def delete(self, key: Mapping[str, str]) -> bool:
        """Remove an item; False where there was none."""
        gone = self.client.delete_item(TableName=self.name, Key=_pack(key), ReturnValues="ALL_OLD")
        return "Attributes" in gone

    def query(
        self, pk: str, *, prefix: str = "", newest_first: bool = False, limit: int | None = None
    ) -> list[Item]:
        """The items of a partition whose ``sk`` begins with ``prefix``, in the order of ``sk``."""
        beginning = {":prefix": prefix} if prefix else {}
        pages = self.client.get_paginator("query").paginate(
            TableName=self.name,
            KeyConditionExpression="pk = :pk" + (" AND begins_with(sk, :prefix)" if prefix else ""),
            ExpressionAttributeValues=_pack({":pk": pk, **beginning}),
            ScanIndexForward=not newest_first,
            ConsistentRead=True,
            PaginationConfig={"MaxItems": limit} if limit else {},
        )
        return [_unpack(item) for page in pages for item in page["Items"]]


def _used(expressions: str, values: Mapping[str, Any], names: Mapping[str, str] | None) -> dict[str, Any]:
    known = {**_RESERVED, **(names or {})}
    named = {short: known[short] for short in known if short in expressions}
    return {
        **({"ExpressionAttributeNames": named} if named else {}),
        **({"ExpressionAttributeValues": _pack(values)} if values else {}),
    }


def _pack(item: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _to_dynamo(value) for name, value in item.items()}


def _unpack(item: Mapping[str, Any]) -> Item:
    return {name: _from_dynamo(value) for name, value in item.items()}


def _to_dynamo(value: Any) -> dict[str, Any]:  # noqa: ANN401 - any JSON value
    """Name a value's type as DynamoDB does; a float's shortest decimal form keeps its value."""
    match value:
        case None:
            return {"NULL": True}
        case bool():
            return {"BOOL": value}
        case int() | float():
            return {"N": repr(value)}
        case str():
            return {"S": value}
        case list() | tuple():
            return {"L": [_to_dynamo(each) for each in value]}  # pyright: ignore[reportUnknownVariableType]  # JSON
        case _:
            return {"M": _pack(value)}


def _from_dynamo(typed: Mapping[str, Any]) -> Any:  # noqa: ANN401 - any JSON value
    ((kind, value),) = typed.items()
    match kind:
        case "NULL":
            return None
        case "N":
            return _number(value)
        case "L":
            return [_from_dynamo(each) for each in value]
        case "M":
            return _unpack(value)
        case _:
            return value


def _number(text: str) -> float:
    """Read a decimal; what is whole is an int, as DynamoDB does not tell 1 from 1.0."""
    try:
        return int(text)
    except ValueError:
        number = float(text)
        return int(number) if number.is_integer() else number
