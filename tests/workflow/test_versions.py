"""A newer version takes the place of an older one; its owner goes back, and forward again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import boto3
import pytest

from tests.support.cloud import BUCKET
from tests.support.dialogues import export
from tests.support.persona import FIRST, PERSONA, SECOND, live, models, statuses, two_versions

if TYPE_CHECKING:
    from tests.support.chain import Chain


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


@pytest.mark.parametrize("name", ["가" * 1000, "x" * 2000])
def test_a_name_that_nobody_can_have_is_not_found(chain: Chain, name: str) -> None:
    for what in (f"/v1/personas/{name}/rollback", f"{PERSONA}/runs/{name}/cancel"):
        assert chain.cloud.post(what)[0] == 404
    assert chain.cloud.delete(f"/v1/personas/{name}")[0] == 404
    assert chain.cloud.get(f"/v1/removals/{name}")[0] == 404
