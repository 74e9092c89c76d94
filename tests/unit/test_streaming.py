"""An answer told as events: nothing is lost, no reader stumbles, and a function may answer it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maltu.streaming import MOST_PIECES, stream

LAMBDAS_LIMIT = 6_000_000


def completion(*texts: str) -> dict[str, Any]:
    choices = [
        {"index": index, "text": text, "logprobs": None, "finish_reason": "stop"}
        for index, text in enumerate(texts)
    ]
    usage = {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3}
    head = {"id": "cmpl-1", "object": "text_completion", "created": 1, "model": "하준"}
    return {**head, "choices": choices, "usage": usage}


def chunks(events: str) -> list[dict[str, Any]]:
    # str.splitlines knows every end of a line that any client may know.
    *told, done = [line for line in events.splitlines() if line]
    assert done == "data: [DONE]"
    assert all(line.startswith("data: ") for line in told)
    return [json.loads(line.removeprefix("data: ")) for line in told]


@given(st.text(st.characters(codec="utf-8") | st.sampled_from("\n\r\x85\u2028\u2029")))
def test_the_pieces_are_the_text_whatever_is_in_it(text: str) -> None:
    told = [chunk["choices"][0]["text"] for chunk in chunks(stream(completion(text), include_usage=False))]
    assert "".join(told) == text
    assert told[-1] == ""
    assert all(told[:-1])


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("", []),
        ("응", ["응"]),
        ("응\n알았어", ["응\n", "알았어"]),
        ("응\n\n알았어\n", ["응\n\n", "알았어\n"]),
        ("\n응", ["\n", "응"]),
        ("응\u2028알았어", ["응\u2028알았어"]),
    ],
)
def test_a_line_is_a_piece(text: str, pieces: list[str]) -> None:
    told = [chunk["choices"][0]["text"] for chunk in chunks(stream(completion(text), include_usage=False))]
    assert told == [*pieces, ""]


def test_a_text_of_very_many_lines_ends_in_one_long_piece() -> None:
    text = "ㅋ\n" * (MOST_PIECES * 2)
    told = [chunk["choices"][0]["text"] for chunk in chunks(stream(completion(text), include_usage=False))]
    assert len(told) == MOST_PIECES + 1
    assert told[-2] == "ㅋ\n" * (MOST_PIECES + 1)


@pytest.mark.parametrize("of", ["🐶", "한", "\n", "a\n"])
def test_the_longest_stream_that_can_be_asked_for_fits_a_functions_answer(of: str) -> None:
    # 4 answers to each of 8 prompts, all repeated.
    text = (of * 20_000)[:20_000]
    events = stream(completion(*[text] * 32), include_usage=True)
    answer = json.dumps({"body": events}, ensure_ascii=False).encode()
    assert len(answer) < LAMBDAS_LIMIT
