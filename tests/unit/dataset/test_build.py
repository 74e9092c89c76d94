from __future__ import annotations

import csv
import io
import json
import tracemalloc
from itertools import islice
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from maltu.dataset import Room, build_dataset, default_system_prompt, dialogue_labels, render_prompt
from maltu.dataset.formats import MAX_TOKENS
from maltu.errors import TooFewExamples
from maltu.exports import Message, Reading, read_export
from maltu.prompts import NOTHING_SAID
from maltu.settings import PersonaSettings
from tests.unit.dataset.chats import SPEAKER, Digits, chat, chats, dialogues, persona_texts

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from maltu.dataset import DatasetSummary

FOUR_ROWS = """\
2022-12-17 13:55:24,"Json","하이"
2022-12-17 13:55:27,"Json","뭐함"
2022-12-17 14:28:23,"Csv","ㅋㅋㅋㅋㅋㅋㅋㅋ 밥먹음"
2022-12-17 14:28:30,"Csv","왜"
"""


def build(
    messages: Iterable[Message],
    directory: Path,
    *,
    named: bool = False,
    cuts_at: int | None = None,
    **chosen: Any,  # noqa: ANN401 - any setting
) -> DatasetSummary:
    skipped = (messages.skipped,) if isinstance(messages, Reading) else ()
    return build_rooms(
        [Room(messages=messages, named=named, cuts_at=cuts_at, skipped=skipped)], directory, **chosen
    )


def build_rooms(rooms: list[Room], directory: Path, **chosen: Any) -> DatasetSummary:  # noqa: ANN401 - any setting
    return build_dataset(
        rooms,
        speaker=SPEAKER,
        settings=PersonaSettings(**chosen),
        count_tokens=len,
        masking=Digits(),
        directory=directory,
    )


def raw_lines(directory: Path) -> list[str]:
    files = (directory / "train.jsonl", directory / "validation.jsonl")
    return [line for file in files if file.exists() for line in file.read_text("utf-8").split("\n")[:-1]]


def lines(directory: Path) -> list[Any]:
    return [json.loads(line) for line in raw_lines(directory)]


def trained_texts(directory: Path) -> str:
    return "\n".join(
        message["content"]
        for line in lines(directory)
        for message in line["messages"]
        if message["role"] == "assistant" and message.get("weight", 1)
    )


@pytest.mark.parametrize(
    ("chosen", "line"),
    [
        (
            {"recipe": "pair", "format": "completions", "separator": "", "stop": ""},
            '{"prompt": "하이\\n뭐함", "completion": "ㅋㅋㅋㅋㅋㅋㅋㅋ 밥먹음\\n왜"}',
        ),
        (
            {"recipe": "pair", "format": "completions"},
            '{"prompt": "하이\\n뭐함\\n\\n###\\n\\n", "completion": " ㅋㅋㅋㅋㅋㅋㅋㅋ 밥먹음\\n왜 END"}',
        ),
        (
            {"format": "completions", "system_prompt": "S", "separator": "#"},
            '{"prompt": "S\\n\\n상대: 하이\\n뭐함#", "completion": " ㅋㅋㅋㅋㅋㅋㅋㅋ 밥먹음\\n왜 END"}',
        ),
        (
            {"system_prompt": "S"},
            (
                '{"messages": [{"role": "system", "content": "S"}, '
                '{"role": "user", "content": "하이\\n뭐함"}, '
                '{"role": "assistant", "content": "ㅋㅋㅋㅋㅋㅋㅋㅋ 밥먹음\\n왜"}]}'
            ),
        ),
    ],
)
def test_four_rows_byte_by_byte(tmp_path: Path, chosen: dict[str, Any], line: str) -> None:
    ten_days = "".join(FOUR_ROWS.replace("12-17", f"12-{day}") for day in range(10, 20))

    build(read_export(io.BytesIO(ten_days.encode()), name="talk.csv"), tmp_path, **chosen)

    assert (tmp_path / "train.jsonl").read_bytes() == (line + "\n").encode() * 10


def test_the_default_system_prompt_stands_in_every_example(tmp_path: Path) -> None:
    build(dialogues(12), tmp_path)

    assert {line["messages"][0]["content"] for line in lines(tmp_path)} == {default_system_prompt(SPEAKER)}


def test_an_empty_system_prompt_is_the_owners_choice(tmp_path: Path) -> None:
    build(dialogues(10), tmp_path, system_prompt="")

    assert lines(tmp_path)[0]["messages"][0] == {"role": "system", "content": ""}


