"""The shapes of chat completions and completions, whole and streamed."""

from __future__ import annotations

import hashlib
import json
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from infra.local.finetuning.store import new_id

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from infra.local.finetuning.answer import Answer
    from infra.local.finetuning.engine import FinishReason, Piece
    from infra.local.finetuning.store import Record

Endpoint = Literal["chat", "completions"]


@dataclass(frozen=True, slots=True)
class Envelope:
    """What every part of one response repeats."""

    endpoint: Endpoint
    model: str
    prompt_tokens: int
    created: int = field(default_factory=lambda: int(time.time()))
    identity: str = field(default_factory=lambda: new_id("", 29))

    def whole(self, answers: Iterable[Answer]) -> Record:
        """The response to a request that does not stream."""
        found = list(answers)
        return {
            **self._head(streamed=False),
            "choices": [self._choice(index, answer) for index, answer in enumerate(found)],
            "usage": self._usage(sum(answer.tokens for answer in found)),
        }

    def stream(
        self, answers: Iterable[Callable[[], Iterator[Piece]]], *, include_usage: bool
    ) -> Iterator[str]:
        """The server-sent events of a request that streams, one answer after the other."""
        tokens = 0
        empty = {"usage": None} if include_usage else {}
        head = self._head(streamed=True) | empty
        for index, answer in enumerate(answers):
            if self.endpoint == "chat":
                opening = {"role": "assistant", "content": "", "refusal": None}
                yield _event(head | {"choices": [_delta(index, opening)]})
            finish: FinishReason = "stop"
            for piece in answer():
                tokens += piece.tokens
                finish = piece.finish or finish
                if piece.text:
                    yield _event(head | {"choices": [self._part(index, piece.text, None)]})
            yield _event(head | {"choices": [self._part(index, "", finish)]})
        if include_usage:
            yield _event(head | {"choices": [], "usage": self._usage(tokens)})
        yield "data: [DONE]\n\n"

    def _head(self, *, streamed: bool) -> Record:
        kind = (
            ("chat.completion.chunk" if streamed else "chat.completion") if self._chat else "text_completion"
        )
        fingerprint = hashlib.sha256(self.model.encode()).hexdigest()[:10]
        return {
            "id": ("chatcmpl-" if self._chat else "cmpl-") + self.identity,
            "object": kind,
            "created": self.created,
            "model": self.model,
            "system_fingerprint": f"fp_{fingerprint}",
        }

    @property
    def _chat(self) -> bool:
        return self.endpoint == "chat"

    def _choice(self, index: int, answer: Answer) -> Record:
        if not self._chat:
            return self._part(index, answer.text, answer.finish)
        message: Record = {"role": "assistant", "content": answer.text, "refusal": None, "annotations": []}
        return {"index": index, "message": message, "logprobs": None, "finish_reason": answer.finish}

    def _part(self, index: int, text: str, finish: FinishReason | None) -> Record:
        if self._chat:
            return _delta(index, {"content": text} if text else {}, finish)
        return {"index": index, "text": text, "logprobs": None, "finish_reason": finish}

    def _usage(self, tokens: int) -> Record:
        return {
            "prompt_tokens": self.prompt_tokens,
            "completion_tokens": tokens,
            "total_tokens": self.prompt_tokens + tokens,
        }


def _delta(index: int, delta: Record, finish: FinishReason | None = None) -> Record:
    return {"index": index, "delta": delta, "logprobs": None, "finish_reason": finish}


def _event(chunk: Record) -> str:
    return f"data: {json.dumps(chunk, ensure_ascii=False)}\n\n"
