"""The whole chain in one process: moto for AWS, the real local server for the provider."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import openai

from infra.local.finetuning import create_app, serve
from infra.local.finetuning.behaviour import Behaviour
from tests.support.adapters import OPENAI, Adapter
from tests.support.cloud import Cloud, cloud
from tests.support.faults import Faulty

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    import pytest

    from infra.local.finetuning.engine import Engine
    from tests.support.effects import Effects


@dataclass
class Chain:
    """A cloud, the provider behind it, and the wire between them."""

    cloud: Cloud
    wire: Faulty
    provider: openai.OpenAI

    def jobs(self) -> list[str]:
        """The statuses of every job at the provider, newest first."""
        return [job.status for job in self.provider.fine_tuning.jobs.list(limit=100)]

    def newest_job(self) -> str | None:
        """The status of the newest job at the provider, if any: one request, however many jobs there are."""
        newest = self.provider.fine_tuning.jobs.list(limit=1).data
        return newest[0].status if newest else None

    def files(self) -> list[str]:
        """The names of every dataset file that is still at the provider."""
        return [file.filename for file in self.provider.files.list(purpose="fine-tune")]


OpenChain = Callable[..., AbstractContextManager[Chain]]


@contextmanager
def open_chain(  # noqa: PLR0913 - where it stands, and what tests vary
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    engine: Engine | str = "retrieval",
    *,
    adapter: Adapter = OPENAI,
    deadline_hours: int = 72,
    key: str = "local",
    most_jobs: int | None = None,
    effects: Effects | None = None,
) -> Generator[Chain]:
    """Bring a chain up.

    Args:
        folder: where the provider keeps its state.
        monkeypatch: sets the functions' environment.
        engine: what trains.
        adapter: what the deployment chose to speak to the provider with.
        deadline_hours: as deployed.
        key: the one that the functions show the provider.
        most_jobs: how many the provider has a place for; any number where it is None.
        effects: who watches what the functions and the state machine change.
    """
    app = create_app(folder, engine=engine, api_key="local", host=Behaviour(most_jobs=most_jobs))
    wire = Faulty(effects.wire(app) if effects else app)
    with (
        serve(wire) as url,
        openai.OpenAI(base_url=url, api_key="local") as provider,
        cloud(
            monkeypatch, url, adapter=adapter, api_key=key, deadline_hours=deadline_hours, parties=effects
        ) as up,
    ):
        yield Chain(up, wire, provider)
