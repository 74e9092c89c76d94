"""Conversations and raw prompts as tokens, and which of them are learned."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from infra.local.finetuning.lora.template import chat_format, dialogue

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from infra.local.finetuning.engine import Dataset, Message
    from infra.local.finetuning.lora.template import ChatFormat


@dataclass(frozen=True, slots=True)
class Sequenced:
    """Tokens in order; ``learned[i]`` says whether ``ids[i]`` is to be foretold from those before it."""

    ids: tuple[int, ...]
    learned: tuple[bool, ...]

    @property
    def weight(self) -> int:
        """How many tokens are learned."""
        return sum(self.learned)

    def __add__(self, other: Sequenced) -> Sequenced:
        return Sequenced(self.ids + other.ids, self.learned + other.learned)

    def as_context(self) -> Sequenced:
        """The same tokens with none to learn."""
        return Sequenced(self.ids, (False,) * len(self.ids))

    def tail(self, most: int) -> Sequenced:
        """The last tokens."""
        return self if len(self.ids) <= most else Sequenced(self.ids[-most:], self.learned[-most:])

    def up_to_the_last_learned(self) -> Sequenced:
        """Without the tokens that come after everything that is learned."""
        end = max((at + 1 for at, learned in enumerate(self.learned) if learned), default=0)
        return Sequenced(self.ids[:end], self.learned[:end])


class Encoder:
    """A base model's tokenizer with its chat format."""

    def __init__(self, tokenizer: Any) -> None:  # noqa: ANN401  transformers' tokenizers have no common type
        self.tokenizer = tokenizer

    @cached_property
    def _format(self) -> ChatFormat:
        return chat_format(self.tokenizer)

    @cached_property
    def _answered(self) -> tuple[list[int], list[int]]:
        """What ends an answer, which is learned, and what leads to the next turn."""
        ids = self._ids(self._format.answered)
        special = {
            number
            for text, number in self.tokenizer.get_added_vocab().items()
            if text.strip()  # some have runs of spaces among them
        } | set(self.tokenizer.all_special_ids)
        end = next((at + 1 for at, number in enumerate(ids) if number in special), len(ids))
        return ids[:end], ids[end:]

    @property
    def ends(self) -> frozenset[int]:
        """The tokens that end an answer."""
        return frozenset({self._answered[0][-1], self.tokenizer.eos_token_id} - {None})

    def examples(self, dataset: Dataset, longest: int) -> list[Sequenced]:
        """A dataset's examples, none longer than ``longest`` tokens; every learned answer comes once.

        A longer conversation becomes several, each with the exchange before it as context where that fits.
        """
        if dataset.kind == "completions":
            return [self._completion(*example).tail(longest) for example in dataset.examples]
        return [part for example in dataset.examples for part in self._conversation(example, longest)]

    def prompt(self, messages: Sequence[Message]) -> list[int]:
        """A conversation up to where its next answer begins."""
        found = dialogue(messages)
        head = self._head(found.system)
        for exchange in found.exchanges:
            head += self._exchange(*exchange)
        return [*head.ids, *self._ids(found.question), *self._ids(self._format.asked)]

    def raw_prompt(self, prompt: str) -> list[int]:
        """A prompt as it stands."""
        begin = self.tokenizer.bos_token_id
        return [*([] if begin is None else [begin]), *self._ids(prompt)]

    def _conversation(self, messages: Sequence[Message], longest: int) -> Iterator[Sequenced]:
        found = dialogue(messages)
        head = self._head(found.system).tail(longest // 2)
        room = longest - len(head.ids)
        window, before = Sequenced((), ()), Sequenced((), ())
        for exchange in found.exchanges:
            turn = self._exchange(*exchange).tail(room)
            if len(window.ids) + len(turn.ids) > room:
                yield from self._window(head, window)
                context = before.as_context()
                window = context if len(context.ids) + len(turn.ids) <= room else Sequenced((), ())
            window += turn
            before = turn
        yield from self._window(head, window)

    @staticmethod
    def _window(head: Sequenced, window: Sequenced) -> Iterator[Sequenced]:
        if window.weight:
            yield (head + window).up_to_the_last_learned()

    def _head(self, system: str) -> Sequenced:
        texts = self._format
        pieces = [texts.before_system, system, texts.after_system] if system else [texts.opening]
        return _sequenced([number for piece in pieces for number in self._ids(piece)], learned=False)

    def _exchange(self, question: str, answer: str, learned: bool) -> Sequenced:  # noqa: FBT001  a Dialogue's
        end, rest = self._answered
        return (
            _sequenced([*self._ids(question), *self._ids(self._format.asked)], learned=False)
            + _sequenced([*self._ids(answer), *end], learned=learned)
            + _sequenced(rest, learned=False)
        )

    def _completion(self, prompt: Message, completion: Message) -> Sequenced:
        end = self.tokenizer.eos_token_id
        ids = [*self._ids(completion.content), *([] if end is None else [end])]
        return _sequenced(self.raw_prompt(prompt.content), learned=False) + _sequenced(ids, learned=True)

    def _ids(self, text: str) -> list[int]:
        ids: list[int] = self.tokenizer(text, add_special_tokens=False)["input_ids"]
        return ids


def _sequenced(ids: Sequence[int], *, learned: bool) -> Sequenced:
    return Sequenced(tuple(ids), (learned,) * len(ids))
