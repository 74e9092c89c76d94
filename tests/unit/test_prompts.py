from __future__ import annotations

from maltu.dataset import default_system_prompt, dialogue_labels, render_completion, render_prompt
from maltu.prompts import NOTHING_SAID


def prompt(
    *said: tuple[str, str], recipe: str = "conversation", separator: str = " ->", system: str = "S"
) -> str:
    return render_prompt(
        [{"role": role, "content": content} for role, content in said],
        system_prompt=system,
        user_label="상대",
        persona_label="Csv",
        separator=separator,
        recipe=recipe,  # pyright: ignore[reportArgumentType] - a test's shorthand
    )


def test_a_pair_shows_the_last_turn_alone() -> None:
    assert (
        prompt(("user", "옛날"), ("assistant", "왜"), ("user", "하이"), ("user", "뭐함"), recipe="pair")
        == "하이\n뭐함 ->"
    )


def test_a_pair_without_a_question_shows_the_separator() -> None:
    assert prompt(("user", "하이"), ("assistant", "왜"), recipe="pair") == " ->"


def test_a_conversation_shows_who_said_what() -> None:
    shown = prompt(
        ("user", "하이"), ("assistant", "왜"), ("assistant", "?"), ("system", "x"), ("user", "그냥")
    )

    assert shown == "S\n\n상대: 하이\nCsv: 왜\n?\n상대: 그냥 ->"


def test_without_separator_the_label_asks() -> None:
    assert prompt(("user", "하이"), separator="", system="") == "상대: 하이\nCsv:"
    assert render_completion("왜", separator="", stop="", recipe="conversation") == " 왜"


def test_a_persona_who_starts_is_shown_no_dialogue() -> None:
    assert prompt(("user", "")) == "S ->"
    assert prompt(("user", NOTHING_SAID)) == "S ->"


def test_a_group_names_itself() -> None:
    assert dialogue_labels("Csv", named=True) == ("", "Csv")
    shown = render_prompt(
        [{"role": "user", "content": "Json: 하이\nXml: 뭐함"}],
        system_prompt="",
        user_label="",
        persona_label="Csv",
        separator="",
        recipe="conversation",
    )
    assert shown == "Json: 하이\nXml: 뭐함\nCsv:"


def test_completions_start_with_a_space_behind_a_separator() -> None:
    assert render_completion("왜", separator="#", stop=" END", recipe="pair") == " 왜 END"
    assert render_completion("왜", separator="", stop="", recipe="pair") == "왜"


def test_the_system_prompt_names_the_speaker() -> None:
    assert "홍길동" in default_system_prompt("홍길동")
