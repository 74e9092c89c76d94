"""One DynamoDB table of plain items: strings, numbers, lists and maps go in and come out as they were."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from maltu.aws_json import Client

Item = dict[str, Any]

# Words that DynamoDB keeps for itself; expressions name them with "#".
_RESERVED = {"#status": "status", "#drop": "drop", "#by": "by"}

EXISTS = "attribute_exists(pk)"
IS_NEW = "attribute_not_exists(pk)"
_HELD_NOT: Final = "ConditionalCheckFailedException"
_CANCELED: Final = "TransactionCanceledException"


@dataclass(frozen=True, slots=True)
class Condition:
    """What must hold for an item; values are named in the expression by ``:name``."""

    key: Mapping[str, str]
    expression: str
    values: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Table:
    """Reads and writes items by ``pk`` and ``sk``; conditional writes say whether their condition held.

    Attributes:
        client: DynamoDB's.
        name: the table's.
    """

    client: Client
    name: str

    def get(self, key: Mapping[str, str]) -> Item | None:
        """The item, as the latest write left it."""
        answer = self._ask("GetItem", Key=_pack(key), ConsistentRead=True)
        return _unpack(answer["Item"]) if "Item" in answer else None

    def put(self, item: Mapping[str, Any], *, condition: str | None = None) -> bool:
        """Write an item whole."""
        more = {"ConditionExpression": condition} if condition else {}
        try:
            self._ask("PutItem", Item=_pack(item), **more)
        except ClientError as error:
            _pass_over(error, _HELD_NOT)
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
            self._ask(
                "UpdateItem",
                Key=_pack(key),
                UpdateExpression=expression,
                ConditionExpression=condition,
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
                **_used(expression + condition, values, names),
            )
        except ClientError as error:
            _pass_over(error, _HELD_NOT)
            return False, _unpack(error.response.get("Item", {}))
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
            # By the token it is known again where it is asked for twice.
            asked = {"TransactItems": [change, check], "ClientRequestToken": str(uuid.uuid4())}
            self.client.call("TransactWriteItems", asked)
        except ClientError as error:
            _pass_over(error, _CANCELED)
            return False
        return True

    def delete(self, key: Mapping[str, str]) -> bool:
        """Remove an item; False where there was none."""
        return "Attributes" in self._ask("DeleteItem", Key=_pack(key), ReturnValues="ALL_OLD")

    def query(
        self, pk: str, *, prefix: str = "", newest_first: bool = False, limit: int | None = None
    ) -> list[Item]:
        """The items of a partition whose ``sk`` begins with ``prefix``, in the order of ``sk``."""
        beginning = {":prefix": prefix} if prefix else {}
        asked = {
            "KeyConditionExpression": "pk = :pk" + (" AND begins_with(sk, :prefix)" if prefix else ""),
            "ExpressionAttributeValues": _pack({":pk": pk, **beginning}),
            "ScanIndexForward": not newest_first,
            "ConsistentRead": True,
        }
        items: list[Item] = []
        after: dict[str, Any] = {}
        while limit is None or len(items) < limit:
            left = {} if limit is None else {"Limit": limit - len(items)}
            page = self._ask("Query", **asked, **left, **after)
            items += map(_unpack, page["Items"])
            if "LastEvaluatedKey" not in page:
                break
            after = {"ExclusiveStartKey": page["LastEvaluatedKey"]}
        return items

    def _ask(self, operation: str, **asked: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
        return self.client.call(operation, {"TableName": self.name, **asked})


def _pass_over(error: ClientError, code: str) -> None:
    if error.response.get("Error", {}).get("Code") != code:
        raise error


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
