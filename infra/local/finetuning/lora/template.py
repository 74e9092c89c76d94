"""How a base model reads a conversation.

A chat template renders conversations whole; what is needed here are the texts between the turns, so that
training and serving write the same, and it is known which tokens the persona wrote. They are found by
rendering turns that stand out, once for each model.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from jinja2.exceptions import TemplateError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from infra.local.finetuning.engine import Message

# Letters and digits only: templates strip, escape and filter the rest.
_SYSTEM, _FIRST, _ANSWER, _SECOND = (f"Zq{number}Xw{number}Zq" for number in range(4))
_FOLDED: Final = "\n\n"


@dataclass(frozen=True, slots=True)
class ChatFormat:
    """The texts around the turns of a conversation that starts with the user.

    ``opening`` stands before the first turn; with a system prompt, that stands between ``before_system`` and
    ``after_system``. ``asked`` leads from a user's turn to its answer, ``answered`` from an answer to the
    user's next turn.
    """

    opening: str
    before_system: str
    after_system: str
    asked: str
    answered: str


def chat_format(tokenizer: Any) -> ChatFormat:  # noqa: ANN401  transformers' tokenizers have no common type
    """The format of the tokenizer's template, or its family's where it has none, as base models have not."""
    if not getattr(tokenizer, "chat_template", None):
        return _family_format(tokenizer)

    def rendered(*turns: tuple[str, str]) -> str:
        messages = [{"role": role, "content": content} for role, content in turns]
        text: str = tokenizer.apply_chat_template(
            messages, tokenize=False, add_generation_prompt=True, enable_thinking=False
        )
        return text

    whole = rendered(("user", _FIRST), ("assistant", _ANSWER), ("user", _SECOND))
    opening, rest = whole.split(_FIRST)
    answered, asked = rest.split(_ANSWER)[1].split(_SECOND)
    try:
        before, rest = rendered(("system", _SYSTEM), ("user", _FIRST)).split(_SYSTEM)
        after = rest.split(_FIRST)[0]
    except (TemplateError, ValueError):
        # It has no system role; the first turn takes the prompt up.
        before, after = opening, _FOLDED
    return ChatFormat(opening, before, after, asked, answered)


def _family_format(tokenizer: Any) -> ChatFormat:  # noqa: ANN401  see above
    begin, end = tokenizer.bos_token or "", tokenizer.eos_token or ""
    known = tokenizer.get_vocab()
    if "<start_of_turn>" in known:
        user = "<start_of_turn>user\n"
        asked = "<end_of_turn>\n<start_of_turn>model\n"
        return ChatFormat(begin + user, begin + user, _FOLDED, asked, f"<end_of_turn>\n{user}")
    if "<|im_start|>" in known:
        user = "<|im_start|>user\n"
        asked, answered = "<|im_end|>\n<|im_start|>assistant\n", f"<|im_end|>\n{user}"
        return ChatFormat(
            begin + user, f"{begin}<|im_start|>system\n", f"<|im_end|>\n{user}", asked, answered
        )
    user = "User: "
    return ChatFormat(begin + user, begin, f"\n\n{user}", "\nAssistant: ", f"{end}\n{user}")


@dataclass(frozen=True, slots=True)
class Dialogue:
    """A conversation as a chat format takes it: who asks and who answers take turns, the user first.

    An exchange is the user's turn, the answer, and whether it is learned. ``question`` waits for its answer;
    where the answer came last, it is empty.
    """

    system: str
    exchanges: tuple[tuple[str, str, bool], ...]
    question: str


def dialogue(messages: Sequence[Message]) -> Dialogue:
    """Sort messages into exchanges; what one side said in a row becomes one turn."""
    system = "\n\n".join(message.content for message in messages if message.role == "system")
    exchanges: list[tuple[str, str, bool]] = []
    asked: list[str] = []
    for message in messages:
        if message.role == "user":
            asked.append(message.content)
        elif message.role == "assistant" and (asked or not exchanges):
            exchanges.append(("\n".join(asked), message.content, message.learned))
            asked = []
        elif message.role == "assistant":
            question, answer, learned = exchanges.pop()
            exchanges.append((question, f"{answer}\n{message.content}", learned and message.learned))
    return Dialogue(system, tuple(exchanges), "\n".join(asked))
