from __future__ import annotations

import pytest

from infra.local.finetuning.lora.batches import batches, rows_at_once, steps_per_epoch

LENGTHS = [7 * at % 101 for at in range(250)]


@pytest.mark.parametrize("size", [1, 4, 16, 300])
def test_an_epoch_has_every_example_once_in_full_batches(size: int) -> None:
    found = batches(LENGTHS, size, seed=1, epoch=1)

    assert sorted(at for batch in found for at in batch) == list(range(250))
    assert len(found) == steps_per_epoch(250, size)
    assert sum(len(batch) < size for batch in found) <= 1


def test_the_order_depends_on_seed_and_epoch_and_on_nothing_else() -> None:
    orders = [batches(LENGTHS, 4, seed=seed, epoch=epoch) for seed in (1, 2) for epoch in (1, 2)]

    assert all(one != other for at, one in enumerate(orders) for other in orders[:at])
    assert orders[3] == batches(LENGTHS, 4, seed=2, epoch=2)


def test_a_batch_pads_little() -> None:
    found = batches(LENGTHS, 8, seed=3, epoch=1)
    padded = sum(max(LENGTHS[at] for at in batch) * len(batch) for batch in found)

    assert padded < 1.25 * sum(LENGTHS)


def test_a_large_batch_comes_in_parts_that_fit() -> None:
    costs = [(length, length // 3) for length in LENGTHS]

    parts = rows_at_once(range(250), costs, most=(400, 60))

    assert sorted(at for part in parts for at in part) == list(range(250))
    for part in parts:
        assert len(part) == 1 or max(costs[at][0] for at in part) * len(part) <= 400
        assert len(part) == 1 or sum(costs[at][1] for at in part) <= 60
    assert rows_at_once([0], [(9999, 9999)], most=(10, 10)) == [[0]]
