"""The table of base models as the endpoint and the command show it."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any, Final

from maltu.providers.base_models import AS_OF, alternatives, base_models

if TYPE_CHECKING:
    from maltu.providers.base_models import BaseModel

_COLLECTED_AT: Final = int(datetime(AS_OF.year, AS_OF.month, AS_OF.day, tzinfo=UTC).timestamp())


def list_base_models(*, today: date) -> dict[str, Any]:
    """Answer ``GET /v1/models/base``: OpenAI's list of models, each with what is known of its training.

    Args:
        today: the day by which a model is open or closed.

    Returns:
        Per model: ``formats``, ``tokenizer``, ``open``, ``trains_until`` and ``shutdown_date``
        (``YYYY-MM-DD`` or None), ``alternatives`` where it is closed, ``usd_per_million`` tokens of
        ``training``, ``input`` and ``output`` (None where unknown), ``limits`` and ``unverified``: which of
        these figures have no source. ``created`` is the day on which they were collected.
    """
    return {
        "object": "list",
        "as_of": AS_OF.isoformat(),
        "data": [_shown(model, today=today) for model in base_models()],
    }


def _shown(model: BaseModel, *, today: date) -> dict[str, Any]:
    is_open = model.trains_on(today)
    training, input_, output = model.prices()
    return {
        "id": model.id,
        "object": "model",
        "created": _COLLECTED_AT,
        "owned_by": model.host,
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
