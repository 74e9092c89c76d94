"""The real state machine between a trained model and its answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.support.dialogues import export
from tests.support.faults import Fault

if TYPE_CHECKING:
    from tests.workflow.conftest import Chain

KEY = "exports/하준/chat.csv"


def test_a_model_that_is_slow_to_appear_is_waited_for_longer_than_any_error_is_retried(chain: Chain) -> None:
    slow = Fault("POST", "/chat/completions", status=404, code="model_not_found", times=12)
    chain.wire.faults.append(slow)
    chain.cloud.drop(KEY, export())
    (run,) = chain.cloud.finish()
    assert run["status"] == "SUCCEEDED", run.get("cause")
    assert slow.times == 0
    assert chain.cloud.version("하준")["status"] == "succeeded"
    assert chain.files() == []
