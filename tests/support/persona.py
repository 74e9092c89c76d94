"""One persona: what is dropped for it, what has become of it, and what is kept of it."""

from __future__ import annotations

import json
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING

import boto3

from tests.support.cloud import TABLE
from tests.support.dialogues import START, export
from tests.support.engines import GatedEngine
from tests.support.waiting import until

if TYPE_CHECKING:
    from collections.abc import Generator

    from tests.support.chain import Chain, OpenChain

FIRST, SECOND, THIRD = (f"exports/하준/{name}.csv" for name in ("1", "2", "3"))
LATER = START + timedelta(days=60)
PAID = "gpt-4.1-mini-2025-04-14"
PERSONA = "/v1/personas/하준"
STOPPED = {"ABORTED", "FAILED"}  # moto's engine may trip over being stopped


def statuses(chain: Chain) -> list[str]:
    """Of every version, oldest first."""
    return [version["status"] for version in reversed(chain.cloud.get(PERSONA)[1]["versions"])]


def live(chain: Chain) -> str | None:
    return chain.cloud.get(PERSONA)[1]["live_version"]


def models(chain: Chain) -> list[str]:
    return [model.id for model in chain.provider.models.list() if model.id.startswith("ft:")]


def items(prefix: str = "") -> list[str]:
    found = boto3.client("dynamodb").scan(TableName=TABLE)["Items"]
    return [item["pk"].get("S", "") for item in found if item["pk"].get("S", "").startswith(prefix)]


@contextmanager
def over_budget(chain_with: OpenChain) -> Generator[Chain]:
    """A chain whose model has a price, and a run that costs more than allowed."""
    engine = GatedEngine(base_model=PAID)
    engine.gate.set()
    with chain_with(engine) as chain:
        chain.cloud.put("exports/하준/persona.json", json.dumps({"base_model": PAID, "budget_usd": 0}))
        chain.cloud.drop(FIRST, export())
        until(lambda: chain.cloud.version("하준")["status"] == "awaiting_approval")
        yield chain


@contextmanager
def training(chain_with: OpenChain) -> Generator[tuple[Chain, GatedEngine]]:
    """A chain with a run that trains until its engine's gate is opened."""
    engine = GatedEngine()
    with chain_with(engine) as chain:
        chain.cloud.drop(FIRST, export())
        assert engine.started.wait(10)
        yield chain, engine


def two_versions(chain: Chain) -> tuple[str, str]:
    chain.cloud.drop(FIRST, export())
    until(lambda: live(chain) is not None)
    older = live(chain)
    chain.cloud.drop(SECOND, export(start=LATER))
    until(lambda: live(chain) != older)
    newer = live(chain)
    assert older is not None
    assert newer is not None
    return older, newer
