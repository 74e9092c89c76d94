from __future__ import annotations

import torch

from infra.local.finetuning.engine import Sampling
from infra.local.finetuning.lora.writing import TEMPERATURE, GrowingText, Picker
from tests.lora.tiny import tiny_tokenizer

LOGITS = torch.log(torch.tensor([0.05, 0.6, 0.3, 0.05]))


def draws(sampling: Sampling, count: int = 200) -> list[int]:
    pick = Picker(sampling)
    return [pick(LOGITS) for _ in range(count)]


def test_no_temperature_takes_the_likeliest() -> None:
    assert set(draws(Sampling(temperature=0))) == {1}


def test_tokens_come_as_often_as_they_are_likely() -> None:
    found = draws(Sampling(temperature=1, seed=1), 4000)

    assert [
        abs(found.count(at) / 4000 - share) < 0.03 for at, share in enumerate((0.05, 0.6, 0.3, 0.05))
    ] == [True] * 4


def test_a_higher_temperature_evens_out() -> None:
    cold, hot = (draws(Sampling(temperature=each, seed=1), 1000).count(1) for each in (0.5, 2.0))

    assert cold > 720
    assert hot < 500
    assert draws(Sampling(seed=1)) == draws(Sampling(temperature=TEMPERATURE, seed=1))


def test_top_p_leaves_the_unlikely_out() -> None:
    assert set(draws(Sampling(temperature=1, top_p=0.0, seed=1))) == {1}
    assert set(draws(Sampling(temperature=1, top_p=0.59, seed=1))) == {1}
    assert set(draws(Sampling(temperature=1, top_p=0.7, seed=1))) == {1, 2}
    assert set(draws(Sampling(temperature=1, top_p=0.85, seed=1))) == {1, 2}
    assert set(draws(Sampling(temperature=1, top_p=1.0, seed=1), 1000)) == {0, 1, 2, 3}


def test_top_p_looks_further_than_the_likeliest_where_nothing_is_likely() -> None:
    pick = Picker(Sampling(temperature=1, top_p=0.999, seed=1))

    assert max(pick(torch.zeros(5000)) for _ in range(200)) > 1024


def test_a_seed_repeats_and_another_does_not() -> None:
    assert draws(Sampling(seed=7)) == draws(Sampling(seed=7)) != draws(Sampling(seed=8))
    assert draws(Sampling(seed=-1)) == draws(Sampling(seed=-1))
    assert draws(Sampling()) != draws(Sampling())


def test_a_letter_of_several_tokens_comes_whole() -> None:
    tokenizer = tiny_tokenizer()
    text, said = GrowingText(tokenizer), "ㅋㅋ 밥🙂!"

    parts = [text.after(token) for token in tokenizer(said)["input_ids"]]

    assert "".join(parts) == said
    assert [part for part in parts if part] == list(said)
    assert text.rest() == ""


def test_half_a_letter_at_the_end_is_told_as_such() -> None:
    tokenizer = tiny_tokenizer()
    text = GrowingText(tokenizer)
    for token in tokenizer("밥")["input_ids"][:2]:
        assert text.after(token) == ""

    assert text.rest() == "\ufffd"
