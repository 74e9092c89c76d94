"""A dataset's report with its price: what a person asks before paying."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from maltu.providers.base_models import default_format
from maltu.providers.estimates import check_limits, evaluation_cost, training_cost, training_epochs

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from maltu.dataset import DatasetSummary
    from maltu.providers.base_models import BaseModel
    from maltu.settings import PersonaSettings


def full_report(
    summary: DatasetSummary, settings: PersonaSettings, model: BaseModel, *, today: date
) -> dict[str, Any]:
    """Add to a dataset's numbers what training on it costs, and what the provider would say.

    Returns:
        JSON without chat text: ``DatasetSummary.as_report`` with ``cost``, ``errors`` and more ``warnings``.
    """
    train, validation = summary.train, summary.validation
    epochs = training_epochs(train.examples, chosen=settings.n_epochs, model=model)
    findings = check_limits(
        model,
        format_=settings.format or default_format(model, ""),
        examples=train.examples + validation.examples,
        trained=train.examples,
        longest_example=summary.longest_example,
        largest_file=max(train.size, validation.size),
        epochs=epochs,
        today=today,
    )
    report = summary.as_report()
    usd = training_cost(model, train.tokens, epochs)
    evaluation_usd = evaluation_cost(
        model,
        prompts=min(settings.style_prompts, _held_out_turns(summary)),
        # A prompt is the part of an example that stands before the answer.
        prompt_tokens=validation.tokens / max(validation.examples, 1),
    )
    return {
        **report,
        "cost": {
            "base_model": model.id,
            "epochs": epochs,
            "usd": usd,
            "evaluation_usd": evaluation_usd,
        },
        "errors": list(findings.errors),
        "warnings": [*report["warnings"], *findings.warnings],
    }


def estimate_of(report: Mapping[str, Any]) -> float | None:
    """US dollars for a run: training, and asking for the style report as far as its price is known.

    None where nobody knows what training costs.
    """
    cost = report["cost"]
    return None if cost["usd"] is None else round(cost["usd"] + (cost["evaluation_usd"] or 0.0), 4)


def _held_out_turns(summary: DatasetSummary) -> int:
    examples = summary.train.examples + summary.validation.examples
    return -(-summary.trained_turns * summary.validation.examples // max(examples, 1))
