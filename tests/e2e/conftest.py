"""One stack for every test that needs it, and one at a time: two on one machine are too slow for either."""

from __future__ import annotations

import signal
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

from infra.local.stack import running_stack
from tests.support.deployed import Chain

if TYPE_CHECKING:
    from collections.abc import Generator


@pytest.fixture(scope="session")
def chain(tmp_path_factory: pytest.TempPathFactory) -> Generator[Chain]:
    # pytest takes its fixtures down on Ctrl-C only.
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with ExitStack() as up:
            stack = up.enter_context(running_stack("e2e", lambda _: None))
            yield Chain(stack, tmp_path_factory.mktemp("exports"), up.close)
    finally:
        signal.signal(signal.SIGTERM, before)
