"""What an OpenAI-compatible host refuses or fails to do, as our own errors."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, cast

import openai

from maltu.errors import (
    ModelClosed,
    ModelNotReady,
    ProviderError,
    ProviderRejected,
    ProviderUnavailable,
    RateLimited,
    TrainingNotAvailable,
)
from maltu.providers.base_models import alternatives, base_model

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping

SERVER_ERROR: Final = 500
NOT_FOUND: Final = 404
SAID_AT_MOST: Final = 300

_NO_CREDIT: Final = (ProviderRejected, "The provider account has no credit left")
_NO_MODEL: Final = (ModelNotReady, "The provider does not know the model")
_BY_CODE: Final[Mapping[str, tuple[type[ProviderError], str]]] = {
    "insufficient_quota": _NO_CREDIT,
    "billing_hard_limit_reached": _NO_CREDIT,
    "billing_not_active": _NO_CREDIT,
    "model_not_available": (ProviderRejected, "The provider cannot tune this base model; choose another"),
    "model_not_found": _NO_MODEL,
    "DeploymentNotFound": _NO_MODEL,
    "training_not_available": (
        TrainingNotAvailable,
        "The provider no longer lets this account create fine-tunes; the README lists others, with dates",
    ),
}
_BY_STATUS: Final[Mapping[int, tuple[type[ProviderError], str]]] = {
    401: (ProviderRejected, "The provider refused the key; put a valid one into the provider's secret"),
    402: _NO_CREDIT,
    408: (ProviderUnavailable, "The provider gave up waiting for the request"),
    409: (ProviderUnavailable, "The provider is busy with the same thing"),
    429: (RateLimited, "The provider's rate limit is reached"),
}


@contextmanager
def as_our_errors(*, of_a_model: bool = False) -> Generator[None]:
    """Translate the SDK's errors; ``of_a_model`` where only a model can be what is not found."""
    try:
        yield
    except openai.APIStatusError as error:
        raise _refusal(error, of_a_model=of_a_model) from error
    except openai.APITimeoutError as error:
        raise ProviderUnavailable("The provider did not answer in time.") from error
    except openai.APIConnectionError as error:
        raise ProviderUnavailable("The provider could not be reached; check its base URL.") from error
    except openai.OpenAIError as error:
        reason = f"The provider's answer could not be read ({type(error).__name__})."
        raise ProviderUnavailable(reason) from error


@contextmanager
def answering(model: str) -> Generator[None]:
    """Translate the SDK's errors where a tuned model is asked, and say so where its base is gone.

    Raises:
        ModelClosed: the model is not found, and the base that its name tells was shut down.
    """
    try:
        with as_our_errors(of_a_model=True):
            yield
    except ModelNotReady as error:
        _, _, tuned_from = model.partition("ft:")
        base, today = base_model(tuned_from.partition(":")[0]), datetime.now(UTC).date()
        if base.closes_on is None or today < base.closes_on:
            raise
        raise ModelClosed(
            f"{base.id} was shut down on {base.closes_on}, and with it {model}, which was tuned from it. "
            "Drop the export again with another base_model: "
            f"{', '.join(alternatives(base, today=today))}."
        ) from error


def _refusal(error: openai.APIStatusError, *, of_a_model: bool) -> ProviderError:
    other = (ProviderUnavailable if error.status_code >= SERVER_ERROR else ProviderRejected,
             f"The provider answered {error.status_code}")  # fmt: skip
    if of_a_model and error.status_code == NOT_FOUND:
        other = _NO_MODEL
    kind, meaning = _BY_CODE.get(error.code or "") or _BY_STATUS.get(error.status_code, other)
    body = cast("dict[str, object]", error.body) if isinstance(error.body, dict) else {}
    said = str(body.get("message") or error.message)[:SAID_AT_MOST]
    reason = f"{meaning} ({error.code or error.status_code}: {said})."
    if kind is RateLimited:
        return RateLimited(reason, retry_after=_retry_after(error))
    return kind(reason)


def _retry_after(error: openai.APIStatusError) -> int | None:
    said = error.response.headers.get("retry-after", "")
    return int(said) if said.isascii() and said.isdigit() else None
