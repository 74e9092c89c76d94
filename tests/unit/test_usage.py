from __future__ import annotations

import itertools
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from unittest import mock

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maltu.errors import QuotaUsedUp, TooManyRequests
from maltu.table import Table
from maltu.usage import Limits, Usage
from tests.support.table import open_table

if TYPE_CHECKING:
    from collections.abc import Iterator

NOON = datetime(2026, 11, 23, 12, 0, 7, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


@pytest.fixture(scope="module")
def table() -> Iterator[Table]:
    with open_table() as opened:
        yield opened


@pytest.fixture
def usage(table: Table) -> Usage:
    for pk in ("usage#2026-11", "usage#2026-12", "usage#2027-01"):
        for item in table.query(pk):
            table.delete({"pk": item["pk"], "sk": item["sk"]})
    return Usage(table)


def outcome(usage: Usage, limits: Limits, at: datetime, key: str = "key_1") -> tuple[str, int]:
    """What becomes of a request: counted, or why not and how long to wait."""
    try:
        usage.count(key, limits, at=at)
    except (TooManyRequests, QuotaUsedUp) as refused:
        return type(refused).__name__, refused.retry_after
    return "counted", 0


def test_a_minute_takes_what_it_may_and_the_next_one_again(usage: Usage) -> None:
    limits = Limits(2, 100)
    said = [outcome(usage, limits, NOON)[0] for _ in range(4)]
    assert said == ["counted", "counted", "TooManyRequests", "TooManyRequests"]
    assert outcome(usage, limits, NOON) == ("TooManyRequests", 53)
    assert outcome(usage, limits, NOON.replace(second=59, microsecond=999_999)) == ("TooManyRequests", 1)
    assert outcome(usage, limits, NOON.replace(minute=1, second=0))[0] == "counted"
    assert usage.of_month(NOON) == {"key_1": 3}, "what is refused is not counted"


def test_a_month_takes_what_it_may_and_the_next_one_again(usage: Usage) -> None:
    limits = Limits(100, 3)
    said = [outcome(usage, limits, NOON + n * MINUTE)[0] for n in range(4)]
    assert said == ["counted"] * 3 + ["QuotaUsedUp"]
    last = datetime(2026, 11, 30, 23, 59, 58, 500_000, tzinfo=UTC)
    assert outcome(usage, limits, last) == ("QuotaUsedUp", 2)
    assert outcome(usage, limits, last + timedelta(seconds=2))[0] == "counted"
    assert outcome(usage, limits, datetime(2026, 12, 1, tzinfo=UTC))[0] == "counted"
    assert (usage.of_month(last), usage.of_month(NOON + timedelta(days=30))) == ({"key_1": 3}, {"key_1": 2})


def test_december_is_followed_by_january(usage: Usage) -> None:
    december = datetime(2026, 12, 31, 23, 59, 50, tzinfo=UTC)
    assert outcome(usage, Limits(9, 1), december)[0] == "counted"
    assert outcome(usage, Limits(9, 1), december) == ("QuotaUsedUp", 10)


def test_where_both_are_used_up_the_longer_wait_is_told(usage: Usage) -> None:
    assert [outcome(usage, Limits(1, 1), NOON)[0] for _ in range(2)] == ["counted", "QuotaUsedUp"]


def test_one_key_does_not_count_for_another(usage: Usage) -> None:
    said = [outcome(usage, Limits(1, 9), NOON, key)[0] for key in ("key_1", "key_2", "key_1")]
    assert said == ["counted", "counted", "TooManyRequests"]
    assert usage.of_month(NOON) == {"key_1": 1, "key_2": 1}


def test_a_clock_that_is_a_little_behind_counts_in_the_minute_that_is_open(usage: Usage) -> None:
    limits, ahead = Limits(2, 9), NOON.replace(second=59) + timedelta(seconds=2)
    said = [outcome(usage, limits, at)[0] for at in (ahead, NOON.replace(second=59), ahead)]
    assert said == ["counted", "counted", "TooManyRequests"]


def test_a_clock_that_was_far_ahead_locks_nobody_out(usage: Usage) -> None:
    assert outcome(usage, Limits(1, 9), NOON + timedelta(hours=5))[0] == "counted"
    assert [outcome(usage, Limits(1, 9), NOON) for _ in range(2)] == [("counted", 0), ("TooManyRequests", 53)]


def test_a_months_item_goes_by_itself_once_no_clock_can_ask_for_it(usage: Usage) -> None:
    usage.count("key_1", Limits(9, 9), at=NOON)
    (item,) = usage.table.query("usage#2026-11")
    assert item["expires_at"] == datetime(2026, 12, 2, tzinfo=UTC).timestamp()
    usage.count("key_1", Limits(9, 9), at=NOON + MINUTE)
    assert usage.table.query("usage#2026-11")[0]["expires_at"] == item["expires_at"]


@dataclass
class Model:
    """What a key may do, by one who sees every request in turn."""

    minutes: dict[datetime, int] = field(default_factory=dict[datetime, int])
    months: dict[str, int] = field(default_factory=dict[str, int])

    def outcome(self, limits: Limits, at: datetime) -> str:
        minute, month = at.replace(second=0, microsecond=0), f"{at:%Y-%m}"
        if self.months.get(month, 0) >= limits.per_month:
            return "QuotaUsedUp"
        if self.minutes.get(minute, 0) >= limits.per_minute:
            return "TooManyRequests"
        self.minutes[minute] = self.minutes.get(minute, 0) + 1
        self.months[month] = self.months.get(month, 0) + 1
        return "counted"


LAST_HOUR = datetime(2026, 11, 30, 23, 30, tzinfo=UTC)
# One table serves every example, so none may count for another's key.
KEYS = itertools.count()


@settings(max_examples=30, deadline=None)
@given(
    steps=st.lists(st.sampled_from([0, 0, 0, 1, 20, 59, 60, 61, 600, 1_800]), min_size=1, max_size=25),
    per_minute=st.integers(1, 4),
    per_month=st.integers(1, 9),
)
def test_what_is_let_through_is_what_a_simple_count_says(
    table: Table, steps: list[int], per_minute: int, per_month: int
) -> None:
    usage, model, limits, at = Usage(table), Model(), Limits(per_minute, per_month), LAST_HOUR
    key = f"key_of_example_{next(KEYS)}"
    for seconds in steps:
        at += timedelta(seconds=seconds)
        said, wait = outcome(usage, limits, at, key)
        assert said == model.outcome(limits, at)
        if said != "counted":
            later = Model(dict(model.minutes), dict(model.months))
            assert later.outcome(limits, at + timedelta(seconds=wait)) == "counted"
    counts = {
        month: usage.of_month(datetime.fromisoformat(f"{month}-15")).get(key, 0) for month in model.months
    }
    assert counts == model.months


@pytest.mark.parametrize("limits", [Limits(10, 1_000), Limits(1_000, 10), Limits(1_000, 1_000)])
@pytest.mark.parametrize("opened", [False, True])
def test_however_many_ask_at_once_no_more_are_let_through(
    usage: Usage, limits: Limits, *, opened: bool
) -> None:
    threads, each = 8, 4
    if opened:  # and is over
        usage.count("key_1", Limits(9, 9), at=NOON - MINUTE)
    ready, update = threading.Barrier(threads), Table.update_or_see
    late = threading.local()

    def together_at_first(self: Table, *args: Any, **more: Any) -> Any:  # noqa: ANN401 - as it is called
        answer = update(self, *args, **more)
        if not getattr(late, "is_late", False):
            late.is_late = True
            ready.wait(10)  # so that everybody has seen that the minute is not open
        return answer

    def ask(_: int) -> list[str]:
        return [outcome(usage, limits, NOON)[0] for _ in range(each)]

    with mock.patch.object(Table, "update_or_see", together_at_first), ThreadPoolExecutor(threads) as pool:
        said = [one for several in pool.map(ask, range(threads)) for one in several]

    before = 1 if opened else 0
    expected = min(limits.per_minute, limits.per_month - before, threads * each)
    assert said.count("counted") == expected
    assert usage.of_month(NOON) == {"key_1": expected + before}
