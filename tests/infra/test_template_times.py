"""That whoever waits outlasts whom it waits for."""

from __future__ import annotations

from typing import Any

from maltu import answering, aws_json, callbacks, deployment, interview, patience, preview
from maltu.providers import HURRIED_SECONDS, bedrock_inference, openai_inference
from tests.support.template import FUNCTIONS, TEMPLATE, of_type


def test_a_drop_that_is_looked_at_is_not_handed_out_again() -> None:
    queue = TEMPLATE["Resources"]["Drops"]["Properties"]
    assert queue["VisibilityTimeout"] > FUNCTIONS["PreprocessFunction"]["Timeout"]


def test_a_removal_looks_again_once_nothing_can_be_under_way() -> None:
    longest = max(function.get("Timeout", 30) for function in FUNCTIONS.values())
    assert TEMPLATE["Parameters"]["SettleSeconds"]["Default"] > longest


def test_a_caller_hears_of_a_slow_provider_from_us() -> None:
    gateway_seconds = 29
    for adapter in (openai_inference, bedrock_inference):
        assert adapter.CONNECT_SECONDS < adapter.ANSWER_SECONDS < patience.SECONDS
    # Reading the registry and the key comes before, and a cold start counts as well.
    assert patience.SECONDS + 3 < FUNCTIONS["CompletionFunction"]["Timeout"] < gateway_seconds
    # A job and its events are two questions.
    assert FUNCTIONS["CompletionFunction"]["Timeout"] > 2 * HURRIED_SECONDS
    assert preview.READING_SECONDS < FUNCTIONS["ExportsFunction"]["Timeout"] - 8 < gateway_seconds


def test_a_caller_hears_of_a_silent_aws_from_us() -> None:
    wait = aws_json.BRIEF
    pauses = sum(aws_json.PAUSE_SECONDS * 2**tried for tried in range(wait.tries - 1))
    silent = wait.tries * (wait.connect + wait.read) + pauses
    # The shortest of those in which somebody waits.
    assert silent < min(
        FUNCTIONS[f"{name}Function"]["Timeout"] for name in ("Authorizer", "Completion", "Kakao")
    )


def test_an_interview_is_done_in_its_functions_time() -> None:
    # The new model and the one that it was tuned from; before, the questions are read.
    asking = 2 * (interview.SECONDS + deployment.PATIENT_SECONDS)
    assert asking + 60 < FUNCTIONS["InterviewFunction"]["Timeout"]


def test_kakaos_answer_is_paid_once_ends_within_its_minute_and_chat_text_waits_in_no_queue(
    expanded: dict[str, Any],
) -> None:
    (config,) = of_type(expanded, "AWS::Lambda::EventInvokeConfig").values()
    assert config["FunctionName"] == {"Ref": "KakaoAnswerFunction"}
    assert (config["MaximumRetryAttempts"], config["MaximumEventAgeInSeconds"]) == (0, 60)
    assert not config.get("DestinationConfig")
    posted = patience.SECONDS + callbacks.POST_SECONDS
    assert posted < FUNCTIONS["KakaoAnswerFunction"]["Timeout"] < 60
    waited = answering.PATIENCE.read + answering.PATIENCE.connect
    assert waited < 5 < FUNCTIONS["KakaoFunction"]["Timeout"]
