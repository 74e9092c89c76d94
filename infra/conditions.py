"""A template as one deployment has it: with its conditions decided."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from collections.abc import Mapping

_NOTHING: Any = {"Ref": "AWS::NoValue"}


def decided(node: Any, conditions: Mapping[str, bool]) -> Any:  # noqa: ANN401 - any part of a template
    """Decide some conditions: what they leave out goes, and what hangs on others stays as it is."""
    match node:
        case {"Fn::If": [str(name), yes, no]} if name in conditions:
            return decided(yes if conditions[name] else no, conditions)
        case dict():
            parts = cast("dict[str, Any]", node).items()
            kept = {
                key: decided(each, conditions) for key, each in parts if not _is_left_out(each, conditions)
            }
            return {key: each for key, each in kept.items() if each != _NOTHING}
        case list():
            each_decided = [decided(each, conditions) for each in cast("list[Any]", node)]
            return [each for each in each_decided if each != _NOTHING]
        case _:
            return node


def _is_left_out(part: Any, conditions: Mapping[str, bool]) -> bool:  # noqa: ANN401 - same
    # A policy's statement has conditions as well, and those are no names.
    match part:
        case {"Condition": str(name), **_others}:
            return not conditions.get(name, True)
        case _:
            return False
