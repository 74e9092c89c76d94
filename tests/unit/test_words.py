"""What is repeated of a provider's words, and what not."""

from __future__ import annotations

import pytest

from maltu.providers.words import LONGEST, repeatable


@pytest.mark.parametrize(
    ("said", "repeated"),
    [
        ("The job exceeded the account's limit.", "The job exceeded the account's limit."),
        ("The model 'gpt-4.1-mini' isn't there.", "The model 'gpt-4.1-mini' isn't there."),
        ('"n_epochs" must be 1 to 50, see train.jsonl:3.', '"n_epochs" must be 1 to 50, see train.jsonl:3.'),
        ('Line 3: "see you at noon" is unsafe.', "Line 3: … is unsafe."),
        ("Line 3: 'don't tell' is unsafe.", "Line 3: … is unsafe."),
        ("Line 3: `hello` is unsafe.", "Line 3: … is unsafe."),
        ('Line 3: "see you at', "Line 3: …"),
        ('Line 3: "see\nyou" is unsafe.', "Line 3: … is unsafe."),
        ('Bad line {"role": "user", "content": "hi"} in the file', "Bad line … in the file"),
        ('Bad line {"role": "user", "content": "h', "Bad line …"),
        ('Bad: ["hi", "there"].', "Bad: …."),
        ("Example 2: 밥 먹었어? is unsafe", "Example 2: …? is unsafe"),
        ("“see me” 'maltu-010-1234-5678' '010-1234-5678'", "… 'maltu-010-1234-5678' …"),
        ("", ""),
        ("x" * 1000, "x" * LONGEST),
    ],
)
def test_names_stay_and_quotes_go(said: str, repeated: str) -> None:
    assert repeatable(said) == repeated
