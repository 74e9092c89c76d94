"""Answers: the base model once, adapters by turns, against transformers and peft alone."""

from __future__ import annotations

from threading import Thread
from typing import TYPE_CHECKING, Any

import peft
import pytest
import torch

from infra.local.finetuning.engine import Message, Plan, Sampling
from infra.local.finetuning.lora import adapters
from infra.local.finetuning.lora.adapters import Host
from infra.local.finetuning.lora.job import TrainingJob
from infra.local.finetuning.lora.loading import chosen_device, open_encoder, open_model
from infra.local.finetuning.lora.model import LoraModel
from infra.local.finetuning.lora.training import train
from tests.lora.tiny import WINDOW, tiny_model
from tests.unit.finetuning.dialogue import dataset

if TYPE_CHECKING:
    from pathlib import Path

ASKED = (Message("system", "너는 대화 상대다."), Message("user", "오늘 비 온대여ㅠㅠ"))
GREEDY = Sampling(temperature=0, max_tokens=40)


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_model(tmp_path_factory.mktemp("tiny"))


@pytest.fixture(scope="module")
def personas(base: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folders = {side: tmp_path_factory.mktemp(side) for side in ("minji", "park")}
    for side, folder in folders.items():
        plan = Plan(3, 8, 10.0)
        train(TrainingJob(str(base), str(folder), dataset(side), None, plan, 1, 60.0), lambda _: None)
    return folders


@pytest.fixture
def host(base: Path) -> Host:
    return Host(str(base))


def say(host: Host, folder: Path | None, sampling: Sampling = GREEDY) -> str:
    return "".join(piece.text for piece in LoraModel(host, folder).reply(ASKED, sampling))


def alone(base: Path, folder: Path | None) -> str:
    """What transformers and peft say by themselves."""
    encoder = open_encoder(str(base))
    model: Any = open_model(str(base), chosen_device())
    if folder is not None:
        model = peft.PeftModel.from_pretrained(model, folder)
    prompt = encoder.prompt(ASKED)
    found: Any = model.generate(
        input_ids=torch.tensor([prompt]),
        attention_mask=torch.ones(1, len(prompt), dtype=torch.long),
        max_new_tokens=GREEDY.max_tokens,
        do_sample=False,
        eos_token_id=sorted(encoder.ends),
    )
    return encoder.tokenizer.decode(found[0, len(prompt) :], skip_special_tokens=True)


def test_every_persona_and_the_base_say_what_they_say_alone(
    base: Path, host: Host, personas: dict[str, Path]
) -> None:
    expected = {folder: alone(base, folder) for folder in (None, *personas.values())}
    assert len(set(expected.values())) == 3

    order = [*personas.values(), None, personas["minji"], None, personas["park"]]
    assert [say(host, each) for each in order] == [expected[each] for each in order]


def test_answers_that_are_written_at_once_do_not_mix(host: Host, personas: dict[str, Path]) -> None:
    sides = [*personas.values(), None]
    expected = [say(host, side) for side in sides]
    pieces = [LoraModel(host, side).reply(ASKED, GREEDY) for side in sides]

    written = ["", "", ""]
    for row in zip(*pieces, strict=False):
        written = [text + piece.text for text, piece in zip(written, row, strict=True)]
    assert all(whole.startswith(text) and text for whole, text in zip(expected, written, strict=True))

    found: dict[Path | None, str] = {}

    def ask(side: Path | None) -> None:
        found[side] = say(host, side)

    threads = [Thread(target=ask, args=(side,)) for side in sides]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [found[side] for side in sides] == expected


def test_the_adapter_asked_longest_ago_makes_room_and_comes_back(
    host: Host, personas: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(adapters, "LOADED_AT_ONCE", 1)
    minji, park = personas.values()
    whole = say(host, minji)
    begun = LoraModel(host, minji).reply(ASKED, GREEDY)
    start = next(begun).text

    other = say(host, park)
    assert host.loaded == (park,)
    assert start + "".join(piece.text for piece in begun) == whole != other
    assert host.loaded == (minji,)


def test_a_seed_repeats_an_answer(host: Host, personas: dict[str, Path]) -> None:
    first, again, other = (
        say(host, personas["minji"], Sampling(1.5, seed=seed, max_tokens=30)) for seed in (4, 4, 5)
    )
    assert first == again != other


def test_an_answer_ends_with_the_turn_with_max_tokens_or_with_the_window(
    host: Host, personas: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    model = LoraModel(host, personas["minji"])
    *pieces, last = model.reply(ASKED, Sampling(0, max_tokens=5))
    assert (sum(piece.tokens for piece in (*pieces, last)), last.finish) == (5, "length")

    full = (Message("user", "가" * 140),)
    room = model.context_window - model.count_tokens(full)
    assert model.context_window == WINDOW
    assert 0 < room < 100
    answer = list(model.reply(full, Sampling(2.0, seed=1)))
    assert sum(piece.tokens for piece in answer) == room or answer[-1].finish == "stop"

    ends = host.encoder.ends

    def end_at_once(_picker: object, _logits: object) -> int:
        return min(ends)

    monkeypatch.setattr("infra.local.finetuning.lora.writing.Picker.__call__", end_at_once)
    (end,) = model.reply(ASKED, Sampling())
    assert (end.text, end.tokens, end.finish) == ("", 1, "stop")
