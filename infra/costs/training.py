"""What the provider asks for a month of one persona, by the price table that the estimates use."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from infra.costs.prices import price_list
from maltu.providers.base_models import base_model
from maltu.providers.estimates import evaluation_cost, training_cost, training_epochs

if TYPE_CHECKING:
    from infra.costs.month import Workload
    from maltu.providers.base_models import BaseModel

_BASES: Final = (
    "amazon.nova-micro-v1:0:128k",
    "amazon.nova-lite-v1:0:300k",
    "gpt-4.1-mini-2025-04-14",
    "meta-llama/Llama-3.1-8B-Instruct",
)
# The live one, and the one that it replaced and that is kept for a way back.
_KEPT: Final = 2


def bases() -> list[BaseModel]:
    """The base models that the page compares."""
    return [base_model(name) for name in _BASES]


def month_at_provider(base: BaseModel, load: Workload) -> float | None:
    """US dollars for training, measuring, answers and keeping; None where a price is not known."""
    tokens, examples = round(load.messages * load.tokens), round(load.messages * load.examples)
    epochs = training_epochs(examples, chosen=None, model=base)
    training = training_cost(base, tokens, epochs)
    measuring = evaluation_cost(base, prompts=load.style_prompts, prompt_tokens=load.style_tokens)
    _, asked, answered = base.prices()
    if training is None or measuring is None or asked is None or answered is None:
        return None
    answers = load.answers * (load.prompt_tokens * asked + load.answer_tokens * answered) / 1_000_000
    kept = _KEPT * price_list().prices["bedrock_model_month"].usd if base.host == "bedrock" else 0.0
    return load.runs * (training + measuring) + answers + kept