@given(messages=chats(min_size=60, max_size=150), named=st.booleans())
@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_persona_turn_is_trained_exactly_once(
    tmp_path_factory: pytest.TempPathFactory, messages: list[Message], *, named: bool
) -> None:
    directory = tmp_path_factory.mktemp("dataset")
    try:
        summary = build(messages, directory, named=named, validation_share=0.2)
    except TooFewExamples:
        assert list(directory.iterdir()) == []
        return
    assert trained_texts(directory) == "\n".join(persona_texts(messages))
    assert summary.messages == len(messages)
    assert summary.trained_turns == summary.persona_turns
    for line in lines(directory):
        roles = [message["role"] for message in line["messages"]]
        assert roles == ["system", *["user", "assistant"] * (len(roles) // 2)]


def test_a_conversations_lines_repeat_the_dialogue_so_far_as_serving_renders_it(tmp_path: Path) -> None:
    build(dialogues(10, turns_each=2), tmp_path, format="completions", system_prompt="S", validation_share=0)
    user_label, persona_label = dialogue_labels(SPEAKER, named=False)
    said = [
        {"role": "user", "content": "뭐함 0-0"},
        {"role": "assistant", "content": "밥먹음 ㅋㅋ 0-0"},
        {"role": "user", "content": "뭐함 0-1"},
    ]

    first, second = lines(tmp_path)[:2]

    for line, count in ((first, 1), (second, 3)):
        assert line["prompt"] == render_prompt(
            said[:count],
            system_prompt="S",
            user_label=user_label,
            persona_label=persona_label,
            separator=PersonaSettings().separator,
            recipe="conversation",
        )
    assert second["completion"] == " 밥먹음 ㅋㅋ 0-1 END"


@pytest.mark.parametrize(("format_", "key"), [("chat", "messages"), ("completions", "prompt")])
def test_a_persona_who_starts_answers_nothing(tmp_path: Path, format_: str, key: str) -> None:
    messages = [*dialogues(10), *chat((1440 * 20, SPEAKER, "자?"))]

    build(messages, tmp_path, format=format_, system_prompt="S", separator="#")

    assert (
        lines(tmp_path)[-1][key]
        == {
            "messages": [
                {"role": "system", "content": "S"},
                {"role": "user", "content": NOTHING_SAID},
                {"role": "assistant", "content": "자?"},
            ],
            "prompt": "S#",
        }[key]
    )


def test_a_group_is_told_apart(tmp_path: Path) -> None:
    messages = [
        *dialogues(10),
        *chat((1440 * 20, "Json", "하이"), (1440 * 20, "Xml", "뭐함"), (1440 * 20, SPEAKER, "왜")),
    ]

    build(messages, tmp_path, named=True)

    assert lines(tmp_path)[-1]["messages"][1]["content"] == "Json: 하이\nXml: 뭐함"


def test_the_newest_conversations_are_the_validation(tmp_path: Path) -> None:
    summary = build(dialogues(40), tmp_path, validation_share=0.1)

    assert (summary.train.examples, summary.validation.examples) == (36, 4)
    assert trained_texts(tmp_path) == "\n".join(f"밥먹음 ㅋㅋ {day}-0" for day in range(40))
    assert '"뭐함 36-0"' in (tmp_path / "validation.jsonl").read_text("utf-8").split("\n")[0]


def test_a_conversation_is_never_divided_between_training_and_validation(tmp_path: Path) -> None:
    messages = [*dialogues(20), *dialogues(1, turns_each=4, start=20)]

    most_of_it = build(messages, tmp_path, recipe="pair", validation_share=0.1)
    assert (most_of_it.train.examples, most_of_it.validation.examples) == (24, 0)

    all_of_it = build(messages, tmp_path, recipe="pair", validation_share=0.15)
    assert (all_of_it.train.examples, all_of_it.validation.examples) == (20, 4)


@pytest.mark.parametrize(
    ("conversations", "share", "validation"),
    [(10, 0.5, 0), (11, 0.5, 1), (30, 0.5, 15), (30, 0, 0), (30, 0.01, 0)],
)
def test_ten_examples_stay_for_training(
    tmp_path: Path, conversations: int, share: float, validation: int
) -> None:
    summary = build(dialogues(conversations), tmp_path, validation_share=share)

    assert summary.validation.examples == validation
    assert (tmp_path / "validation.jsonl").exists() is bool(validation)


def test_a_short_export_is_split_until_there_are_ten(tmp_path: Path) -> None:
    messages = dialogues(3, turns_each=10)

    summary = build(messages, tmp_path)

    assert summary.train.examples == 10
    assert summary.validation.examples == 0
    assert summary.conversations == 3
    assert trained_texts(tmp_path) == "\n".join(persona_texts(messages))


def test_fewer_than_ten_examples_are_refused(tmp_path: Path) -> None:
    with pytest.raises(TooFewExamples, match="gives 9 examples of Csv answering, and a fine-tune needs 10"):
        build(dialogues(9), tmp_path)

    assert list(tmp_path.iterdir()) == []


def test_a_persona_who_says_nothing_gives_no_example(tmp_path: Path) -> None:
    with pytest.raises(TooFewExamples, match="gives 0 examples"):
        build(chat((0, "Json", "하이")), tmp_path)


@pytest.mark.parametrize("chosen", [{"format": "chat"}, {"format": "completions"}])
def test_a_long_conversation_is_split_to_fit(tmp_path: Path, chosen: dict[str, Any]) -> None:
    messages = dialogues(1, turns_each=2000)

    summary = build(messages, tmp_path, **chosen, validation_share=0)

    limit = MAX_TOKENS[chosen["format"]]
    assert limit / 3 < summary.longest_example <= limit
    assert not [warning for warning in summary.warnings if "more than" in warning]
    assert summary.trained_turns == 2000


def test_a_turn_too_long_to_split_is_reported(tmp_path: Path) -> None:
    messages = [*dialogues(10), *chat((1440 * 20, "Json", "긴 글" * 10_000), (1440 * 20, SPEAKER, "왜"))]

    summary = build(messages, tmp_path)

    assert any(warning.startswith("1 examples have more than 16,000 tokens") for warning in summary.warnings)


def test_marks_in_the_chat_are_reported(tmp_path: Path) -> None:
    messages = [*dialogues(10), *chat((1440 * 20, "Json", "THE END"), (1440 * 20, SPEAKER, "a\n\n###\n\nb"))]

    in_chat = build(messages, tmp_path)
    in_completions = build(messages, tmp_path, format="completions")

    assert not any("separator" in warning for warning in in_chat.warnings)
    assert any(warning.startswith("2 turns contain the separator") for warning in in_completions.warnings)


def test_the_report(tmp_path: Path) -> None:
    rows = "".join(FOUR_ROWS.replace("12-17", f"12-{day}") for day in range(10, 22))
    more = (
        '2023-01-01 10:00:00,"Csv","자?"\n2023-01-01 10:01:00,"Json","아니"\n,"","메시지가 삭제되었습니다."\n'
        '2023-01-01 10:02:00,"Csv","사진"\nx,"Json","하이"\n'
    )

    summary = build(
        read_export(io.BytesIO((rows + more).encode()), name="talk.csv"), tmp_path, system_prompt="S"
    )
    report = summary.as_report()

    # Counted by characters here: 3 + 3 for each message + its role + its text.
    answered = 3 + (3 + 6 + 1) + (3 + 4 + 5) + (3 + 9 + 14)
    opened = 3 + (3 + 6 + 1) + (3 + 4 + len(NOTHING_SAID)) + (3 + 9 + 2)
    assert json.loads(json.dumps(report)) == {
        "speaker": "Csv",
        "messages": 52,
        "speakers": {"Csv": 25, "Json": 25},
        "turns": {"persona": 13, "user": 13, "trained": 13, "shown_again": 0},
        "conversations": 13,
        "silence_hours": {"p50": 23, "p90": 23, "p99": 259},
        "opened_by_persona": 1,
        "examples": {"train": 12, "validation": 1},
        "tokens": {"train": 12 * answered, "validation": opened, "longest_example": answered},
        "bytes": {"train": 12 * 175, "validation": 127},
        "persona_turn_characters": {"p50": 14, "p90": 14, "p99": 14},
        "masked": {},
        "average_persona_turn": {"characters": 13.1, "messages": 1.92},
        "skipped": {"unreadable date": 1, "deleted": 1, "the persona's media": 1, "unanswered turns": 1},
        "warnings": [],
        "months": {"2022-12": 48, "2023-01": 2},
    }


def test_a_report_holds_no_chat_text(tmp_path: Path) -> None:
    report = json.dumps(build(dialogues(10), tmp_path).as_report(), ensure_ascii=False)

    assert "밥먹음" not in report
    assert "뭐함" not in report


class GeneratedExport(io.RawIOBase):
    """A CSV that is made while it is read."""

    def __init__(self, rows: Iterator[bytes]) -> None:
        super().__init__()
        self._rows = rows

    def read(self, size: int = -1, /) -> bytes:
        return b"".join(islice(self._rows, max(size // 100, 1)))


def export_rows(days: int) -> Iterator[bytes]:
    for day in range(days):
        for turn in range(10):
            for sender in ("Json", SPEAKER):
                line = io.StringIO()
                date = f"{2000 + day // 336}-{day // 28 % 12 + 1:02}-{day % 28 + 1:02} 10:{turn:02}:00"
                csv.writer(line).writerow([date, sender, f"{day} {turn} {sender} 오늘 뭐함"])
                yield line.getvalue().encode()


def peak_memory(days: int, directory: Path) -> int:
    export = GeneratedExport(export_rows(days))
    tracemalloc.start()
    try:
        build(read_export(export, name="talk.csv"), directory)  # pyright: ignore[reportArgumentType] - it has read(n)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_memory_does_not_grow_with_the_export(tmp_path: Path) -> None:
    small, large = peak_memory(500, tmp_path), peak_memory(1500, tmp_path)

    written = (tmp_path / "train.jsonl").stat().st_size
    assert large - small < written / 5
