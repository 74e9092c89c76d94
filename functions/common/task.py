"""What the state machines' functions have in common: log lines that name the run, errors without quotes."""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, TypeVar

from aws_lambda_powertools import Logger
from unquoted import BrokeOff, unquoted

from maltu.errors import MaltuError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from aws_lambda_powertools.utilities.typing import LambdaContext

Result = TypeVar("Result")

logger = Logger()

_NAMES = ("persona", "version", "run")


def task(work: Callable[[dict[str, Any]], Result]) -> Callable[[dict[str, Any], LambdaContext], Result]:
    """Make a handler of what does a state's work.

    What it logs carries the run's names, and so does a line for what it raises: Lambda's own line of an error
    has none.
    """

    @logger.inject_lambda_context(clear_state=True)
    @wraps(work)
    def handler(event: dict[str, Any], _: LambdaContext) -> Result:
        logger.append_keys(**names_of(event))
        try:
            with unquoted():
                return work(event)
        except Exception as error:
            told = isinstance(error, MaltuError | BrokeOff)
            reason = str(error) if told else None
            logger.warning("task failed", extra={"error": type(error).__name__, "reason": reason})
            raise

    return handler


def names_of(about: Mapping[str, Any]) -> dict[str, str]:
    """Tell a run from every other, as far as it is said."""
    return {name: about[name] for name in _NAMES if name in about}
