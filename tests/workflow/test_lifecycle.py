"""What an owner can do with runs and versions, and what newer drops do to older runs."""

from __future__ import annotations

import json
import time
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Any, cast

import boto3
import pytest

from tests.support.cloud import BUCKET, TABLE
from tests.support.dialogues import START, export
from tests.support.engines import GatedEngine, broken_engine
from tests.support.faults import Fault
from tests.support.waiting import until

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from contextlib import AbstractContextManager

    from tests.workflow.conftest import Chain

    OpenChain = Callable[..., AbstractContextManager[Chain]]

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


def remove(chain: Chain, **about: str) -> None:
    """Start what a cancellation starts, as whoever is late or a rule would, and see it to its end."""
    request = {"id": "told", "reason": "cancel", "after_seconds": 0, **about}
    boto3.client("stepfunctions").start_execution(
        stateMachineArn=chain.cloud.removal_machine, input=json.dumps(request)
    )
    chain.cloud.finish()


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


def test_a_run_is_cancelled_while_it_trains(chain_with: OpenChain) -> None:
    engine = GatedEngine()
    with chain_with(engine) as chain:
        chain.cloud.drop(FIRST, export())
        assert engine.started.wait(10)
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


def test_a_run_that_waits_for_a_yes_can_be_cancelled(chain_with: OpenChain) -> None:
    with over_budget(chain_with) as chain:
        run = chain.cloud.version("하준")["run"]
        assert chain.cloud.post(f"{PERSONA}/runs/{run}/cancel")[0] == 202
        chain.cloud.finish()
        version = chain.cloud.version("하준")
        assert (version["status"], version["cancelled"]["by"]) == ("cancelled", "owner")
        assert not [line for line in chain.wire.served if line.startswith("POST")]


def test_a_run_stopped_by_hand_is_cleaned_up(chain_with: OpenChain) -> None:
    engine = GatedEngine()
    with chain_with(engine) as chain:
        chain.cloud.drop(FIRST, export())
        assert engine.started.wait(10)
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


def test_a_burst_of_drops_is_one_run_over_all_of_them(chain: Chain) -> None:
    burst = [
        chain.cloud.put(f"exports/하준/{number}.csv", export(6, start=START + timedelta(days=30 * number)))
        for number in range(4)
    ]
    for event in [*burst, burst[0]]:
        chain.cloud.deliver(event)
    assert [run["status"] for run in chain.cloud.finish()] == ["SUCCEEDED"]
    assert len(chain.cloud.version("하준")["exports"]) == 4
    assert chain.jobs() == ["succeeded"]


def test_events_in_the_wrong_order_make_the_same_run(chain: Chain) -> None:
    burst = [chain.cloud.put(key, export(6, start=at)) for key, at in ((FIRST, START), (SECOND, LATER))]
    for event in reversed(burst):
        chain.cloud.deliver(event)
    assert [run["status"] for run in chain.cloud.finish()] == ["SUCCEEDED"]
    assert statuses(chain) == ["succeeded"]


def test_a_broken_last_drop_of_a_burst_does_not_keep_the_others_from_their_run(chain: Chain) -> None:
    chain.cloud.put(FIRST, export())
    broken = chain.cloud.put(SECOND, b"\x00\x01\x02")
    chain.cloud.deliver(broken)
    chain.cloud.deliver(broken)
    assert [run["status"] for run in chain.cloud.finish()] == ["SUCCEEDED"]
    assert sorted(statuses(chain)) == ["failed", "succeeded"]


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


def test_a_newer_run_takes_over_from_one_that_has_paid_nothing(chain_with: OpenChain) -> None:
    with over_budget(chain_with) as chain:
        chain.cloud.put("exports/하준/persona.json", json.dumps({"base_model": PAID}))
        chain.cloud.drop(SECOND, export(start=LATER))
        assert [run["status"] for run in chain.cloud.finish()] == ["SUCCEEDED", "SUCCEEDED"]
        assert statuses(chain) == ["superseded", "succeeded"]
        assert chain.jobs() == ["succeeded"]
        assert items("approvals") == []


def test_a_newer_run_follows_one_that_trains_and_the_latest_takes_over(chain_with: OpenChain) -> None:
    engine = GatedEngine()
    with chain_with(engine) as chain:
        chain.cloud.drop(FIRST, export())
        assert engine.started.wait(10)
        until(lambda: statuses(chain) == ["training"])
        chain.cloud.drop(SECOND, export(start=LATER))
        until(lambda: statuses(chain) == ["training", "queued"])
        chain.cloud.drop(THIRD, export(start=LATER + timedelta(days=60)))
        until(lambda: statuses(chain) == ["training", "superseded", "queued"])
        assert chain.jobs() == ["running"], "one job at a time"
        engine.gate.set()
        assert [run["status"] for run in chain.cloud.finish()] == ["SUCCEEDED"] * 3
        assert statuses(chain)[1:] == ["superseded", "succeeded"]
        assert live(chain) == chain.cloud.version("하준")["version"]


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


