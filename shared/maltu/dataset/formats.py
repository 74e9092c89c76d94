"""How a persona's examples are written, and what they cost in tokens."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from maltu.dataset.examples import Making
from maltu.dataset.lines import (
    bedrock_head,
    bedrock_line,
    chat_head,
    chat_line,
    completion_line,
)
from maltu.dataset.words import count_together
from maltu.prompts import (
    NOTHING_SAID,
    default_system_prompt,
    dialogue_labels,
    has_reserved,
    render_completion,
    render_prompt,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from maltu.dataset.examples import Example
    from maltu.dataset.turns import Turns
    from maltu.settings import Format, PersonaSettings, Recipe

# OpenAI's own counting rule: every message and every example carries this many tokens of markup.
TOKENS_PER_MESSAGE = 3
TOKENS_PER_EXAMPLE = 3

# Chat models take 32,000 tokens and more, but cut off a longer example's end silently: room to spare. The
# legacy models that take completions end at 2,048, and there every turn repeats the dialogue before it.
MAX_TOKENS: dict[Format, int] = {"chat": 16_000, "bedrock": 16_000, "completions": 2_048}


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """How a persona's examples are written, and what they cost.

    Attributes:
        making: what the format asks of the examples.
        max_tokens: the most tokens that an example should have.
        head: what every line of ``chat`` or ``bedrock`` starts with.
        count_tokens: counts any text.
        nothing_tokens: what a turn costs in which nobody says anything; the next three likewise.
        user_tokens: a message of the user's side beside its text.
        persona_tokens: one of the persona's.
        example_tokens: an example beside its turns, the system prompt included.
    """

    recipe: Recipe
    format: Format
    max_tokens: int
    system_prompt: str
    head: bytes
    user_label: str
    persona_label: str
    separator: str
    stop: str
    count_tokens: Callable[[str], int]
    nothing_tokens: int
    user_tokens: int
    persona_tokens: int
    example_tokens: int
    making: Making = field(init=False)

    def __post_init__(self) -> None:
        weighs = opens = self.format != "bedrock"
        making = Making(self.recipe, self.fits, weighs=weighs, opens=opens, counted=self._counted)
        object.__setattr__(self, "making", making)

    def lines(self, example: Example) -> Iterable[tuple[bytes, int]]:
        """Write an example: its lines, each with the number of tokens it is charged for.

        ``chat`` and ``bedrock`` give one line, ``completions`` one for each turn that is taught.
        """
        if self.format == "chat":
            return ((chat_line(example, self.head), self.tokens(example)),)
        if self.format == "bedrock":
            return ((bedrock_line(example, self.head), self.tokens(example)),)
        return self._completions(example)

    def tokens(self, example: Example) -> int:
        """Count an example's tokens as chat; the longest line of ``completions`` has about as many."""
        turns = example.turns
        if turns.together is None:
            # A conversation that is not split is never counted turn by turn.
            turns.together = sum(turns.tokens) or count_together(self.count_tokens, turns.texts)
        beside = self.example_tokens + len(turns.texts) // 2 * (self.user_tokens + self.persona_tokens)
        return beside + turns.together + (0 if turns.texts[0] else self.nothing_tokens)

    def fits(self, example: Example) -> bool:
        """Tell whether an example is as short as its format asks for."""
        return self.tokens(example) <= self.max_tokens

    def for_room(self, speaker: str, *, named: bool) -> Layout:
        """Give the layout of one room's examples."""
        user_label, persona_label = dialogue_labels(speaker, named=named)
        return replace(self, user_label=user_label, persona_label=persona_label)

    def is_marked(self, text: str) -> bool:
        """Tell whether a turn contains what the format keeps for itself."""
        if self.format == "completions":
            return any(mark and mark in text for mark in (self.separator, self.stop))
        return self.format == "bedrock" and has_reserved(text)

    def _counted(self, turns: Turns) -> Turns:
        return turns.counted(list(map(self.count_tokens, turns.texts)))

    def _completions(self, example: Example) -> Iterator[tuple[bytes, int]]:
        turns = example.turns
        said = [{"role": "assistant" if turn.persona else "user", "content": turn.text} for turn in turns]
        for at in range(example.context + 1, len(turns), 2):
            if not turns.whole[at]:
                continue
            prompt = render_prompt(
                said[:at],
                system_prompt=self.system_prompt,
                user_label=self.user_label,
                persona_label=self.persona_label,
                separator=self.separator,
                recipe=self.recipe,
            )
            completion = render_completion(
                turns.texts[at], separator=self.separator, stop=self.stop, recipe=self.recipe
            )
            tokens = self.count_tokens(prompt) + self.count_tokens(completion)
            yield completion_line(prompt, completion), tokens


def layout_of(
    settings: PersonaSettings,
    *,
    speaker: str,
    count_tokens: Callable[[str], int],
    max_example_tokens: int | None = None,
) -> Layout:
    """Put together how this persona's examples are written.

    Args:
        settings: the owner's choices.
        speaker: the persona's name.
        count_tokens: counts any text.
        max_example_tokens: what the provider takes; the format may ask for less.
    """
    user_label, persona_label = dialogue_labels(speaker, named=False)
    system_prompt = settings.system_prompt
    if system_prompt is None:
        system_prompt = default_system_prompt(speaker)
    beside = {role: TOKENS_PER_MESSAGE + count_tokens(role) for role in ("system", "user", "assistant")}
    format_ = settings.format or "chat"
    most = MAX_TOKENS[format_]
    return Layout(
        recipe=settings.recipe,
        format=format_,
        max_tokens=min(most, max_example_tokens or most),
        system_prompt=system_prompt,
        head=(bedrock_head if format_ == "bedrock" else chat_head)(system_prompt),
        user_label=user_label,
        persona_label=persona_label,
        separator=settings.separator,
        stop=settings.stop,
        count_tokens=count_tokens,
        nothing_tokens=count_tokens(NOTHING_SAID),
        user_tokens=beside["user"],
        persona_tokens=beside["assistant"],
        example_tokens=TOKENS_PER_EXAMPLE + beside["system"] + count_tokens(system_prompt),
    )
