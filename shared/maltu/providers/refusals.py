"""What an OpenAI-compatible host refuses or fails to do, as our own errors."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, cast

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
from maltu.providers.words import repeatable

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping

SERVER_ERROR: Final = 500
NOT_FOUND: Final = 404

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
        "The provider no longer lets this account create fine-tunes; docs/providers.md lists others",
    ),
}
_BY_STATUS: Final[Mapping[int, tuple[type[ProviderError], str]]] = {
    401: (ProviderRejected, "The provider refused the key; put a valid one into the provider's secret"),
    402: _NO_CREDIT,
    408: (ProviderUnavailable, "The provider gave up waiting for the request"),
    409: (ProviderUnavailable, "The provider is busy with the same thing"),
    429: (RateLimited, "The provider's rate limit is reached"),
}


@dataclass(frozen=True, slots=True)
class Refusal:
    """An HTTP answer that is none.

    Attributes:
        status: of HTTP.
        body: what stands under ``error`` of its JSON, or whatever it holds instead.
        retry_after: the header of that name.
    """

    status: int
    body: object
    retry_after: str = ""

    @property
    def code(self) -> str | None:
        """The host's own name for it."""
        code = self._field("code")
        return code if isinstance(code, str) else None

    @property
    def said(self) -> str:
        """What the host says about it, without what it may quote."""
        return repeatable(str(self._field("message") or self.body))

    def _field(self, name: str) -> object:
        return cast("dict[str, Any]", self.body).get(name) if isinstance(self.body, dict) else None


def as_error(refusal: Refusal, *, of_a_model: bool = False, quoting: bool = True) -> ProviderError:
    """Name a refusal.

    Args:
        refusal: the host's answer.
        of_a_model: only a model can be what is not found.
        quoting: whether to repeat what the host says, which may repeat the request.
    """
    other = (ProviderUnavailable if refusal.status >= SERVER_ERROR else ProviderRejected,
             f"The provider answered {refusal.status}")  # fmt: skip
    if of_a_model and refusal.status == NOT_FOUND:
        other = _NO_MODEL
    kind, meaning = _BY_CODE.get(refusal.code or "") or _BY_STATUS.get(refusal.status, other)
    named = refusal.code or refusal.status
    reason = f"{meaning} ({named}: {refusal.said})." if quoting else f"{meaning} ({named})."
    if kind is RateLimited:
        return RateLimited(reason, retry_after=_seconds(refusal.retry_after))
    return kind(reason)


@contextmanager
def answering(model: str) -> Generator[None]:
    """Say so where a tuned model is not found because its base is gone.

    Raises:
        ModelClosed: the model is not found, and the base that its name tells was shut down.
    """
    try:
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


def _seconds(said: str) -> int | None:
    return int(said) if said.isascii() and said.isdigit() else None
