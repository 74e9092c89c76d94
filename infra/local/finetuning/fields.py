"""Reading the fields of a request body, with OpenAI's messages where they are wrong."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, cast

from infra.local.finetuning.errors import invalid

if TYPE_CHECKING:
    from starlette.requests import Request

    from infra.local.finetuning.store import Record

_JSON_NAMES = {
    "NoneType": "null", "bool": "a boolean", "int": "an integer", "float": "a number",
    "str": "a string", "list": "an array", "dict": "an object",
}  # fmt: skip


async def json_body(request: Request) -> Record:
    """The request's JSON object."""
    try:
        body = json.loads(await request.body())
    except (UnicodeDecodeError, json.JSONDecodeError):
        raise invalid(
            "We could not parse the JSON body of your request. It must be valid JSON in UTF-8."
        ) from None
    return mapping({"body": body}, "body") or {}


def wrong_type(name: str, expected: str, value: object) -> Exception:
    """The error for a value of another JSON type than expected."""
    got = _JSON_NAMES.get(type(value).__name__, "something else")
    message = f"Invalid type for '{name}': expected {expected}, but got {got} instead."
    return invalid(message, param=name, code="invalid_type")


def required(body: Record, name: str) -> Any:  # noqa: ANN401  a JSON value has no type until it is read
    """A value that must be there."""
    value = body.get(name)
    if value is None:
        raise invalid(f"Missing required parameter: '{name}'.", param=name, code="missing_required_parameter")
    return value


def text(body: Record, name: str, *, longest: int | None = None) -> str | None:
    """An optional string of at most ``longest`` characters."""
    value = body.get(name)
    if value is None:
        return None
    if not isinstance(value, str):
        raise wrong_type(name, "a string", value)
    if longest is not None and len(value) > longest:
        raise invalid(
            f"Invalid '{name}': string too long. Expected a string with maximum length {longest}, "
            f"but got a string with length {len(value)} instead.",
            param=name,
            code="string_above_max_length",
        )
    return value


def integer(body: Record, name: str, *, low: int | None = None, high: int | None = None) -> int | None:
    """An optional whole number between ``low`` and ``high``, both included."""
    value = body.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int):
        raise wrong_type(name, "an integer", value)
    _check_range(name, value, "integer", low, high)
    return value


def number(body: Record, name: str, *, low: float | None = None, high: float | None = None) -> float | None:
    """An optional number between ``low`` and ``high``, both included."""
    value = body.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise wrong_type(name, "a number", value)
    _check_range(name, value, "decimal", low, high)
    return float(value)


def mapping(body: Record, name: str) -> Record | None:
    """An optional JSON object."""
    value = body.get(name)
    if value is None:
        return None
    if not isinstance(value, dict):
        raise wrong_type(name, "an object", value)
    return cast("Record", value)


def _check_range(name: str, value: float, kind: str, low: float | None, high: float | None) -> None:
    if low is not None and value < low:
        sign, bound, side, word = ">=", low, "below_min", "below minimum"
    elif high is not None and value > high:
        sign, bound, side, word = "<=", high, "above_max", "above maximum"
    else:
        return
    raise invalid(
        f"Invalid '{name}': {kind} {word} value. Expected a value {sign} {bound}, but got {value} instead.",
        param=name,
        code=f"{kind}_{side}_value",
    )
