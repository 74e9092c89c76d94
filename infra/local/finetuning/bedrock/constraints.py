"""What botocore's model of a service says about a value: members, types, enums, lengths and patterns."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sized

    from botocore.model import ListShape, MapShape, Shape, StringShape, StructureShape

_TYPES: Final[dict[str, tuple[type, ...]]] = {
    "string": (str,), "boolean": (bool,), "integer": (int,), "long": (int,), "float": (int, float),
    "double": (int, float), "timestamp": (str,), "list": (list,), "map": (dict,), "structure": (dict,),
}  # fmt: skip
_ISO_8601 = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?Z")


def violations(shape: Shape, value: object, where: str = "", *, closed: bool = False) -> Iterator[str]:
    """Say what is wrong with a JSON value, in AWS's words; values are not quoted.

    Args:
        shape: what it should be.
        value: the parsed JSON, timestamps as they travel.
        where: the value's path, empty for the whole.
        closed: whether a member that the model does not know is wrong.
    """
    if shape.metadata.get("document"):
        return
    disguised = isinstance(value, bool) and shape.type_name != "boolean"
    if disguised or not isinstance(value, _TYPES[shape.type_name]):
        yield _failed(where, f"Member must be of type {shape.type_name}")
    elif shape.type_name in _CHECKS:
        yield from _CHECKS[shape.type_name](shape, value, where, closed)


def _of_structure(shape: StructureShape, value: dict[str, Any], where: str, closed: object) -> Iterator[str]:
    prefix = f"{where}." if where else ""
    given = {name: each for name, each in value.items() if each is not None}
    for name in shape.required_members:
        if name not in given:
            yield _failed(prefix + name, "Member must not be null")
    if shape.metadata.get("union") and len(given.keys() & shape.members.keys()) != 1:
        yield _failed(where, "Member must have exactly one of its members set")
    for name, each in given.items():
        if name in shape.members:
            yield from violations(shape.members[name], each, prefix + name, closed=bool(closed))
        elif closed:
            yield _failed(prefix + name, "There is no such member")


def _of_list(shape: ListShape, value: list[object], where: str, closed: object) -> Iterator[str]:
    yield from _of_size(shape, value, where)
    for at, each in enumerate(value, 1):
        yield from violations(shape.member, each, f"{where}.{at}.member", closed=bool(closed))


def _of_map(shape: MapShape, value: dict[str, object], where: str, closed: object) -> Iterator[str]:
    yield from _of_size(shape, value, where)
    for at, (key, each) in enumerate(value.items(), 1):
        yield from violations(shape.key, key, f"{where}.{at}.key")
        yield from violations(shape.value, each, f"{where}.{at}.value", closed=bool(closed))


def _of_string(shape: StringShape, value: str, where: str, _: object) -> Iterator[str]:
    if shape.enum and value not in shape.enum:
        yield _failed(where, f"Member must satisfy enum value set: [{', '.join(shape.enum)}]")
    wrong_size = list(_of_size(shape, value, where))
    yield from wrong_size
    pattern: str | None = shape.metadata.get("pattern")
    # A value that is too long is wrong already, and some patterns take long over it.
    if pattern and not wrong_size and not re.fullmatch(pattern, value):
        yield _failed(where, f"Member must satisfy regular expression pattern: {pattern}")


def _of_timestamp(_: Shape, value: str, where: str, __: object) -> Iterator[str]:
    if not _ISO_8601.fullmatch(value):
        yield _failed(where, "Member must be a timestamp in ISO 8601, in UTC")


def _of_number(shape: Shape, value: float, where: str, _: object) -> Iterator[str]:
    low, high = _bounds(shape)
    if low is not None and value < low:
        yield _failed(where, f"Member must have value greater than or equal to {low}")
    if high is not None and value > high:
        yield _failed(where, f"Member must have value less than or equal to {high}")


def _of_size(shape: Shape, value: Sized, where: str) -> Iterator[str]:
    low, high = _bounds(shape)
    if low is not None and len(value) < low:
        yield _failed(where, f"Member must have length greater than or equal to {low}")
    if high is not None and len(value) > high:
        yield _failed(where, f"Member must have length less than or equal to {high}")


def _bounds(shape: Shape) -> tuple[float | None, float | None]:
    return shape.metadata.get("min"), shape.metadata.get("max")


def _failed(where: str, why: str) -> str:
    return f"Value at '{where}' failed to satisfy constraint: {why}"


_CHECKS: Final[dict[str, Callable[[Any, Any, str, object], Iterator[str]]]] = {
    "structure": _of_structure, "list": _of_list, "map": _of_map, "string": _of_string,
    "timestamp": _of_timestamp, "integer": _of_number, "long": _of_number, "float": _of_number,
    "double": _of_number,
}  # fmt: skip
