"""Erasing a persona leaves nothing but a receipt, which says what a provider refused."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import boto3

from tests.support.cloud import BUCKET, TABLE
from tests.support.dialogues import export
from tests.support.faults import Fault
from tests.support.persona import FIRST, PERSONA, STOPPED, items, models, statuses, training, two_versions

if TYPE_CHECKING:
    from tests.support.chain import Chain, OpenChain


def erased(chain: Chain) -> dict[str, Any]:
    """Erase the persona and see it to its end; return the receipt."""
    answer = chain.cloud.delete(PERSONA)[1]
    chain.cloud.finish()
    return chain.cloud.get(f"/v1/removals/{answer['id']}")[1]


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
    with training(chain_with) as (chain, _):
        chain.cloud.delete(PERSONA)
        (execution,) = chain.cloud.finish()
        assert execution["status"] in STOPPED
        assert (chain.jobs(), chain.files()) == (["cancelled"], [])
        assert {pk for pk in items() if pk != "removals"} == set()


def test_what_a_provider_refuses_to_delete_stands_on_the_receipt(chain: Chain) -> None:
    chain.cloud.drop(FIRST, export())
    chain.cloud.finish()
    chain.wire.faults.append(Fault("DELETE", "", status=403, times=999))
    receipt = erased(chain)
    assert receipt["status"] == "incomplete"
    assert len(receipt["refused"]) == 1
    assert statuses(chain) == ["erasing"], "what is left can still be found"
    assert any("not erased completely" in text or "refused" in text for text in chain.cloud.notifications())
    chain.wire.faults.clear()
    time.sleep(1.1)  # a removal is named after the second it was asked for in
    assert erased(chain)["status"] == "finished"
    assert (chain.cloud.get(PERSONA)[0], models(chain)) == (404, [])


def test_erasing_goes_on_when_the_provider_comes_back(chain: Chain) -> None:
    chain.cloud.drop(FIRST, export())
    chain.cloud.finish()
    chain.wire.faults.append(Fault("GET", "/jobs", status=503, times=6))
    assert erased(chain)["status"] == "finished"
    assert models(chain) == []
