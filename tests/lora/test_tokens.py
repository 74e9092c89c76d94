"""What the model reads and what it learns, by its chat template."""

from __future__ import annotations

import pytest

from infra.local.finetuning.engine import Dataset, Message
from infra.local.finetuning.lora.template import chat_format, dialogue
from infra.local.finetuning.lora.tokens import Encoder, Sequenced
from tests.lora.tiny import CHATML, GEMMA, tiny_tokenizer

TALK = (
    Message("system", "넌 하준."),
    Message("user", "뭐해"),
    Message("assistant", "밥\n먹음", learned=False),
    Message("user", "뭐 먹어"),
    Message("assistant", "라면 ㅋㅋ"),
)


def learned(encoder: Encoder, example: Sequenced) -> list[str]:
    """Give the runs of learned tokens as text."""
    runs: list[list[int]] = [[]]
    for number, is_learned in zip(example.ids, example.learned, strict=True):
        if is_learned:
            runs[-1].append(number)
        elif runs[-1]:
            runs.append([])
    return [encoder.tokenizer.decode(run) for run in runs if run]


@pytest.mark.parametrize("template", [CHATML, GEMMA, None])
def test_only_what_the_persona_said_is_learned_with_the_end_of_its_turn(template: str | None) -> None:
    encoder = Encoder(tiny_tokenizer(template))

    (example,) = encoder.examples(Dataset("chat", (TALK,)), 1024)

    end = "<|im_end|>" if template == CHATML else "<end_of_turn>"
    assert learned(encoder, example) == [f"라면 ㅋㅋ{end}"]
    assert encoder.tokenizer.convert_tokens_to_ids(end) in encoder.ends
    assert example.learned[-1]


@pytest.mark.parametrize("template", [CHATML, GEMMA, None])
def test_training_reads_exactly_what_serving_sends(template: str | None) -> None:
    encoder = Encoder(tiny_tokenizer(template))

    (example,) = encoder.examples(Dataset("chat", (TALK,)), 1024)

    asked = encoder.prompt(TALK[:-1])
    assert list(example.ids[: len(asked)]) == asked
    assert example.learned[len(asked)]
    assert not any(example.learned[: len(asked)])


def test_the_templates_own_words_stand_between_the_turns() -> None:
    encoder = Encoder(tiny_tokenizer(CHATML))

    assert encoder.tokenizer.decode(encoder.prompt(TALK[:2])) == (
        "<|im_start|>system\n넌 하준.<|im_end|>\n<|im_start|>user\n뭐해<|im_end|>\n"
        "<|im_start|>assistant\n<think></think>"
    )


@pytest.mark.parametrize("template", [GEMMA, None])
def test_a_model_without_a_system_role_reads_the_prompt_in_the_first_turn(template: str | None) -> None:
    encoder = Encoder(tiny_tokenizer(template))

    assert encoder.tokenizer.decode(encoder.prompt(TALK[:2])) == (
        "<bos><start_of_turn>user\n넌 하준.\n\n뭐해<end_of_turn>\n<start_of_turn>model\n"
    )


def test_a_tokenizer_of_no_known_family_gets_plain_words() -> None:
    tokenizer = tiny_tokenizer(None, special=("<bos>", "<eos>", "<pad>"))

    texts = chat_format(tokenizer)

    assert (texts.opening, texts.asked) == ("<bos>User: ", "\nAssistant: ")
    assert Encoder(tokenizer).ends == frozenset([tokenizer.convert_tokens_to_ids("<eos>")])


def test_what_one_side_says_in_a_row_is_one_turn() -> None:
    found = dialogue(
        [
            Message("assistant", "야"),
            Message("assistant", "자냐"),
            Message("user", "왜"),
            Message("user", "뭔데"),
            Message("assistant", "아님"),
        ]
    )

    assert found.exchanges == (("", "야\n자냐", True), ("왜\n뭔데", "아님", True))
    assert found.question == ""


def test_a_long_conversation_becomes_several_that_learn_every_answer_once() -> None:
    encoder = Encoder(tiny_tokenizer(CHATML))
    answers = [f"대답 {at:03}" for at in range(40)]
    turns = [
        turn
        for at, said in enumerate(answers)
        for turn in (Message("user", f"질문 {at}"), Message("assistant", said))
    ]

    examples = encoder.examples(Dataset("chat", ((TALK[0], *turns),)), 300)

    assert all(len(example.ids) <= 300 for example in examples)
    assert [text for example in examples for text in learned(encoder, example)] == [
        f"{answer}<|im_end|>" for answer in answers
    ]
    assert all("넌 하준." in encoder.tokenizer.decode(example.ids) for example in examples)
    assert "대답" in encoder.tokenizer.decode(
        [
            number
            for number, is_learned in zip(examples[1].ids, examples[1].learned, strict=True)
            if not is_learned
        ]
    ), "the exchange before stands there as context"


def test_a_turn_that_is_too_long_keeps_its_end() -> None:
    encoder = Encoder(tiny_tokenizer(CHATML))
    long = (Message("user", "가" * 500), Message("assistant", "나" * 500))

    (example,) = encoder.examples(Dataset("chat", (long,)), 200)

    assert len(example.ids) <= 200
    assert encoder.tokenizer.decode(example.ids).endswith("나<|im_end|>")


def test_a_raw_prompt_and_its_completion_stand_as_they_are() -> None:
    encoder = Encoder(tiny_tokenizer(CHATML))
    pair = (Message("user", "뭐해 ->"), Message("assistant", " 밥\n"))

    (example,) = encoder.examples(Dataset("completions", (pair,)), 100)

    assert encoder.tokenizer.decode(example.ids) == "<bos>뭐해 -> 밥\n<eos>"
    assert learned(encoder, example) == [" 밥\n<eos>"]
    assert encoder.raw_prompt("뭐해 ->") == list(example.ids[: example.learned.index(True)])
