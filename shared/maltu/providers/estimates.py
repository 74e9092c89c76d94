"""What a base model makes of a dataset: whether it takes it, how often it passes over it, what that costs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from maltu.providers.base_models import why_closed

if TYPE_CHECKING:
    from datetime import date

    from maltu.providers.base_models import BaseModel

_MEBIBYTE: Final = 1024 * 1024
# A turn in a messenger has a tenth of it; what a broken model says on and on is cut off.
EVALUATION_ANSWER_TOKENS: Final = 128


@dataclass(frozen=True, slots=True)
class Findings:
    """What a provider would say about a dataset.

    Attributes:
        errors: why it would refuse it.
        warnings: what it would take, to the owner's disadvantage.
    """

    errors: tuple[str, ...]
    warnings: tuple[str, ...]


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
    trained: int,
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
        trained: how many of them are not for validation.
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
    if trained < model.fewest_examples:
        errors.append(
            f"{model.id} trains on no fewer than {model.fewest_examples:,} examples, and there are "
            f"{trained:,}: add exports, lower silence_minutes, or choose another base_model."
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
    if closed := why_closed(model, today=today):
        errors.append(closed)
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


def evaluation_cost(model: BaseModel, *, prompts: int, prompt_tokens: float) -> float | None:
    """US dollars for asking a tuned model and its base model the held-out prompts, at the most.

    Args:
        model: the base model; what is tuned from it answers at its prices.
        prompts: how many are asked.
        prompt_tokens: of one of them on average.

    Returns:
        The price where every answer is as long as it may be, or None where no price is known.
    """
    _, asked, answered = model.prices()
    if not prompts:
        return 0.0
    if asked is None or answered is None:
        return None
    a_prompt = asked * prompt_tokens + answered * EVALUATION_ANSWER_TOKENS
    return round(2 * prompts * a_prompt / 1_000_000, 4)
