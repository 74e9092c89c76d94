"""The base model in the server's memory, with the adapters that were asked last."""

from __future__ import annotations

import inspect
from collections import OrderedDict
from contextlib import contextmanager
from functools import cached_property
from threading import Condition, RLock
from typing import TYPE_CHECKING, Any, Final

import peft
import torch

from infra.local.finetuning.lora.loading import chosen_device, open_encoder, open_model

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence
    from pathlib import Path

    from infra.local.finetuning.lora.tokens import Encoder

LOADED_AT_ONCE: Final = 4
_LARGEST_WINDOW: Final = 8192


class Turns:
    """A lock that lets everybody in in the order of asking, so that no answer stands still for another."""

    def __init__(self) -> None:
        self._changed = Condition()
        self._next = self._now = 0

    @contextmanager
    def mine(self) -> Generator[None]:
        """Wait for a turn and have it."""
        with self._changed:
            ticket, self._next = self._next, self._next + 1
            self._changed.wait_for(lambda: self._now == ticket)
        try:
            yield
        finally:
            with self._changed:
                self._now += 1
                self._changed.notify_all()


class Host:
    """Computes one token at a time, for one adapter or for none; safe to use from several threads.

    An adapter that made room for another while its answer was being written is loaded again for the next
    token: what the answer remembers is its own.
    """

    def __init__(self, base: str) -> None:
        self._base = base
        self._opening = RLock()
        self._turns = Turns()
        self._tuned: Any = None
        self._names: OrderedDict[Path, str] = OrderedDict()
        self._loads = 0
        self._active: str | None = None

    @cached_property
    def _encoder(self) -> Encoder:
        return open_encoder(self._base)

    @cached_property
    def _model(self) -> Any:  # noqa: ANN401  every architecture has its own class
        return open_model(self._base, chosen_device())

    @cached_property
    def _last_only(self) -> dict[str, int]:
        known = inspect.signature(self._model.forward).parameters
        return {"logits_to_keep": 1} if "logits_to_keep" in known else {}

    @property
    def encoder(self) -> Encoder:
        """The base model's tokenizer."""
        with self._opening:
            return self._encoder

    @cached_property
    def window(self) -> int:
        """How many tokens prompt and answer may have together."""
        with self._opening:
            known = getattr(self._model.config, "max_position_embeddings", None) or _LARGEST_WINDOW
        return min(known, _LARGEST_WINDOW)

    def open(self) -> None:
        """Load the base model now rather than with the first question."""
        with self._opening:
            _ = self._encoder, self._model, self._last_only

    def next_logits(
        self, adapter: Path | None, ids: Sequence[int], memory: object
    ) -> tuple[torch.Tensor, object]:
        """Read ``ids`` after what ``memory`` holds; ``None`` is a memory that holds nothing.

        Returns:
            The next token's logits in shape ``(vocabulary,)``, as float32 on the CPU, and the memory.

        Raises:
            OSError: the adapter's folder has gone.
        """
        self.open()
        with self._turns.mine(), torch.inference_mode():
            self._switch(adapter)
            out = self._model(
                input_ids=torch.tensor([ids], device=self._model.device),
                past_key_values=memory,
                use_cache=True,
                **self._last_only,
            )
            return out.logits[0, -1].float().cpu(), out.past_key_values

    @property
    def loaded(self) -> tuple[Path, ...]:
        """The adapters in memory, the last one asked at the end."""
        return tuple(self._names)

    def _switch(self, adapter: Path | None) -> None:
        if adapter is None:
            if self._tuned is not None and self._active is not None:
                self._tuned.base_model.disable_adapter_layers()
                self._active = None
            return
        name = self._names.get(adapter) or self._load(adapter)
        self._names.move_to_end(adapter)
        if self._active != name:
            self._tuned.base_model.enable_adapter_layers()
            self._tuned.set_adapter(name, inference_mode=True)
            self._active = name
        while len(self._names) > LOADED_AT_ONCE:
            _, oldest = self._names.popitem(last=False)
            self._tuned.delete_adapter(oldest)

    def _load(self, adapter: Path) -> str:
        self._loads += 1
        name = f"adapter_{self._loads}"
        if self._tuned is None:
            self._tuned = peft.PeftModel.from_pretrained(self._model, adapter, adapter_name=name).eval()
        else:
            self._tuned.load_adapter(adapter, adapter_name=name)
        self._names[adapter] = name
        return name
