"""The base models a persona can be tuned from, what training costs, what they take, and until when.

Prices are US dollars for a million trained tokens, as of 2026-11-22; a provider's own bill is what counts.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from maltu.settings import Format

Encoding = Literal["o200k_base", "cl100k_base"]

_MEBIBYTE: Final = 1024 * 1024


@dataclass(frozen=True, slots=True)
class BaseModel:
    """One base model.

    Attributes:
        id: the provider's name for it.
        encoding: the tokenizer its trainer counts with; for models that publish none, the nearest.
        usd_per_million_tokens: the price of training, None where none is known.
        max_example_tokens: what one example may hold before its end is cut off.
        closes_on: the day on which the model and what was tuned from it stop answering.
        formats: the dataset formats that its trainer reads; empty where nobody says.
        recommended_examples: from how many on a fine-tune is worth its price.
        max_examples: of training and validation together; None where no limit is known.
        max_file_bytes: of one file.
        usual_epochs: how often the provider passes over the dataset when nobody chose; None where it decides
            by the number of examples.
        max_epochs: how often it does so at most.
    """

    id: str
    encoding: Encoding = "o200k_base"
    usd_per_million_tokens: float | None = None
    max_example_tokens: int = 16_384
    closes_on: date | None = None
    formats: tuple[Format, ...] = ()
    recommended_examples: int = 50
    max_examples: int | None = None
    max_file_bytes: int = 512 * _MEBIBYTE
    usual_epochs: int | None = None
    max_epochs: int = 50


@dataclass(frozen=True, slots=True)
class Findings:
    """What a provider would say about a dataset.

    Attributes:
        errors: why it would refuse it.
        warnings: what it would take, to the owner's disadvantage.
    """

    errors: tuple[str, ...]
    warnings: tuple[str, ...]


_OPENAI_CLOSES: Final = date(2027, 1, 14)

_CHAT: Final[tuple[Format, ...]] = ("chat",)
_LEGACY: Final[tuple[Format, ...]] = ("completions",)


def _nova(name: str, price: float, most: int) -> BaseModel:
    return BaseModel(
        f"amazon.nova-{name}",
        usd_per_million_tokens=price,
        max_example_tokens=32_000,
        formats=("bedrock",),
        recommended_examples=100,
        max_examples=most,
        usual_epochs=2,
        max_epochs=5,
    )


_TABLE: Final = {
    model.id: model
    for model in (
        BaseModel("maltu-retrieval-1", usd_per_million_tokens=0.0, formats=(*_CHAT, *_LEGACY)),
        BaseModel("maltu.retrieval-1", usd_per_million_tokens=0.0, formats=("bedrock",)),
        BaseModel("gpt-4.1-2025-04-14", "o200k_base", 25.0, 65_536, _OPENAI_CLOSES, _CHAT),
        BaseModel("gpt-4.1-mini-2025-04-14", "o200k_base", 5.0, 65_536, _OPENAI_CLOSES, _CHAT),
        BaseModel("gpt-4o-2024-08-06", "o200k_base", 25.0, 65_536, _OPENAI_CLOSES, _CHAT),
        BaseModel("gpt-4o-mini-2024-07-18", "o200k_base", 3.0, 65_536, _OPENAI_CLOSES, _CHAT),
        BaseModel("davinci-002", "cl100k_base", 6.0, 16_384, date(2026, 9, 28), _LEGACY),
        BaseModel("babbage-002", "cl100k_base", 0.4, 16_384, date(2026, 9, 28), _LEGACY),
        _nova("micro-v1:0:128k", 1.0, 20_000),
        _nova("lite-v1:0:300k", 2.0, 20_000),
        _nova("pro-v1:0:300k", 8.0, 10_000),
    )
}


def base_model(name: str) -> BaseModel:
    """Look a base model up; one that is not in the table (a compatible host's) has no known price."""
    return _TABLE.get(name) or BaseModel(name)


def default_format(model: BaseModel, provider: str) -> Format:
    """The dataset format where nobody chose one: what the model reads, or else what its provider does."""
    read_by_provider: Format = "bedrock" if provider == "bedrock" else "chat"
    return model.formats[0] if model.formats else read_by_provider


def training_epochs(examples: int, *, chosen: int | None, model: BaseModel | None = None) -> int:
    """How often the trainer will pass over the examples.

    Where the provider decides, this is the rule that OpenAI published for its own choice: three passes,
    more for fewer than a hundred examples, fewer for more than 25,000 in all.
    """
    if chosen is not None:
        return chosen
    if model and model.usual_epochs is not None:
        return model.usual_epochs
    target, fewest, most, limit = 3, 100, 25_000, 25
    if examples * target < fewest:
        return min(limit, max(1, fewest // examples))
    if examples * target > most:
        return max(1, most // examples)
    return target


def check_limits(  # noqa: PLR0913 - one argument per thing that providers limit
    model: BaseModel,
    *,
    format_: str,
    examples: int,
    longest_example: int,
    largest_file: int,
    epochs: int,
    today: date,
) -> Findings:
    """Compare a dataset with what its base model takes, before anything leaves.

    Args:
        model: what is to be tuned.
        format_: the dataset's.
        examples: of training and validation together.
        longest_example: in tokens.
        largest_file: in bytes.
        epochs: how often the trainer will pass over the examples.
        today: the day on which training would start.
    """
    errors: list[str] = []
    if model.formats and format_ not in model.formats:
        errors.append(
            f"{model.id} reads the format {' or '.join(model.formats)}, and this dataset is {format_}: "
            f"set format to {model.formats[0]}, or choose another base_model."
        )
    if model.max_examples is not None and examples > model.max_examples:
        errors.append(
            f"{model.id} takes {model.max_examples:,} examples, and there are {examples:,}: raise "
            "silence_minutes, or remove exports that are old."
        )
    if largest_file > model.max_file_bytes:
        errors.append(
            f"{model.id} takes files of {model.max_file_bytes // _MEBIBYTE:,} MiB, and the largest has "
            f"{largest_file / _MEBIBYTE:,.0f}: remove exports that are old."
        )
    if epochs > model.max_epochs:
        errors.append(f"{model.id} takes {model.max_epochs} epochs, and n_epochs is {epochs}.")
    if model.closes_on and today >= model.closes_on:
        errors.append(f"{model.id} was closed on {model.closes_on}: choose another base_model.")
    warnings: list[str] = []
    if longest_example > model.max_example_tokens:
        warnings.append(
            f"The longest example has {longest_example:,} tokens; {model.id} takes "
            f"{model.max_example_tokens:,} and cuts the end off."
        )
    if examples < model.recommended_examples:
        warnings.append(
            f"{examples:,} examples are few for {model.id}: start from {model.recommended_examples} where "
            "you can."
        )
    return Findings(tuple(errors), tuple(warnings))


def training_cost(model: BaseModel, tokens: int, epochs: int) -> float | None:
    """US dollars for training on ``tokens`` for ``epochs`` passes, or None where no price is known."""
    if model.usd_per_million_tokens is None:
        return None
    return round(model.usd_per_million_tokens * tokens * epochs / 1_000_000, 4)
