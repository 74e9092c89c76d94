"""The table of base models as the endpoint and the command show it."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Final, Literal

from typing_extensions import TypedDict

from maltu.providers.base_models import AS_OF, alternatives, base_models

if TYPE_CHECKING:
    from maltu.providers.base_models import BaseModel


class Prices(TypedDict):
    """US dollars per million tokens, null where nobody knows."""

    training: float | None
    input: float | None
    output: float | None


class Limits(TypedDict):
    """What a dataset may be, null where nobody knows."""

    fewest_examples: int
    recommended_examples: int
    max_examples: int | None
    max_example_tokens: int
    max_file_bytes: int
    usual_epochs: int | None
    max_epochs: int


class BaseModelCard(TypedDict):
    """A model that personas can be tuned from, as OpenAI lists a model, and what is known of its training.

    Attributes:
        created: the day on which this was collected.
        owned_by: who trains and serves it.
        formats: of datasets that it reads.
        open: whether it still trains.
        trains_until: the last day on which it does, as ``YYYY-MM-DD``.
        shutdown_date: the day from which it and what was tuned from it answer no longer.
        alternatives: what to take instead of a closed one.
        unverified: which of these figures have no source.
    """

    id: str
    object: Literal["model"]
    created: int
    owned_by: str
    formats: list[str]
    tokenizer: str
    open: bool
    trains_until: str | None
    shutdown_date: str | None
    alternatives: list[str]
    usd_per_million: Prices
    limits: Limits
    unverified: list[str]


class BaseModels(TypedDict):
    """What a persona can be tuned from, as of the day on which the figures were collected."""

    object: Literal["list"]
    as_of: str
    data: list[BaseModelCard]


_COLLECTED_AT: Final = int(datetime(AS_OF.year, AS_OF.month, AS_OF.day, tzinfo=UTC).timestamp())


def list_base_models(*, today: date) -> BaseModels:
    """Answer ``GET /v1/models/base``: OpenAI's list of models, each with what is known of its training.

    Args:
        today: the day by which a model is open or closed.
    """
    return {
        "object": "list",
        "as_of": AS_OF.isoformat(),
        "data": [_shown(model, today=today) for model in base_models()],
    }


def _shown(model: BaseModel, *, today: date) -> BaseModelCard:
    is_open = model.trains_on(today)
    training, input_, output = model.prices()
    return {
        "id": model.id,
        "object": "model",
        "created": _COLLECTED_AT,
        "owned_by": str(model.host),
        "formats": list(model.formats),
        "tokenizer": model.encoding,
        "open": is_open,
        "trains_until": _day(model.trains_until),
        "shutdown_date": _day(model.closes_on),
        "alternatives": [] if is_open else list(alternatives(model, today=today)),
        "usd_per_million": {"training": training, "input": input_, "output": output},
        "limits": {
            "fewest_examples": model.fewest_examples,
            "recommended_examples": model.recommended_examples,
            "max_examples": model.max_examples,
            "max_example_tokens": model.max_example_tokens,
            "max_file_bytes": model.max_file_bytes,
            "usual_epochs": model.usual_epochs,
            "max_epochs": model.max_epochs,
        },
        "unverified": [_PUBLIC_NAMES.get(name, name) for name in model.unverified],
    }


_PUBLIC_NAMES: Final = {
    "usd_per_million_tokens": "training",
    "usd_per_million_input": "input",
    "usd_per_million_output": "output",
}


def _day(day: date | None) -> str | None:
    return None if day is None else day.isoformat()
