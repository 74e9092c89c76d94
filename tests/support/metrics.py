"""The template's metric filters, read as CloudWatch Logs reads them: which points a log line makes."""

from __future__ import annotations

import json
import operator
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, cast

from tests.support.template import TEMPLATE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

Line = dict[str, Any]

_TOKEN: Final = re.compile(r'\s*(\$\.[\w.]+|"[^"]*"|>=|=|&&|\|\||[()*]|\d+)')
_COMPARED: Final[Mapping[str, Callable[[Any, Any], bool]]] = {"=": operator.eq, ">=": operator.ge}


@dataclass(frozen=True, slots=True)
class Point:
    """One value of a metric."""

    name: str
    value: float
    dimensions: tuple[tuple[str, str], ...] = ()


def filters() -> dict[str, Line]:
    """Every metric filter of the template, by its name there."""
    return {
        name: resource["Properties"]
        for name, resource in TEMPLATE["Resources"].items()
        if resource["Type"] == "AWS::Logs::MetricFilter"
    }


def points(logs: Mapping[str, Iterable[Line]]) -> Iterator[Point]:
    """What the lines of each log group are counted as."""
    for each in filters().values():
        (made,) = each["MetricTransformations"]
        for line in logs.get(each["LogGroupName"]["Ref"], ()):
            if not matches(each["FilterPattern"], line):
                continue
            value = made["MetricValue"]
            named = tuple((of["Key"], str(_at(line, of["Value"]))) for of in made.get("Dimensions", ()))
            yield Point(
                made["MetricName"], float(_at(line, value) if value.startswith("$") else value), named
            )


def matches(pattern: str, line: Line) -> bool:
    """Whether a JSON pattern is true of a line."""
    inside = pattern.strip().removeprefix("{").removesuffix("}").strip()
    tokens = _TOKEN.findall(inside)
    assert "".join(tokens) == re.sub(r"\s+(?=(?:[^\"]*\"[^\"]*\")*[^\"]*$)", "", inside), pattern
    true = _any(tokens, line)
    assert not tokens, pattern
    return true


def _any(tokens: list[str], line: Line) -> bool:
    true = _all(tokens, line)
    while tokens and tokens[0] == "||":
        del tokens[0]
        true = _all(tokens, line) or true
    return true


def _all(tokens: list[str], line: Line) -> bool:
    true = _one(tokens, line)
    while tokens and tokens[0] == "&&":
        del tokens[0]
        true = _one(tokens, line) and true
    return true


def _one(tokens: list[str], line: Line) -> bool:
    first = tokens.pop(0)
    if first == "(":
        true = _any(tokens, line)
        assert tokens.pop(0) == ")"
        return true
    compared, literal = tokens.pop(0), tokens.pop(0)
    found = _at(line, first)
    if found is None or literal == "*":
        return found is not None
    wanted = json.loads(literal)
    return isinstance(found, type(wanted)) and _COMPARED[compared](found, wanted)


def _at(line: Line, selector: str) -> Any:  # noqa: ANN401 - JSON
    found: Any = line
    for name in selector.removeprefix("$.").split("."):
        found = cast("Line", found).get(name) if isinstance(found, dict) else None
    return found


def group_of(folder: str) -> str:
    """The log group that ``functions/<folder>`` writes to, by its name in the template."""
    for name, resource in TEMPLATE["Resources"].items():
        words = re.sub(r"(?<!^)(?=[A-Z])", "_", name.removesuffix("Function")).lower()
        if resource["Type"] == "AWS::Serverless::Function" and words == folder:
            return resource["Properties"]["LoggingConfig"]["LogGroup"]["Ref"]
    raise LookupError(folder)


def access_line(**known: str | int) -> Line:
    """What API Gateway logs of a request."""
    text: str = TEMPLATE["Resources"]["Api"]["Properties"]["AccessLogSetting"]["Format"]
    return json.loads(re.sub(r"\$context\.([\w.]+)", lambda name: str(known.get(name[1], "-")), text))
