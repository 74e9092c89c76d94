"""Answers as they leave the server: cut at stop sequences, and counted."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from infra.local.finetuning.engine import FinishReason, Piece, Sampling


def cut(pieces: Iterable[Piece], stops: tuple[str, ...]) -> Iterator[Piece]:
    """Pass pieces on until a stop sequence begins; text that may become one is held back.

    The last piece carries the reason why the answer ended.
    """
    held = ""
    finish: FinishReason | None = None
    for piece in pieces:
        held += piece.text
        finish = piece.finish
        found = [at for stop in stops if (at := held.find(stop)) >= 0]
        if found:
            yield replace(piece, text=held[: min(found)], finish="stop")
            return
        safe = len(held) if finish else len(held) - _unsafe(held, stops)
        yield replace(piece, text=held[:safe])
        held = held[safe:]
        if finish:
            return


def _unsafe(text: str, stops: tuple[str, ...]) -> int:
    """The length of the longest end of ``text`` that a stop sequence starts with."""
    return max(
        (size for stop in stops for size in range(1, len(stop)) if text.endswith(stop[:size])), default=0
    )


@dataclass(frozen=True, slots=True)
class Answer:
    """One whole answer."""

    text: str
    tokens: int
    finish: FinishReason


def gather(pieces: Iterable[Piece]) -> Answer:
    """Wait for all of an answer."""
    found = list(pieces)
    return Answer(
        text="".join(piece.text for piece in found),
        tokens=sum(piece.tokens for piece in found),
        finish=found[-1].finish or "stop",
    )


def nth(sampling: Sampling, index: int) -> Sampling:
    """The sampling of the n-th answer: the same request gives different answers, each reproducible."""
    return sampling if sampling.seed is None else replace(sampling, seed=sampling.seed + index)
