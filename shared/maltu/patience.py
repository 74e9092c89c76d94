"""No caller is kept waiting for longer than the gateway waits.

An adapter's timeouts bound each wait for a byte, and a provider that sends one now and then never meets them.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Final, TypeVar

from maltu.errors import ProviderTimedOut

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

Asked = TypeVar("Asked")
Told = TypeVar("Told")

# More than an adapter waits for a byte; the function's own time and the gateway's 29 s end later.
SECONDS: Final = 24.0


def all_in_time(ask: Callable[[Asked], Told], each: Sequence[Asked]) -> list[Told]:
    """Ask for each at the same time, and give all answers.

    Raises:
        ProviderTimedOut: one of them took too long; it is left to its own timeouts.
    """
    pool = ThreadPoolExecutor(len(each))
    try:
        return list(pool.map(ask, each, timeout=SECONDS))
    except TimeoutError as error:
        raise ProviderTimedOut("The provider did not answer in the time that the caller waits.") from error
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
