"""A table's partition that takes several pages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import pytest

from maltu.table import Table

if TYPE_CHECKING:
    from collections.abc import Mapping

    from maltu.aws_json import Client


class Paged:
    """Answers queries with two items a page, or with as many fewer as the limit says; five there are."""

    def __init__(self) -> None:
        self.limits: list[int | None] = []

    def call(self, operation: str, asked: Mapping[str, Any]) -> dict[str, Any]:
        assert operation == "Query"
        limit: int | None = asked.get("Limit")
        self.limits.append(limit)
        start = int(asked["ExclusiveStartKey"]["sk"]["S"]) + 1 if "ExclusiveStartKey" in asked else 0
        end = min(start + min(2, limit or 2), 5)
        last = {"LastEvaluatedKey": {"sk": {"S": str(end - 1)}}} if end < 5 else {}
        return {"Items": [{"sk": {"S": str(n)}} for n in range(start, end)], **last}


@pytest.mark.parametrize(
    ("limit", "limits"), [(None, [None] * 3), (1, [1]), (3, [3, 1]), (4, [4, 2]), (9, [9, 7, 5])]
)
def test_a_query_reads_as_many_pages_as_it_needs(limit: int | None, limits: list[int | None]) -> None:
    paged = Paged()
    items = Table(cast("Client", paged), "t").query("p", limit=limit)
    assert [item["sk"] for item in items] == [str(n) for n in range(min(limit or 5, 5))]
    assert paged.limits == limits
