"""The whole chain in one process: moto for AWS, the real local server for the provider."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import openai
import pytest

from infra.local.finetuning import create_app, serve
from tests.support.cloud import Cloud, cloud
from tests.support.faults import Faulty

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path

    from infra.local.finetuning.engine import Engine


class Chain:
    """A cloud, the provider behind it, and the wire between them."""

    def __init__(self, up: Cloud, wire: Faulty, provider: openai.OpenAI) -> None:
        self.cloud = up
        self.wire = wire
        self.provider = provider

    def jobs(self) -> list[str]:
        """The statuses of every job at the provider, newest first."""
        return [job.status for job in self.provider.fine_tuning.jobs.list()]

    def files(self) -> list[str]:
        """The names of every dataset file that is still at the provider."""
        return [file.filename for file in self.provider.files.list(purpose="fine-tune")]


@pytest.fixture
def chain_with(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., AbstractContextManager[Chain]]:
    @contextmanager
    def open_chain(
        engine: Engine | str = "retrieval", *, deadline_hours: int = 72, key: str = "local"
    ) -> Generator[Chain]:
        wire = Faulty(create_app(tmp_path / "provider", engine=engine, api_key="local"))
        with (
            serve(wire) as url,
            openai.OpenAI(base_url=url, api_key="local") as provider,
            cloud(monkeypatch, url, api_key=key, deadline_hours=deadline_hours) as up,
        ):
            yield Chain(up, wire, provider)

    return open_chain


@pytest.fixture
def chain(chain_with: Callable[..., AbstractContextManager[Chain]]) -> Iterator[Chain]:
    with chain_with() as opened:
        yield opened
