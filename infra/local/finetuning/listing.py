"""Cursor pages, as every list of the API has them."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from starlette.responses import JSONResponse

from infra.local.finetuning.errors import invalid

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request

    from infra.local.finetuning.store import Kind, Order, Record, Store

# Only these lists of OpenAI's tell their ends.
_WITH_ENDS = ("file", "checkpoint")


def page(  # noqa: PLR0913  a page is asked for with that many independent choices
    request: Request,
    store: Store,
    kind: Kind,
    *,
    default: int,
    most: int,
    parent: str = "",
    keep: Callable[[Record], bool] = lambda _: True,
    show: Callable[[Record], Record] = lambda record: record,
) -> JSONResponse:
    """Answer ``after``, ``limit`` and ``order``; the newest record comes first unless ``order=asc``."""
    after = request.query_params.get("after")
    limit = _limit(request, default, most)
    try:
        records = store.scan(kind, parent=parent, after=after, order=_order(request))
    except KeyError:
        raise invalid(f"Invalid 'after': there is no {kind} '{after}' in this list.", param="after") from None
    found = list(islice(filter(keep, records), limit + 1))
    data = [show(record) for record in found[:limit]]
    body: Record = {"object": "list", "data": data, "has_more": len(found) > limit}
    if kind in _WITH_ENDS:
        body |= {"first_id": data[0]["id"] if data else None, "last_id": data[-1]["id"] if data else None}
    return JSONResponse(body)


def _limit(request: Request, default: int, most: int) -> int:
    value = request.query_params.get("limit", str(default))
    if not value.isascii() or not value.isdigit() or not 1 <= int(value) <= most:
        raise invalid(f"Invalid 'limit': expected a whole number from 1 to {most}.", param="limit")
    return int(value)


def _order(request: Request) -> Order:
    match request.query_params.get("order", "desc"):
        case "asc":
            return "asc"
        case "desc":
            return "desc"
        case _:
            raise invalid("Invalid 'order': expected 'asc' or 'desc'.", param="order")
