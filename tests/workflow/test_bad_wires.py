"""Runs whose every party talks over wires that fail, to AWS and to the provider."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, get_args
from unittest import mock

import openai
import pytest

from infra.local.finetuning import create_app, serve
from maltu.providers import openai as adapter
from tests.support import refusals
from tests.support.aws_wire import Callers, moto_on_a_port
from tests.support.cloud import Cloud, cloud
from tests.support.dialogues import export
from tests.support.outcome import assert_one_of_each
from tests.support.proxy import Fault, Proxy, at_random, in_turn, stand_before

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

KEY = "exports/하준/KakaoTalk_Chat_하준_2026-10-18-22-41-07.csv"
# No answer takes that long, however busy the machine is.
PATIENCE = 10.0
# What a test waits for as often as an answer does not come.
LITTLE_PATIENCE = 1.0
TOO_SLOW = 1.2
FAULTS: tuple[Fault, ...] = get_args(Fault)
SIDES = ("to_aws", "to_provider")
QUICK: tuple[Fault, ...] = tuple(fault for fault in FAULTS if fault != "too_slow")


@dataclass
class Wired:
    cloud: Cloud
    provider: openai.OpenAI
    to_aws: Proxy
    to_provider: Proxy


@pytest.fixture
def wired(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Generator[Wired]:
    with wires(tmp_path, monkeypatch, PATIENCE) as opened:
        yield opened


@pytest.fixture
def hurried(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Generator[Wired]:
    with wires(tmp_path, monkeypatch, LITTLE_PATIENCE) as opened:
        yield opened


@contextmanager
def wires(folder: Path, monkeypatch: pytest.MonkeyPatch, patience: float) -> Generator[Wired]:
    """Bring up a run's parties, none of whom waits longer than ``patience`` seconds for an answer."""
    for name in [name for name in vars(adapter) if name.endswith("_SECONDS")]:
        monkeypatch.setattr(adapter, name, patience)
    with (
        serve(create_app(folder / "provider", api_key="local")) as url,
        moto_on_a_port() as aws,
        stand_before(aws, script=in_turn([]), refuse=refusals.of_aws, too_slow_seconds=TOO_SLOW) as to_aws,
        stand_before(
            url, script=in_turn([]), refuse=refusals.of_provider, too_slow_seconds=TOO_SLOW
        ) as to_provider,
        openai.OpenAI(base_url=url, api_key="local") as provider,
        no_pauses(),
        cloud(monkeypatch, f"{to_provider.url}/v1", parties=Callers(to_aws.url, wait_seconds=patience)) as up,
    ):
        up.retried = Exception
        yield Wired(up, provider, to_aws, to_provider)


@contextmanager
def no_pauses() -> Generator[None]:
    """All who ask again do so without waiting."""
    with (
        mock.patch("botocore.endpoint.time"),
        mock.patch("maltu.aws_json._pause", return_value=0.0),
        mock.patch("openai._base_client.BaseClient._calculate_retry_timeout", return_value=0.0),
    ):
        yield


def run(wired: Wired) -> None:
    """Drop the export and see its run to the end."""
    wired.cloud.drop(KEY, export())
    wired.cloud.settle()


def heal(wired: Wired) -> None:
    wired.to_aws.script = wired.to_provider.script = in_turn([])


def is_live(wired: Wired) -> bool:
    """Whether the run did its work; where it did not, that must stand somewhere with its reason."""
    status, told = wired.cloud.get("/v1/personas/하준")
    if status == 200 and told["live_version"] is not None:
        return True
    if not wired.cloud.unhandled:
        (version,) = told["versions"]
        assert version["status"] == "failed"
        assert version["failure"]["reason"]
    return False


def test_a_quiet_wire_changes_nothing(wired: Wired) -> None:
    run(wired)
    assert_one_of_each(wired.cloud, wired.provider, "하준")
    assert wired.to_aws.passed > 20
    assert wired.to_provider.passed > 10


@pytest.mark.parametrize("fault", QUICK)
@pytest.mark.parametrize("side", SIDES)
def test_a_fault_that_passes_costs_the_owner_nothing(wired: Wired, side: str, fault: Fault) -> None:
    assert_a_passing_fault_costs_nothing(wired, side, fault)


@pytest.mark.parametrize("side", SIDES)
def test_an_answer_that_comes_too_late_costs_the_owner_nothing(hurried: Wired, side: str) -> None:
    assert_a_passing_fault_costs_nothing(hurried, side, "too_slow")


def assert_a_passing_fault_costs_nothing(wired: Wired, side: str, fault: Fault) -> None:
    # Each SDK asks three times and more, and the state machine after it.
    proxy: Proxy = getattr(wired, side)
    proxy.script = in_turn([fault, fault, None, fault])
    run(wired)
    assert [kind for kind, _ in proxy.met] == [fault] * 3
    assert_one_of_each(wired.cloud, wired.provider, "하준")


@pytest.mark.parametrize("seed", range(6))
def test_a_run_gets_through_wires_that_fail_now_and_then(hurried: Wired, seed: int) -> None:
    hurried.to_aws.script = at_random(seed, FAULTS, share=0.35, most=15)
    hurried.to_provider.script = at_random(seed + 1000, FAULTS, share=0.35, most=15)
    run(hurried)
    assert len(hurried.to_aws.met + hurried.to_provider.met) > 5
    heal(hurried)
    if not is_live(hurried):
        run(hurried)
    assert_one_of_each(hurried.cloud, hurried.provider, "하준")


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("side", SIDES)
def test_a_run_that_cannot_get_through_says_why_and_the_next_drop_mends_it(
    wired: Wired, side: str, seed: int
) -> None:
    proxy: Proxy = getattr(wired, side)
    proxy.script = at_random(seed, QUICK, share=0.95, most=60)
    run(wired)
    heal(wired)
    if not is_live(wired):
        if side == "to_provider":
            assert wired.cloud.notifications(), "the owner hears of it"
        run(wired)
    assert_one_of_each(wired.cloud, wired.provider, "하준")
