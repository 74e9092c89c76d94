from __future__ import annotations

import json

import pytest

from maltu.fine_tune import explain


def test_a_domain_error_is_told_in_its_own_words() -> None:
    cause = json.dumps(
        {"errorMessage": "line 3 is not JSON", "errorType": "TrainingFailed", "stackTrace": ["secret"]}
    )
    assert explain("TrainingFailed", cause) == "line 3 is not JSON"


@pytest.mark.parametrize("error", ["Sandbox.Timedout", "States.Timeout"])
def test_a_step_that_took_too_long_is_told_as_such(error: str) -> None:
    assert explain(error, "2026-10-18T13:41:07Z 1c2d Task timed out after 120.00 seconds").startswith(
        "A step"
    )


@pytest.mark.parametrize("cause", [None, "", "{}", "[]", '{"errorMessage": ""}'])
def test_an_error_without_words_still_says_what_to_do(cause: str | None) -> None:
    assert (
        explain("Runtime.ExitError", cause)
        == "The run stopped with Runtime.ExitError. Drop the export again."
    )


def test_words_that_are_no_json_are_told_as_they_are() -> None:
    assert explain("DeadlineExceeded", "It took too long.") == "It took too long."