def test_a_replaced_model_is_kept_for_a_while_and_then_removed(chain: Chain) -> None:
    _, newer = two_versions(chain)
    chain.cloud.finish()
    assert 30 * 86_400 in chain.cloud.waits
    assert statuses(chain) == ["retired", "succeeded"]
    assert live(chain) == newer
    assert len(models(chain)) == 1
    assert chain.cloud.post("/v1/completions", {"model": "하준", "prompt": "뭐해"})[0] == 200
    assert chain.cloud.post(f"{PERSONA}/rollback")[0] == 409, "there is nothing to go back to"


def test_a_rolled_back_version_answers_again_and_is_not_removed(chain: Chain) -> None:
    chain.cloud.long_waits.clear()
    older, newer = two_versions(chain)
    status, answer = chain.cloud.post(f"{PERSONA}/rollback")
    assert (status, answer["live_version"], answer["previous_version"]) == (200, older, newer)
    assert live(chain) == older
    assert chain.cloud.post("/v1/completions", {"model": "하준", "prompt": "뭐해"})[0] == 200
    status, answer = chain.cloud.post(f"{PERSONA}/rollback", {"version": newer})
    assert (status, live(chain)) == (200, newer), "and forward again"
    chain.cloud.post(f"{PERSONA}/rollback", {"version": older})
    assert chain.cloud.post(f"{PERSONA}/rollback", {"version": older})[0] == 409
    assert chain.cloud.post(f"{PERSONA}/rollback", {"version": "never"})[0] == 409
    chain.cloud.long_waits.set()
    chain.cloud.finish()
    assert statuses(chain) == ["succeeded", "retired"]
    assert len(models(chain)) == 1


def test_erasing_leaves_nothing_but_a_receipt(chain: Chain) -> None:
    two_versions(chain)
    chain.cloud.put("exports/하준/persona.json", "{}")
    chain.cloud.drop("exports/지우/1.csv", export(persona="지우"))
    chain.cloud.finish()
    status, answer = chain.cloud.delete(PERSONA)
    assert (status, answer["status"]) == (202, "running")
    chain.cloud.finish()
    assert chain.cloud.get(PERSONA)[0] == 404
    assert chain.cloud.post("/v1/completions", {"model": "하준", "prompt": "뭐해"})[0] == 404
    left = boto3.client("s3").list_object_versions(Bucket=BUCKET)
    keys = {each.get("Key", "") for each in [*left.get("Versions", []), *left.get("DeleteMarkers", [])]}
    assert keys
    assert all("/지우/" in key for key in keys)
    table = json.dumps(boto3.client("dynamodb").scan(TableName=TABLE)["Items"], ensure_ascii=False)
    assert "versions#하준" not in table
    assert "exports#하준" not in table
    assert len(models(chain)) == 1, "the other persona's"
    receipt = chain.cloud.get(f"/v1/removals/{answer['id']}")[1]
    assert (receipt["status"], receipt["persona"], receipt["by"]) == ("finished", "하준", "owner")
    assert receipt["refused"] == []
    assert receipt["removed"]["models"] == 1, "the older one went when it was replaced"
    assert receipt["removed"]["objects"] >= 9
    assert receipt["goes_by_itself"]


def test_erasing_while_a_run_is_under_way_ends_it(chain_with: OpenChain) -> None:
    engine = GatedEngine()
    with chain_with(engine) as chain:
        chain.cloud.drop(FIRST, export())
        assert engine.started.wait(10)
        chain.cloud.delete(PERSONA)
        (execution,) = chain.cloud.finish()
        assert execution["status"] in STOPPED
        assert (chain.jobs(), chain.files()) == (["cancelled"], [])
        assert {pk for pk in items() if pk != "removals"} == set()


def test_what_a_provider_refuses_to_delete_stands_on_the_receipt(chain: Chain) -> None:
    chain.cloud.drop(FIRST, export())
    chain.cloud.finish()
    chain.wire.faults.append(Fault("DELETE", "", status=403, times=999))
    answer = chain.cloud.delete(PERSONA)[1]
    chain.cloud.finish()
    receipt = chain.cloud.get(f"/v1/removals/{answer['id']}")[1]
    assert receipt["status"] == "incomplete"
    assert len(receipt["refused"]) == 1
    assert statuses(chain) == ["erasing"], "what is left can still be found"
    assert any("not erased completely" in text or "refused" in text for text in chain.cloud.notifications())
    chain.wire.faults.clear()
    time.sleep(1.1)  # a removal is named after the second it was asked for in
    again = chain.cloud.delete(PERSONA)[1]
    chain.cloud.finish()
    assert chain.cloud.get(f"/v1/removals/{again['id']}")[1]["status"] == "finished"
    assert (chain.cloud.get(PERSONA)[0], models(chain)) == (404, [])


