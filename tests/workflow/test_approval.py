"""A run that waits for its owner's yes: what is asked, and what comes of a yes, a no and a cancellation."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import boto3
import pytest

from tests.support.cloud import TABLE
from tests.support.dialogues import export
from tests.support.persona import FIRST, PAID, PERSONA, items, over_budget, statuses
from tests.support.waiting import until

if TYPE_CHECKING:
    from tests.support.chain import Chain, OpenChain


def told(chain: Chain) -> list[str]:
    """What the owner was sent, which takes a moment."""
    found: list[str] = []
    until(lambda: bool(found.extend(chain.cloud.notifications()) or found))
    return found


def test_a_run_above_its_budget_waits_for_a_yes(chain_with: OpenChain) -> None:
    with over_budget(chain_with) as chain:
        version = chain.cloud.version("하준")
        assert chain.wire.served == [f"GET /v1/models/{PAID}"], "nothing leaves before the yes"
        assert version["estimate_usd"] > version["budget_usd"] == 0
        asked = ""
        while not asked:
            asked = "".join(chain.cloud.notifications())
        assert f"POST {PERSONA}/runs/{version['run']}/approve" in asked
        status, answer = chain.cloud.post(f"{PERSONA}/runs/{version['run']}/approve")
        assert (status, answer["approved"], answer["by"]) == (200, True, "owner")
        assert [run["status"] for run in chain.cloud.finish()] == ["SUCCEEDED"]
        version = chain.cloud.version("하준")
        assert version["status"] == "succeeded"
        assert version["approval"]["by"] == "owner"
        assert version["billed_usd"] == pytest.approx(version["trained_tokens"] * 5 / 1e6, abs=1e-4)
        assert chain.cloud.post(f"{PERSONA}/runs/{version['run']}/approve")[0] == 409


def test_a_run_waits_whatever_it_costs_where_its_owner_wants_to_look_first(chain: Chain) -> None:
    chain.cloud.put("exports/하준/persona.json", '{"budget_usd": null}')
    chain.cloud.drop(FIRST, export(), approval="always")
    until(lambda: chain.cloud.version("하준")["status"] == "awaiting_approval")
    version = chain.cloud.version("하준")
    assert (version["estimate_usd"], version["budget_usd"]) == (0, None)
    assert any("about 0.00 USD; there is no budget" in text for text in told(chain))
    assert not [line for line in chain.wire.served if line.startswith("POST")]
    chain.cloud.post(f"{PERSONA}/runs/{version['run']}/approve")
    assert [run["status"] for run in chain.cloud.finish()] == ["SUCCEEDED"]
    chain.cloud.drop(FIRST, export(), approval="above_budget")
    chain.cloud.finish()
    assert statuses(chain) == ["succeeded"], "whom a run asks changes nothing of what it makes"


def test_a_rejected_run_sends_nothing(chain_with: OpenChain) -> None:
    with over_budget(chain_with) as chain:
        run = chain.cloud.version("하준")["run"]
        assert chain.cloud.post(f"{PERSONA}/runs/{run}/reject")[0] == 200
        (execution,) = chain.cloud.finish()
        assert execution["status"] == "SUCCEEDED", "nothing failed, so nobody is alarmed"
        version = chain.cloud.version("하준")
        assert version["status"] == "rejected"
        assert "rejected by owner" in version["failure"]["reason"]
        assert not [line for line in chain.wire.served if line.startswith("POST")]
        assert items("approvals") == []


def test_the_token_of_a_waiting_run_is_shown_to_nobody(chain_with: OpenChain) -> None:
    with over_budget(chain_with) as chain:
        (kept,) = boto3.client("dynamodb").query(
            TableName=TABLE,
            KeyConditionExpression="pk = :pk",
            ExpressionAttributeValues={":pk": {"S": "approvals"}},
        )["Items"]
        told = json.dumps([chain.cloud.get(PERSONA), chain.cloud.notifications()], ensure_ascii=False)
        assert kept["token"].get("S", "") not in told
        chain.cloud.post(f"{PERSONA}/runs/{chain.cloud.version('하준')['run']}/reject")


def test_a_run_that_waits_for_a_yes_can_be_cancelled(chain_with: OpenChain) -> None:
    with over_budget(chain_with) as chain:
        run = chain.cloud.version("하준")["run"]
        assert chain.cloud.post(f"{PERSONA}/runs/{run}/cancel")[0] == 202
        chain.cloud.finish()
        version = chain.cloud.version("하준")
        assert (version["status"], version["cancelled"]["by"]) == ("cancelled", "owner")
        assert not [line for line in chain.wire.served if line.startswith("POST")]


def test_who_asks_for_a_yes_behind_its_removal_asks_nobody(chain_with: OpenChain) -> None:
    with over_budget(chain_with) as chain:
        version = chain.cloud.version("하준")
        assert chain.cloud.post(f"{PERSONA}/runs/{version['run']}/cancel")[0] == 202
        chain.cloud.finish()
        chain.cloud.notifications()
        late = {"persona": "하준", "token": "late", "estimate_usd": 1.0, "budget_usd": 0.0}
        chain.cloud.invoke("ask_approval", late | {name: version[name] for name in ("version", "run")})
        assert items("approvals") == []
        assert statuses(chain) == ["cancelled"]
        assert chain.cloud.notifications() == []
