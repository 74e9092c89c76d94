"""The base models a persona can be tuned from, what training costs, and until when.

Prices are US dollars for a million trained tokens, as of 2026-11-22; a provider's own bill is what counts.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final, Literal

Encoding = Literal["o200k_base", "cl100k_base"]


@dataclass(frozen=True, slots=True)
class BaseModel:
    """One base model.

    Attributes:
        id: the provider's name for it.
        encoding: the tokenizer its trainer counts with; for models that publish none, the nearest.
        usd_per_million_tokens: the price of training, None where none is known.
        max_example_tokens: what one example may hold before its end is cut off.
        closes_on: the day on which the model and what was tuned from it stop answering.
    """

    id: str
    encoding: Encoding = "o200k_base"
    usd_per_million_tokens: float | None = None
    max_example_tokens: int = 16_384
    closes_on: date | None = None


_OPENAI_CLOSES: Final = date(2027, 1, 14)

_TABLE: Final = {
    model.id: model
    for model in (
        BaseModel("maltu-retrieval-1", usd_per_million_tokens=0.0),
        BaseModel("gpt-4.1-2025-04-14", "o200k_base", 25.0, 65_536, _OPENAI_CLOSES),
        BaseModel("gpt-4.1-mini-2025-04-14", "o200k_base", 5.0, 65_536, _OPENAI_CLOSES),
        BaseModel("gpt-4o-2024-08-06", "o200k_base", 25.0, 65_536, _OPENAI_CLOSES),
        BaseModel("gpt-4o-mini-2024-07-18", "o200k_base", 3.0, 65_536, _OPENAI_CLOSES),
        BaseModel("davinci-002", "cl100k_base", 6.0, 16_384, date(2026, 9, 28)),
        BaseModel("babbage-002", "cl100k_base", 0.4, 16_384, date(2026, 9, 28)),
    )
}


def base_model(name: str) -> BaseModel:
    """Look a base model up; one that is not in the table (a compatible host's) has no known price."""
    return _TABLE.get(name) or BaseModel(name)


def training_epochs(examples: int, *, chosen: int | None) -> int:
    """How often the trainer will pass over the examples.

    Where the provider decides, this is the rule that OpenAI published for its own choice: three passes,
    more for fewer than a hundred examples, fewer for more than 25,000 in all.
    """
    if chosen is not None:
        return chosen
    target, fewest, most, limit = 3, 100, 25_000, 25
    if examples * target < fewest:
        return min(limit, max(1, fewest // examples))
    if examples * target > most:
        return max(1, most // examples)
    return target


def training_cost(model: BaseModel, tokens: int, epochs: int) -> float | None:
    """US dollars for training on ``tokens`` for ``epochs`` passes, or None where no price is known."""
    if model.usd_per_million_tokens is None:
        return None
    return round(model.usd_per_million_tokens * tokens * epochs / 1_000_000, 4)
