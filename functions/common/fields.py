"""What bodies' fields have in common."""

from __future__ import annotations

from typing import Final

from pydantic import BeforeValidator


def _whole(given: object) -> object:
    return int(given) if isinstance(given, float) and given.is_integer() else given


# 1.0 for 1, as JSON has it, where a model is strict otherwise; stands last in its Annotated.
WHOLE: Final = BeforeValidator(_whole)
