"""A tuned model, or the base model, answering."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from infra.local.finetuning.lora.writing import write

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from infra.local.finetuning.engine import Message, Piece, Sampling
    from infra.local.finetuning.lora.adapters import Host


@dataclass(frozen=True, slots=True)
class LoraModel:
    """The base model with the adapter in ``folder``, or as it is."""

    host: Host
    folder: Path | None

    def reply(self, messages: Sequence[Message], sampling: Sampling) -> Iterator[Piece]:
        """Answer a conversation."""
        return write(self.host, self.folder, self.host.encoder.prompt(messages), sampling)

    def complete(self, prompt: str, sampling: Sampling) -> Iterator[Piece]:
        """Continue a raw prompt."""
        return write(self.host, self.folder, self.host.encoder.raw_prompt(prompt), sampling)

    def count_tokens(self, prompt: str | Sequence[Message]) -> int:
        """Count a prompt's tokens, those around a conversation's turns included."""
        encoder = self.host.encoder
        return len(encoder.raw_prompt(prompt) if isinstance(prompt, str) else encoder.prompt(prompt))

    @property
    def context_window(self) -> int:
        """How many tokens prompt and answer may have together."""
        return self.host.window
