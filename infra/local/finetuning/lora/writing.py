"""Writing an answer: token by token, and as text that only ever grows."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import torch

from infra.local.finetuning.engine import Piece

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from infra.local.finetuning.engine import Sampling
    from infra.local.finetuning.lora.adapters import Host

MOST_TOKENS: Final = 512
# Small models have a long tail of unlikely tokens: at 1 it ends many a line in another alphabet, and the
# style report finds less of the person (docs/lora.md has the figures).
TEMPERATURE: Final = 0.7
_UNFINISHED: Final = "\ufffd"
_LIKELIEST: Final = 1024
_SEEDS: Final = 2**63


def write(host: Host, adapter: Path | None, prompt: Sequence[int], sampling: Sampling) -> Iterator[Piece]:
    """Continue a prompt until the model ends its turn, or there is no room for more."""
    ends = host.encoder.ends
    room = host.window - len(prompt)
    most = min(room, MOST_TOKENS if sampling.max_tokens is None else sampling.max_tokens)
    pick = Picker(sampling)
    text = GrowingText(host.encoder.tokenizer)
    memory: object = None
    unread = list(prompt)
    for _ in range(most):
        logits, memory = host.next_logits(adapter, unread, memory)
        token = pick(logits)
        if token in ends:
            yield Piece(text.rest(), 1, "stop")
            return
        unread = [token]
        yield Piece(text.after(token), 1)
    yield Piece(text.rest(), 0, "length")


class Picker:
    """Chooses tokens as ``Sampling`` says; with a seed, the same ones for the same logits."""

    def __init__(self, sampling: Sampling) -> None:
        self._temperature = TEMPERATURE if sampling.temperature is None else sampling.temperature
        self._top_p = sampling.top_p
        self._chance = torch.Generator()
        if sampling.seed is None:
            self._chance.seed()
        else:
            self._chance.manual_seed(sampling.seed % _SEEDS)

    def __call__(self, logits: torch.Tensor) -> int:
        """Pick one, from logits in shape ``(vocabulary,)``."""
        if self._temperature == 0:
            return int(logits.argmax())
        chances = torch.softmax(logits / self._temperature, -1)
        if self._top_p >= 1:
            return self._draw(chances)
        kept, tokens = _nucleus(chances, self._top_p)
        return int(tokens[self._draw(kept)])

    def _draw(self, weights: torch.Tensor) -> int:
        return int(torch.multinomial(weights, 1, generator=self._chance))


def _nucleus(chances: torch.Tensor, share: float) -> tuple[torch.Tensor, torch.Tensor]:
    """The likeliest tokens that have ``share`` of the probability together, at least one."""
    # Sorting a vocabulary takes longer than the rest; these nearly always do.
    found, tokens = chances.topk(min(_LIKELIEST, len(chances)))
    if float(found.sum()) < share:
        found, tokens = chances.sort(descending=True)
    before = found.cumsum(-1) - found
    most = max(1, int((before < share).sum()))
    return found[:most], tokens[:most]


@dataclass(slots=True)
class GrowingText:
    """Tokens as text: a letter of several tokens comes whole, with the last of them."""

    tokenizer: Any
    _ids: list[int] = field(default_factory=list[int])
    _told: str = ""

    def after(self, token: int) -> str:
        """What one more token adds."""
        self._ids.append(token)
        text = self._decoded()
        if text.endswith(_UNFINISHED):
            return ""
        added = text[len(self._told) :]
        self._told = text
        return added

    def rest(self) -> str:
        """What was held back, at the end."""
        return self._decoded()[len(self._told) :]

    def _decoded(self) -> str:
        text: str = self.tokenizer.decode(
            self._ids, skip_special_tokens=True, clean_up_tokenization_spaces=False
        )
        return text
