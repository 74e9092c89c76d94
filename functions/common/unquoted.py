"""Errors that keep what was read to themselves: Lambda logs and traces whatever a function raises."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Generator


class BrokeOff(RuntimeError):
    """A function met what it does not expect; named after the error's class."""


@contextmanager
def unquoted() -> Generator[None]:
    """Replace the errors whose words may quote a chat; the place where they were raised stays."""
    try:
        yield
    except (AssertionError, LookupError, TypeError, ValueError) as error:
        raise BrokeOff(type(error).__name__).with_traceback(error.__traceback__) from None
