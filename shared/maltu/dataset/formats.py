"""Examples become lines of JSON."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from maltu.dataset.prompts import (
    NOTHING_SAID,
    default_system_prompt,
    dialogue_labels,
    render_completion,
    render_prompt,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from maltu.dataset.examples import Example
    from maltu.dataset.turns import Turn
    from maltu.settings import Format, PersonaSettings, Recipe

# OpenAI's own counting rule: every message and every example carries this many tokens of markup.
TOKENS_PER_MESSAGE = 3
TOKENS_PER_EXAMPLE = 3

# Chat models take 65,536 tokens and more, but cut off a longer example's end silently: room to spare. The
# legacy models that take completions end at 2,048, and there every turn repeats the dialogue before it.
MAX_TOKENS: dict[Format, int] = {"chat": 16_000, "completions": 2_048}

_TURNS_REMEMBERED = 4096
_CHARACTERS_REMEMBERED = 1000

_encode = json.JSONEncoder(ensure_ascii=False).encode


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """How a persona's examples are written, and what they cost.

    Attributes:
        count_tokens: counts any text.
        count_turn: the same with a memory, for the turns of a long example are counted when it is measured
            and when it is written.
        user_tokens: what a message of the user's side costs beside its text; the next two likewise.
        persona_tokens: of the persona's.
        example_tokens: of an example beside its turns, the system prompt included.
    """

    recipe: Recipe
    format: Format
    system_prompt: str
    user_label: str
    persona_label: str
    separator: str
    stop: str
    count_tokens: Callable[[str], int]
    count_turn: Callable[[str], int]
    user_tokens: int
    persona_tokens: int
    example_tokens: int

    def lines(self, example: Example) -> Iterator[tuple[str, int]]:
        """Write an example: its lines, each with the number of tokens it is charged for.

        ``chat`` gives one line, ``completions`` one for each turn of the persona's.
        """
        messages = [_message(turn) for turn in example.turns]
        if self.format == "chat":
            system = {"role": "system", "content": self.system_prompt}
            messages[0]["content"] = messages[0]["content"] or NOTHING_SAID
            yield _encode({"messages": [system, *messages]}), self.tokens(example)
            return
        for at in range(1, len(messages), 2):
            prompt = self._prompt(messages[:at])
            completion = render_completion(
                messages[at]["content"], separator=self.separator, stop=self.stop, recipe=self.recipe
            )
            line = _encode({"prompt": prompt, "completion": completion})
            yield line, self.count_tokens(prompt) + self.count_tokens(completion)

    def tokens(self, example: Example) -> int:
        """Count an example's tokens as chat; the longest line of ``completions`` has about as many."""
        count = self.count_tokens if self._surely_fits(example) else self.count_turn
        return self.example_tokens + sum(
            count(turn.text or NOTHING_SAID) + (self.persona_tokens if turn.persona else self.user_tokens)
            for turn in example.turns
        )

    def fits(self, example: Example) -> bool:
        """Tell whether an example is as short as its format asks for."""
        return self._surely_fits(example) or self.tokens(example) <= self.max_tokens

    @property
    def max_tokens(self) -> int:
        """The most tokens that an example of this format should have."""
        return MAX_TOKENS[self.format]

    def has_mark(self, text: str) -> bool:
        """Tell whether a text contains the separator or the stop sequence, which should only mark ends."""
        return any(mark and mark in text for mark in (self.separator, self.stop))

    def _surely_fits(self, example: Example) -> bool:
        # A token has at least one byte and a character at most four: most examples need no counting.
        characters = sum([len(turn.text) for turn in example.turns])
        beside = self.example_tokens + len(example.turns) * max(self.user_tokens, self.persona_tokens)
        return beside + 4 * characters <= self.max_tokens

    def _prompt(self, messages: list[dict[str, str]]) -> str:
        return render_prompt(
            messages,
            system_prompt=self.system_prompt,
            user_label=self.user_label,
            persona_label=self.persona_label,
            separator=self.separator,
            recipe=self.recipe,
        )


def layout_of(
    settings: PersonaSettings, *, speaker: str, named: bool, count_tokens: Callable[[str], int]
) -> Layout:
    """Put together how this persona's examples are written."""
    user_label, persona_label = dialogue_labels(speaker, named=named)
    system_prompt = settings.system_prompt
    if system_prompt is None:
        system_prompt = default_system_prompt(speaker)
    beside = {role: TOKENS_PER_MESSAGE + count_tokens(role) for role in ("system", "user", "assistant")}
    return Layout(
        recipe=settings.recipe,
        format=settings.format,
        system_prompt=system_prompt,
        user_label=user_label,
        persona_label=persona_label,
        separator=settings.separator,
        stop=settings.stop,
        count_tokens=count_tokens,
        count_turn=_remembering(count_tokens),
        user_tokens=beside["user"],
        persona_tokens=beside["assistant"],
        example_tokens=TOKENS_PER_EXAMPLE + beside["system"] + count_tokens(system_prompt),
    )


def _remembering(count_tokens: Callable[[str], int]) -> Callable[[str], int]:
    """Keep the counts of the latest turns; long ones would fill the memory."""
    remembered = lru_cache(maxsize=_TURNS_REMEMBERED)(count_tokens)
    return lambda text: (remembered if len(text) <= _CHARACTERS_REMEMBERED else count_tokens)(text)


def _message(turn: Turn) -> dict[str, str]:
    return {"role": "assistant" if turn.persona else "user", "content": turn.text}
