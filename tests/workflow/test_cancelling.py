"""Runs that their owner ends: what that clears away, and what it leaves alone."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import boto3

from tests.support.dialogues import export
from tests.support.engines import broken_engine
from tests.support.persona import FIRST, PERSONA, STOPPED, models, training

if TYPE_CHECKING:
    from tests.support.chain import Chain, OpenChain


def remove(chain: Chain, **about: str) -> None:
    """Start what a cancellation starts, as whoever is late or a rule would, and see it to its end."""
    request = {"id": "told", "reason": "cancel", "after_seconds": 0, **about}
    boto3.client("stepfunctions").start_execution(
        stateMachineArn=chain.cloud.removal_machine, input=json.dumps(request)
    )
    chain.cloud.finish()


def test_a_run_is_cancelled_while_it_trains(chain_with: OpenChain) -> None:
    with training(chain_with) as (chain, engine):
        version = chain.cloud.version("하준")
        status, answer = chain.cloud.post(f"{PERSONA}/runs/{version['run']}/cancel")
        assert (status, answer["reason"]) == (202, "cancel")
        (execution,) = chain.cloud.finish()
        assert execution["status"] in STOPPED
        version = chain.cloud.version("하준")
        assert version["status"] == "cancelled"
        assert version["cancelled"]["by"] == "owner"
        assert (chain.jobs(), chain.files(), models(chain)) == (["cancelled"], [], [])
        receipt = chain.cloud.get(f"/v1/removals/{answer['id']}")[1]
        assert receipt["status"] == "finished"
        assert receipt["removed"] == {"runs": 1, "jobs": 1, "files": 2}
        assert chain.cloud.post(f"{PERSONA}/runs/{version['run']}/cancel")[0] == 409
        assert any("cancelled" in text or "By: owner" in text for text in chain.cloud.notifications())
        engine.gate.set()
        chain.cloud.drop(FIRST, export())
        assert chain.cloud.finish()[-1]["status"] == "SUCCEEDED", "the same export may be tried again"
        assert chain.cloud.version("하준")["run"].endswith("-2")


def test_a_run_stopped_by_hand_is_cleaned_up(chain_with: OpenChain) -> None:
    with training(chain_with) as (chain, _):
        sfn = boto3.client("stepfunctions")
        (execution,) = sfn.list_executions(stateMachineArn=chain.cloud.state_machine)["executions"]
        sfn.stop_execution(executionArn=execution["executionArn"])
        # As BrokenOffRule starts it.
        remove(chain, execution=execution["executionArn"], by="ABORTED")
        assert chain.cloud.version("하준")["status"] == "cancelled"
        assert (chain.jobs(), chain.files()) == (["cancelled"], [])


def test_an_unknown_run_cannot_be_managed(chain: Chain) -> None:
    for what in ("approve", "reject", "cancel"):
        status, answer = chain.cloud.post(f"{PERSONA}/runs/nothing-1/{what}")
        assert (status, answer["error"]["code"]) == (404, "run_not_found")
    assert chain.cloud.post(f"{PERSONA}/rollback")[0] == 404
    assert chain.cloud.get("/v1/removals/nothing")[0] == 404


def test_a_removal_that_looks_again_leaves_the_next_attempt_alone(chain_with: OpenChain) -> None:
    with training(chain_with) as (chain, engine):
        version = chain.cloud.version("하준")
        chain.cloud.post(f"{PERSONA}/runs/{version['run']}/cancel")
        chain.cloud.finish()
        engine.gate.set()
        chain.cloud.drop(FIRST, export())
        chain.cloud.finish()
        remove(chain, persona="하준", version=version["version"], run=version["run"], by="owner")
        assert chain.cloud.version("하준")["status"] == "succeeded"
        assert len(models(chain)) == 1


def test_a_run_that_succeeded_before_it_could_be_stopped_stays(chain: Chain) -> None:
    chain.cloud.drop(FIRST, export())
    chain.cloud.finish()
    version = chain.cloud.version("하준")
    remove(chain, persona="하준", version=version["version"], run=version["run"], by="owner")
    assert chain.cloud.version("하준")["status"] == "succeeded"
    assert len(models(chain)) == 1


def test_a_run_that_failed_by_itself_is_not_removed_when_its_end_is_told(chain_with: OpenChain) -> None:
    with chain_with(broken_engine()) as chain:
        chain.cloud.drop(FIRST, export())
        (execution,) = chain.cloud.finish()
        remove(chain, execution=execution["executionArn"], by="FAILED")
        assert chain.cloud.version("하준")["status"] == "failed"
        assert chain.cloud.get("/v1/removals/told")[0] == 404
