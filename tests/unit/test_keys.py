from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from maltu.keys import MAX_PERSONAS, Keys
from maltu.naming import MAX_PERSONA_LENGTH, is_persona
from maltu.usage import Limits
from tests.support.table import open_table

if TYPE_CHECKING:
    from collections.abc import Iterator

LIMITS = Limits(60, 20_000)


@pytest.fixture
def keys() -> Iterator[Keys]:
    with open_table() as table:
        yield Keys(table)


def test_keys_are_listed_from_the_oldest_on_with_what_each_has_used(
    keys: Keys, monkeypatch: pytest.MonkeyPatch
) -> None:
    days = [f"2026-11-{day:02}T00:00:00Z" for day in (3, 1, 2)]
    made: dict[str, str] = {}
    for day in days:
        monkeypatch.setattr("maltu.keys.now", lambda day=day: day)
        made[day] = keys.create("k", ["chat"], None, LIMITS, by="owner")["id"]
    listed = keys.listed({made[days[0]]: 7})["data"]
    assert [(key["created_at"], key["used_this_month"]) for key in listed] == [
        (days[1], 0), (days[2], 0), (days[0], 7),
    ]  # fmt: skip


def test_revoking_one_key_leaves_the_others(keys: Keys) -> None:
    made = [keys.create("k", ["chat"], ["하준"], LIMITS, by="owner") for _ in range(20)]
    keys.revoke(made[7]["id"], by="owner")
    found = [keys.find(key["key"]) for key in made]
    assert [key["id"] if key else None for key in found] == [
        None if key is made[7] else key["id"] for key in made
    ]


def test_a_keys_hash_opens_nothing(keys: Keys) -> None:
    keys.create("k", ["chat"], None, LIMITS, by="owner")
    (item,) = keys.table.query("keys")
    assert keys.find(item["sk"]) is None
    assert keys.find(f"maltu-{item['sk']}") is None


def test_the_gateway_takes_as_many_personas_as_a_key_may_have(keys: Keys) -> None:
    # Each letter of these takes twelve bytes.
    names = [chr(0x20000 + n) * MAX_PERSONA_LENGTH for n in range(MAX_PERSONAS)]
    assert all(is_persona(name) for name in names)
    found = keys.find(keys.create("k", ["chat", "manage"], names, LIMITS, by="owner")["key"])
    assert found is not None
    assert len(json.dumps(found["personas"])) < 8 * 1024 - 1024, "with a policy and the rest beside it"
