"""A dataset that the real builder wrote is read back into the same turns, whatever its format."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from maltu.dataset import Room, build_dataset
from maltu.errors import UnreadableDataset, UnreadableReplies
from maltu.masking import Masker
from maltu.settings import PersonaSettings
from maltu.style import Turn, read_dataset, read_questions, read_replies
from maltu.style.placeholders import is_placeholder
from tests.unit.dataset.chats import chat

if TYPE_CHECKING:
    from pathlib import Path

    from maltu.exports import Message

DAY = 1440


def room(*, group: bool) -> list[Message]:
    """Twenty conversations: a question of two bubbles, an answer of two, thanks, and a last word."""
    said: list[Any] = []
    for day in range(20):
        other = "지우" if group and day % 2 else "서연"
        said += [
            (DAY * day, "서연", f"{day}번 왔어?"),
            (DAY * day + 1, "서연", "사진", "media"),
            (DAY * day + 2, other, "서연"),
            (DAY * day + 3, "하준", f"ㅇㅇ {day}번"),
            (DAY * day + 4, "하준", "아까: 왔음"),
            (DAY * day + 5, other, f"고마워~ {day}"),
            (DAY * day + 6, "하준", f"ㅋㅋ {day * 7}"),
        ]
    return chat(*said)


def write(directory: Path, settings: PersonaSettings, *, group: bool = False) -> None:
    directory.mkdir(exist_ok=True)
    summary = build_dataset(
        [Room(messages=room(group=group), named=group)],
        speaker="하준",
        settings=settings,
        count_tokens=len,
        masking=Masker(),
        directory=directory,
    )
    (directory / "report.json").write_text(json.dumps(summary.as_report(), ensure_ascii=False), "utf-8")


@pytest.mark.parametrize("group", [False, True])
@pytest.mark.parametrize("recipe", ["conversation", "pair"])
@pytest.mark.parametrize("format_", ["chat", "bedrock", "completions"])
def test_every_format_gives_the_same_turns(tmp_path: Path, format_: Any, recipe: Any, *, group: bool) -> None:  # noqa: ANN401 - a literal
    write(tmp_path, PersonaSettings(format=format_, recipe=recipe, validation_share=0.2), group=group)

    material = read_dataset(tmp_path)

    assert material.speaker == "하준"
    assert [turn.text for turn in material.persona.train] == [
        text for day in range(16) for text in (f"ㅇㅇ {day}번\n아까: 왔음", f"ㅋㅋ {day * 7}")
    ]
    assert [turn.text for turn in material.other.held_out] == [
        text for day in range(16, 20) for text in (f"{day}번 왔어?\n서연", f"고마워~ {day}")
    ]
    assert len(material.persona.held_out) == 8
    assert len(material.other.train) == 32
    asked = material.persona.held_out[0].prompt
    named = "서연: 16번 왔어?\n서연: 사진\n서연: 서연"
    assert asked == (named if group else "16번 왔어?\n사진\n서연")

    if format_ != "completions":
        (tmp_path / "train.jsonl").unlink()
    assert read_questions(tmp_path, 100) == list(material.questions)
    assert read_questions(tmp_path, 3) == [material.questions[at] for at in (0, 2, 5)]


def test_other_marks_and_an_own_system_prompt_are_found_out(tmp_path: Path) -> None:
    write(
        tmp_path,
        PersonaSettings(
            format="completions",
            separator="",
            stop="<끝>",
            system_prompt="너는 하준.\n\n짧게.",
            validation_share=0.2,
        ),
    )
    material = read_dataset(tmp_path)
    assert material.persona.train[0] == Turn("ㅇㅇ 0번\n아까: 왔음", "0번 왔어?\n사진\n서연")
    assert material.other.train[1].text == "고마워~ 0"


def test_what_is_shown_again_is_no_turn(tmp_path: Path) -> None:
    # One conversation, split into the ten examples that a dataset must have.
    write(tmp_path, PersonaSettings(silence_minutes=2000))
    text = (tmp_path / "train.jsonl").read_text("utf-8")
    assert '"weight": 0' in text
    assert text.count("ㅇㅇ 7번") > 1
    (tmp_path / "validation.jsonl").write_text(text, "utf-8")

    material = read_dataset(tmp_path)

    assert [turn.text for turn in material.persona.train[::2]] == [
        f"ㅇㅇ {day}번\n아까: 왔음" for day in range(20)
    ]
    assert len(material.persona.train) == len(material.other.train) == 40


def test_a_turn_that_answers_nothing_has_no_prompt_and_no_other_turn(tmp_path: Path) -> None:
    write(tmp_path, PersonaSettings(validation_share=0.2))
    opened = {"messages": [{"role": "user", "content": " "}, {"role": "assistant", "content": "야"}]}
    with (tmp_path / "validation.jsonl").open("a", encoding="utf-8") as file:
        file.write(json.dumps(opened, ensure_ascii=False) + "\n")
    material = read_dataset(tmp_path)
    assert material.persona.held_out[-1] == Turn("야", " ")
    assert len(material.other.held_out) == len(material.persona.held_out) - 1


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("train.jsonl", None, "has no train.jsonl: it is no dataset"),
        ("report.json", None, "has no report.json: it is no dataset"),
        ("validation.jsonl", None, "has no validation.jsonl: everything was trained"),
        ("validation.jsonl", b"\n", "validation.jsonl is empty"),
        ("train.jsonl", b'{"messages": []}\n{', "train.jsonl, line 2: it is not valid JSON"),
        ("train.jsonl", b"\n[1]", "train.jsonl, line 2: it is not a JSON object"),
        ("train.jsonl", b'"\xff"', "train.jsonl, line 1: it is not UTF-8"),
        ("train.jsonl", b"{}", "line 1: it is an example in none of the formats"),
        ("train.jsonl", b'{"messages": [{"role": "user"}]}', "line 1: a message has no role or no content"),
        ("report.json", b"{}", "does not say who the speakers are"),
        ("report.json", b"[", "report.json: it is not valid JSON"),
    ],
)
def test_what_is_no_dataset_is_told(tmp_path: Path, name: str, content: bytes | None, said: str) -> None:
    write(tmp_path, PersonaSettings(validation_share=0.2))
    if content is None:
        (tmp_path / name).unlink()
    else:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(UnreadableDataset) as raised:
        read_dataset(tmp_path)
    assert said in str(raised.value)


@pytest.mark.parametrize(
    "message",
    [
        "사진",
        "사진 3장",
        "동영상",
        "이모티콘",
        "<Media omitted>",
        "(사진)",
        "[address]",
        "보이스톡 2:31",
        "a.jpg",
        "Photo",
    ],
)
def test_what_a_messenger_wrote_is_nobodys_style(message: str) -> None:
    assert is_placeholder(message)


@pytest.mark.parametrize(
    "message", ["사진 보내줘", "(웃음)", "이모티콘 샀어", "ㅋㅋ [", "3장", "https://example.com/a"]
)
def test_what_somebody_wrote_is_no_placeholder(message: str) -> None:
    assert not is_placeholder(message)


# ---------------------------------------------------------------------------------- replies


def test_replies_keep_their_order_and_every_character(tmp_path: Path) -> None:
    path = tmp_path / "r.jsonl"
    path.write_text(
        '\ufeff{"prompt": "a", "reply": "ㅋ\\nㅎ", "model": 1}\n\n{"prompt": "", "reply": ""}', "utf-8"
    )
    assert read_replies(path) == (Turn("ㅋ\nㅎ", "a"), Turn("", ""))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "has no replies"),
        ('{"prompt": "비밀"}', 'line 1: it must be {"prompt": "what was asked", "reply": "the answer"}'),
        ('{"prompt": "비밀", "reply": null}', "line 1: it must be"),
        ('{"prompt": "a", "reply": "b"}\nnonsense 비밀', "line 2: it is not valid JSON"),
    ],
)
def test_what_are_no_replies_is_told_without_quoting_them(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "r.jsonl"
    path.write_text(text, "utf-8")
    with pytest.raises(UnreadableReplies) as raised:
        read_replies(path)
    assert said in str(raised.value)
    assert "비밀" not in str(raised.value)
