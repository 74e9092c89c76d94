"""What the model is shown: the same words when it is trained and when it is asked."""

from __future__ import annotations

import re
from itertools import groupby
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from maltu.settings import Recipe

# What stands for a turn in which nobody said anything. No words are invented for anybody, and validators
# refuse a message that is empty.
NOTHING_SAID = " "

_RESERVED = re.compile(r"(?P<role>User|Bot|Assistant|System):|<(?P<tag>image|video)>|\[(?P<end>EOS)\]")


def default_system_prompt(speaker: str) -> str:
    """Tell the model who it is; sent with every example and every request where the owner wrote none."""
    return (
        f"당신의 이름은 {speaker}. 메신저에서 {speaker}의 평소 말투 그대로 대화합니다. "
        "한 줄은 말풍선 하나입니다."
    )


def dialogue_labels(speaker: str, *, named: bool) -> tuple[str, str]:
    """Give the labels of the user's and the persona's turns in a rendered dialogue.

    In a group (``named``) each of the others' messages carries its own name already.
    """
    return ("" if named else "상대"), speaker


def render_prompt(  # noqa: PLR0913 - one argument per thing that stands in the prompt
    messages: Sequence[Mapping[str, str]],
    *,
    system_prompt: str,
    user_label: str,
    persona_label: str,
    separator: str,
    recipe: Recipe,
) -> str:
    """Write a dialogue as the one text that a completions model continues.

    ``pair`` shows the last turn of the user's alone, ``conversation`` the system prompt and every turn under
    its label. Without a separator the persona's label asks for the answer.

    Args:
        messages: ``role`` (``user`` or ``assistant``; others are left out) and ``content``, oldest first.
            Consecutive messages of one role are one turn.
        system_prompt: stands above a conversation; may be empty.
        user_label: names the user's turns; empty where they name themselves.
        persona_label: names the persona's turns.
        separator: ends the prompt; may be empty.
        recipe: what the model was trained with.
    """
    said = [
        message
        for message in messages
        if message["role"] in {"user", "assistant"} and message["content"].strip()
    ]
    turns = [
        (role, "\n".join(message["content"] for message in group))
        for role, group in groupby(said, key=lambda message: message["role"])
    ]
    if recipe == "pair":
        asked = turns[-1][1] if turns and turns[-1][0] == "user" else ""
        return asked + separator
    labels = {"user": user_label, "assistant": persona_label}
    dialogue = "\n".join(f"{labels[role]}: {text}" if labels[role] else text for role, text in turns)
    shown = "\n\n".join(part for part in (system_prompt, dialogue) if part)
    return shown + (separator or f"\n{persona_label}:")


def render_completion(text: str, *, separator: str, stop: str, recipe: Recipe) -> str:
    """Write the answer that is to follow a rendered prompt.

    It starts with a space, as a word does in these models' vocabulary, unless the prompt ends with the user's
    own words.
    """
    space = " " if separator or recipe == "conversation" else ""
    return f"{space}{text}{stop}"


def harmless(text: str) -> str:
    """Write the words that fail a job at Bedrock with full-width marks, which look the same to a reader."""
    return _RESERVED.sub(_widened, text) if has_reserved(text) else text


def has_reserved(text: str) -> bool:
    """Tell whether a text holds a word that Bedrock keeps for itself."""
    return _RESERVED.search(text) is not None


def _widened(found: re.Match[str]) -> str:
    if found["role"]:
        return f"{found['role']}："
    return f"＜{found['tag']}＞" if found["tag"] else f"［{found['end']}］"