def test_erasing_goes_on_when_the_provider_comes_back(chain: Chain) -> None:
    chain.cloud.drop(FIRST, export())
    chain.cloud.finish()
    chain.wire.faults.append(Fault("GET", "/jobs", status=503, times=6))
    answer = chain.cloud.delete(PERSONA)[1]
    chain.cloud.finish()
    assert chain.cloud.get(f"/v1/removals/{answer['id']}")[1]["status"] == "finished"
    assert models(chain) == []


def test_a_removal_that_looks_again_leaves_the_next_attempt_alone(chain_with: OpenChain) -> None:
    engine = GatedEngine()
    with chain_with(engine) as chain:
        chain.cloud.drop(FIRST, export())
        assert engine.started.wait(10)
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


@pytest.mark.parametrize("engine", ["retrieval", "broken", "cancelled"])
def test_every_outcome_is_an_event(chain_with: OpenChain, engine: str) -> None:
    gated = broken_engine() if engine == "broken" else GatedEngine()
    with chain_with("retrieval" if engine == "retrieval" else gated) as chain:
        events = heard()
        chain.cloud.drop(FIRST, export())
        if engine == "cancelled":
            assert gated.started.wait(10)
            chain.cloud.post(f"{PERSONA}/runs/{chain.cloud.version('하준')['run']}/cancel")
        chain.cloud.finish()
        version = chain.cloud.version("하준")
        (told,) = events()
        assert (told["persona"], told["version"], told["run"]) == ("하준", version["version"], version["run"])
        assert told["status"] == version["status"]


def heard() -> Callable[[], list[dict[str, str]]]:
    """Listen to the bus; return how to read what was said there."""
    sqs = boto3.client("sqs")
    bus = cast("Any", boto3.client("events"))
    queue = sqs.create_queue(QueueName="bus")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    bus.put_rule(Name="all", EventPattern=json.dumps({"source": ["maltu"], "detail-type": ["Run ended"]}))
    bus.put_targets(Rule="all", Targets=[{"Id": "queue", "Arn": arn}])

    def read() -> list[dict[str, str]]:
        messages = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages", [])
        return [json.loads(message.get("Body", ""))["detail"] for message in messages]

    return read


def test_a_big_export_that_took_long_to_upload_is_not_overlooked(chain: Chain) -> None:
    """The bucket lists an upload in parts under the time it began."""
    big = chain.cloud.put(FIRST, export())
    time.sleep(1.1)
    small = chain.cloud.put(SECOND, export(start=LATER))
    finished = chain.cloud.put(THIRD, "")
    boto3.client("s3").delete_object(Bucket=BUCKET, Key=THIRD)
    (record,), (later,) = big["Records"], finished["Records"]
    created = json.loads(record["body"]) | {"time": json.loads(later["body"])["time"]}
    record["body"] = json.dumps(created)
    chain.cloud.deliver(big)
    chain.cloud.deliver(small)
    assert [run["status"] for run in chain.cloud.finish()] == ["SUCCEEDED"]
    assert chain.cloud.version("하준")["exports"] == [FIRST, SECOND]


def test_the_exports_of_a_retired_version_make_a_new_one(chain: Chain) -> None:
    two_versions(chain)
    chain.cloud.finish()
    assert statuses(chain) == ["retired", "succeeded"]
    boto3.client("s3").delete_object(Bucket=BUCKET, Key=SECOND)
    chain.cloud.drop(FIRST, export())
    chain.cloud.finish()
    assert statuses(chain)[-1] == "succeeded"
    assert live(chain) == chain.cloud.version("하준")["version"]
    assert chain.cloud.post("/v1/completions", {"model": "하준", "prompt": "뭐해"})[0] == 200


def test_a_run_that_failed_by_itself_is_not_removed_when_its_end_is_told(chain_with: OpenChain) -> None:
    with chain_with(broken_engine()) as chain:
        chain.cloud.drop(FIRST, export())
        (execution,) = chain.cloud.finish()
        remove(chain, execution=execution["executionArn"], by="FAILED")
        assert chain.cloud.version("하준")["status"] == "failed"
        assert chain.cloud.get("/v1/removals/told")[0] == 404


@pytest.mark.parametrize("name", ["가" * 1000, "x" * 2000])
def test_a_name_that_nobody_can_have_is_not_found(chain: Chain, name: str) -> None:
    for what in (f"/v1/personas/{name}/rollback", f"{PERSONA}/runs/{name}/cancel"):
        assert chain.cloud.post(what)[0] == 404
    assert chain.cloud.delete(f"/v1/personas/{name}")[0] == 404
    assert chain.cloud.get(f"/v1/removals/{name}")[0] == 404
