"""What of a chat is trained, shown, or left out: the rules beside "every turn of the persona's, once"."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from maltu.dataset import Room
from maltu.dataset.examples import ANSWERS_NOTHING, CUT_OFF
from maltu.dataset.lines import harmless
from maltu.errors import TooFewExamples
from tests.unit.dataset.chats import SPEAKER, chat, chats, dialogues
from tests.unit.dataset.test_build import build, build_rooms, lines, raw_lines, trained_texts

if TYPE_CHECKING:
    from pathlib import Path

    from maltu.exports import Message

LONG = "오늘 저녁 7시 정기 모임이 있습니다. 모두 늦지 않게 와 주세요!"
CUT = "가" * 500
NEWLINE = "\n"


def said(line: dict[str, Any]) -> list[tuple[str, int]]:
    return [(m["content"], m.get("weight", 1)) for m in line["messages"] if m["role"] == "assistant"]


def test_lines_are_the_bytes_that_json_dumps_writes(tmp_path: Path) -> None:
    odd = '따옴표 " \\ / \x00\x1f\x7f \u2028 😂\t<END>'
    for format_ in ("chat", "bedrock", "completions"):
        build(
            [*dialogues(10), *chat((1440 * 20, "Json", odd), (1440 * 20, SPEAKER, odd))],
            tmp_path,
            format=format_,
        )
        for line in raw_lines(tmp_path):
            assert line == json.dumps(json.loads(line), ensure_ascii=False)


def test_half_an_emoji_does_not_stop_a_dataset(tmp_path: Path) -> None:
    build([*dialogues(10), *chat((1440 * 20, "Json", "\ud83d"), (1440 * 20, SPEAKER, "왜 \ude02"))], tmp_path)

    assert said(lines(tmp_path)[-1]) == [("왜 \ufffd", 1)]


def test_a_long_conversation_shows_what_was_said_before_and_teaches_it_once(tmp_path: Path) -> None:
    messages = dialogues(1, turns_each=2000)

    summary = build(messages, tmp_path, validation_share=0)

    made = lines(tmp_path)
    assert [weight for _, weight in said(made[0])] == [1] * len(said(made[0]))
    for before, after in pairwise(made):
        shown = [text for text, weight in said(after) if not weight]
        assert shown == [text for text, _ in said(before)][-len(shown) :]
    assert 3 * len(made) < summary.context_turns <= 6 * (len(made) - 1)
    assert trained_texts(tmp_path).count("밥먹음") == summary.trained_turns == 2000


@pytest.mark.parametrize("format_", ["chat", "bedrock", "completions"])
def test_a_cut_answer_is_never_taught(tmp_path: Path, format_: str) -> None:
    at = 1440 * 20
    messages = [
        *dialogues(10),
        *chat((at, "Json", "하나"), (at + 1, SPEAKER, "일"), (at + 2, "Json", "둘"), (at + 3, SPEAKER, CUT)),
        *chat((at + 4, "Json", "셋"), (at + 5, SPEAKER, "삼")),
        *chat((at + 1440, "Json", "넷"), (at + 1441, SPEAKER, CUT)),
    ]

    summary = build(messages, tmp_path, cuts_at=500, format=format_, validation_share=0)

    assert summary.skipped["turns of the persona's that the export cut off"] == 2
    assert summary.persona_turns - summary.trained_turns == 2
    if format_ == "chat":
        assert said(lines(tmp_path)[-1]) == [("일", 1), (CUT, 0), ("삼", 1)]
    elif format_ == "bedrock":
        assert not any(CUT in line for line in raw_lines(tmp_path))
        assert [[m["content"][0]["text"] for m in line["messages"]] for line in lines(tmp_path)[-2:]] == [
            ["하나", "일"],
            ["셋", "삼"],
        ]
    else:
        assert not any(CUT in line["completion"] for line in lines(tmp_path))
        assert CUT in lines(tmp_path)[-1]["prompt"]


@pytest.mark.parametrize(
    ("text", "kept"), [("가" * 499, True), ("가" * 500, False), ("가" * 501, True), ("😂" * 250, False)]
)
def test_only_a_text_of_exactly_that_length_is_cut(tmp_path: Path, text: str, kept: bool) -> None:  # noqa: FBT001 - a parameter of the test
    messages = [*dialogues(10), *chat((1440 * 20, "Json", "하나"), (1440 * 20, SPEAKER, text))]

    build(messages, tmp_path, cuts_at=500)

    assert (text in trained_texts(tmp_path)) is kept


def test_a_forward_is_taught_three_times_and_a_laugh_always(tmp_path: Path) -> None:
    messages = [
        message
        for day in range(20)
        for message in chat(
            (1440 * day, "Json", "?"), (1440 * day + 1, SPEAKER, LONG), (1440 * day + 2, SPEAKER, "ㅋㅋㅋㅋ")
        )
    ]

    summary = build(messages, tmp_path)

    assert trained_texts(tmp_path).count(LONG) == 3
    assert trained_texts(tmp_path).count("ㅋㅋㅋㅋ") == 20
    assert summary.skipped == {"repeated texts of the persona's": 17}


def test_a_forward_to_many_rooms_counts_once_for_all(tmp_path: Path) -> None:
    rooms = [
        Room(messages=[*dialogues(5), *chat((1440 * 9, other, "?"), (1440 * 9 + 1, SPEAKER, LONG))])
        for other in ("Json", "Xml", "Yaml", "Toml", "Ini")
    ]

    build_rooms(rooms, tmp_path)

    assert trained_texts(tmp_path).count(LONG) == 3


def test_bedrock_reads_its_own_format(tmp_path: Path) -> None:
    opened = chat(
        (1440 * 20, SPEAKER, "자?"), (1440 * 20 + 1, "Json", "아니"), (1440 * 20 + 2, SPEAKER, "왜")
    )

    summary = build([*dialogues(10), *opened], tmp_path, format="bedrock", system_prompt="S")

    assert lines(tmp_path)[-1] == {
        "schemaVersion": "bedrock-conversation-2024",
        "system": [{"text": "S"}],
        "messages": [
            {"role": "user", "content": [{"text": "아니"}]},
            {"role": "assistant", "content": [{"text": "왜"}]},
        ],
    }
    assert summary.skipped == {"turns of the persona's that answer nothing": 1}


def test_bedrock_gets_no_blank_system_prompt(tmp_path: Path) -> None:
    build(dialogues(10), tmp_path, format="bedrock", system_prompt=" ")

    assert set(lines(tmp_path)[0]) == {"schemaVersion", "messages"}


@pytest.mark.parametrize("word", ["User:", "Bot:", "Assistant:", "System:", "<image>", "<video>", "[EOS]"])
def test_bedrocks_own_words_are_written_so_that_they_do_no_harm(tmp_path: Path, word: str) -> None:
    messages = [
        *dialogues(10),
        *chat((1440 * 20, "Json", f"이거 {word} 뭐임"), (1440 * 20, SPEAKER, f"{word}ㅋ")),
    ]

    summary = build(messages, tmp_path, format="bedrock", system_prompt=word)

    written = "".join(raw_lines(tmp_path))
    assert word not in written
    assert word.strip("<>[]:") in written
    assert any(warning.startswith("2 turns contain words that Bedrock keeps") for warning in summary.warnings)
    assert harmless("user: <b> [eos] 사용자:") == "user: <b> [eos] 사용자:"


def test_both_sides_are_masked_and_names_are_not(tmp_path: Path) -> None:
    number = "010123456789"
    messages = [*dialogues(10), *chat((1440 * 20, number, f"내 번호 {number}"), (1440 * 20, SPEAKER, number))]

    summary = build(messages, tmp_path, named=True)

    assert [m["content"] for m in lines(tmp_path)[-1]["messages"][1:]] == [
        f"{number}: 내 번호 [number]",
        "[number]",
    ]
    assert summary.masked == {"number": 2}
    assert number not in json.dumps(summary.as_report()["masked"])


def test_samples_are_lines_of_the_dataset_and_no_part_of_the_numbers(tmp_path: Path) -> None:
    summary = build(dialogues(100), tmp_path)

    assert len(summary.samples) == 3
    assert all(sample in lines(tmp_path) for sample in summary.samples)
    assert "밥먹음" not in json.dumps(summary.as_report(), ensure_ascii=False)


@pytest.mark.parametrize("format_", ["chat", "bedrock"])
@given(mine=chats(min_size=25), other=chats(min_size=25), cuts_at=st.sampled_from([None, 6]))
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_no_example_holds_two_chats_and_every_turn_is_taught_once_or_counted(
    tmp_path_factory: pytest.TempPathFactory,
    format_: str,
    mine: list[Message],
    other: list[Message],
    cuts_at: int | None,
) -> None:
    directory = tmp_path_factory.mktemp("dataset")
    rooms = [
        Room(
            messages=[m._replace(text=f"{m.text.replace(NEWLINE, '/')}@{name}") for m in of], cuts_at=cuts_at
        )
        for name, of in (("A", mine), ("B", other))
    ]
    try:
        summary = build_rooms(rooms, directory, format=format_)
    except TooFewExamples:
        return
    for line in raw_lines(directory):
        assert ("@A" in line) != ("@B" in line)
    untaught = [summary.skipped.get(reason, 0) for reason in (ANSWERS_NOTHING, CUT_OFF)]
    assert summary.trained_turns + sum(untaught) == summary.persona_turns
    if format_ == "chat":
        taught = [text for line in lines(directory) for text, weight in said(line) if weight]
        assert len(taught) == summary.trained_turns
        numbered = [text for turn in taught for text in turn.split(NEWLINE) if "#" in text]
        assert len(numbered) == len(set(numbered))
        assert not [text for text in numbered if len(text) == cuts_at]
