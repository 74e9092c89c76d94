"""A chain for every test."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import pytest

from tests.support.chain import Chain, open_chain

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path


@pytest.fixture
def chain_with(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., AbstractContextManager[Chain]]:
    return partial(open_chain, tmp_path / "provider", monkeypatch)


@pytest.fixture
def chain(chain_with: Callable[..., AbstractContextManager[Chain]]) -> Iterator[Chain]:
    with chain_with() as opened:
        yield opened
