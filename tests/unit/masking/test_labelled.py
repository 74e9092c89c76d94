from __future__ import annotations

from pathlib import Path

import pytest

from maltu.masking import LABELS
from tests.unit.masking.labelled import PARTS, read_part, score, table

PAGE = Path(__file__).parents[3] / "docs" / "masking.md"


@pytest.mark.parametrize("part", PARTS)
def test_what_is_personal_is_masked_and_what_is_clean_stays(part: str) -> None:
    measured = score(read_part(part))

    assert measured.recall >= 0.98
    assert measured.leakage <= 0.02
    assert measured.touched / measured.clean <= 0.005
    assert measured.precision >= 0.98


def test_the_labelled_set_is_large_and_knows_every_kind() -> None:
    messages = [message for part in PARTS for message in read_part(part)]
    kinds = {kind for message in messages for _, _, kind in message.spans}

    assert sum(bool(message.spans) for message in messages) >= 200
    assert sum(not message.spans for message in messages) >= 250
    assert kinds == set(LABELS)


def test_no_message_stands_in_both_parts() -> None:
    texts = [message.text for part in PARTS for message in read_part(part)]

    assert len(set(texts)) == len(texts)


def test_the_published_table_is_the_measured_one() -> None:
    measured = table({part: score(read_part(part)) for part in PARTS})
    print(measured)  # noqa: T201 - pytest shows it where it differs from the page: paste it there

    assert measured in PAGE.read_text(encoding="utf-8")
