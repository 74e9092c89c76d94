"""What is worked out once and then looked up: a file writes few names and times, a million times each."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

Key = TypeVar("Key")
Value = TypeVar("Value")


class Lookup(dict[Key, Value]):
    """Maps what is written to what a function makes of it; whatever the function raises is not kept."""

    def __init__(self, make: Callable[[Key], Value]) -> None:
        super().__init__()
        self._make = make

    def __missing__(self, written: Key) -> Value:
        self[written] = made = self._make(written)
        return made
