"""Whether an account may tune a base model, asked before anything private leaves."""

from __future__ import annotations

import secrets
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Final

import openai
from openai.types import Model

from maltu.errors import ProviderRejected, ProviderUnavailable, RateLimited
from maltu.providers.base_models import alternatives, base_model, why_closed
from maltu.providers.refusals import Refusal, as_error

if TYPE_CHECKING:
    from maltu.providers.hosts import HostProfile

# The deployment's own default deadline: a model that closes sooner may never answer.
LONGEST_RUN: Final = timedelta(days=3)


def check_base_model(client: openai.OpenAI, host: HostProfile, name: str) -> None:
    """Raise where no run of this base model can end well.

    Raises:
        ProviderRejected: the host does not know it, or it is closed or about to close.
        openai.OpenAIError: the host could not be asked.
    """
    today = datetime.now(UTC).date()
    known = base_model(name, host=host.name)
    if closed := why_closed(known, today=today):
        raise ProviderRejected(closed)
    ends = [day for day in (known.closes_on, _announced_end(client, host, name)) if day]
    if ends and min(ends) <= today + LONGEST_RUN:
        instead = ", ".join(alternatives(known, today=today))
        raise ProviderRejected(
            f"{name} is shut down on {min(ends)}, before a run could end and its persona be of use. Choose "
            f"another base_model: {instead}."
        )


def check_training(client: openai.OpenAI, name: str) -> None:
    """Ask for a job whose training file cannot exist: a host refuses it in words that say whose fault it is.

    A host that has no place for a job now does not say that there will be none.

    Raises:
        ProviderRejected: the base model is what was refused.
        openai.OpenAIError: anything else but the file was refused; for an account that is shut out, with the
            code ``training_not_available``.
    """
    nobodys = f"file-{secrets.token_hex(12)}"
    try:
        job = client.with_options(max_retries=0).fine_tuning.jobs.create(model=name, training_file=nobodys)
    except (openai.BadRequestError, openai.NotFoundError) as error:
        if error.param == "model" or str(error.code).startswith("model_"):
            raise ProviderRejected(f"The provider cannot tune {name}: set base_model to another.") from error
        return
    except openai.RateLimitError as error:
        if as_error(Refusal(error.status_code, error.body)).__class__ is not RateLimited:
            raise
        return
    # Whoever validates files later has started something: it has nothing to train on, and is ended.
    client.fine_tuning.jobs.cancel(job.id)


def _announced_end(client: openai.OpenAI, host: HostProfile, name: str) -> date | None:
    try:
        found = client.models.retrieve(name)
    except openai.NotFoundError as error:
        if not host.lists_bases:
            return None
        raise ProviderRejected(
            f"The provider has no base model {name!r}: set base_model to another."
        ) from error
    # Whatever is no JSON reaches us as text.
    if not isinstance(found, Model):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise ProviderUnavailable("The provider's base URL answers, but is no OpenAI API; most end in /v1.")
    try:
        return date.fromisoformat(found.shutdown_date or "")
    except ValueError:
        return None
