"""What lies between a tuned model and its answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, cast
from urllib.parse import quote, urljoin

import openai

from maltu.errors import ModelNotReady, ProviderRejected, ProviderUnavailable
from maltu.providers.base_models import base_model

if TYPE_CHECKING:
    from openai.types.fine_tuning import FineTuningJob
    from openai.types.fine_tuning.jobs import FineTuningJobCheckpoint

    from maltu.providers.hosts import HostProfile

PROBE_SECONDS: Final = 15.0
CREATE_SECONDS: Final = 60.0
SERVED: Final = "active"
ENDED: Final = frozenset({"error", "deleted"})


def check_answers(
    client: openai.OpenAI, host: HostProfile, model: str, *, base: str, waiting: ModelNotReady
) -> None:
    """Ask the model for one token, for being listed is not yet answering.

    Raises:
        ModelNotReady: it is not there, or too slow or too busy loading to answer: ``waiting``.
        openai.OpenAIError: asking itself was refused.
    """
    asked = client.with_options(timeout=PROBE_SECONDS, max_retries=0)
    try:
        if base_model(base).formats == ("completions",):
            asked.completions.create(model=model, prompt=".", max_tokens=1)
        else:
            asked.chat.completions.create(
                model=model, messages=[{"role": "user", "content": "."}], extra_body={host.answer_limit: 1}
            )
    except (openai.NotFoundError, openai.InternalServerError, openai.APITimeoutError) as error:
        raise waiting from error


def deployable(client: openai.OpenAI, host: HostProfile, job: FineTuningJob) -> str:
    """Name what a deployment by hand is made of."""
    if host.checkpoint_model:
        named = (getattr(each, host.checkpoint_model, None) for each in _checkpoints(client, job))
        if found := next(filter(None, named), None):
            return str(found)
    return job.fine_tuned_model or job.id


@dataclass(frozen=True, slots=True)
class CustomModel:
    """A tuned model as the host serves it; ``served_as`` is what requests call it."""

    name: str
    served_as: str
    status: str
    reason: str | None


def ensure_custom_model(client: openai.OpenAI, job: FineTuningJob, *, name: str) -> str:
    """Make the host's custom model of a job's last checkpoint, or find it; return what to call it.

    Raises:
        ProviderRejected: there is no checkpoint, or the host cannot serve it.
        ModelNotReady: it is being made.
    """
    model = _custom_model(client, name) or _create_custom_model(client, job, name)
    if model.status in ENDED:
        raise ProviderRejected(
            f"The provider cannot serve the model {model.name} ({model.reason or model.status})."
        )
    if model.status != SERVED:
        raise ModelNotReady(f"The provider is making the model {model.name} ready ({model.status}).")
    return model.served_as


def delete_custom_model(client: openai.OpenAI, name: str) -> tuple[str, ...]:
    """Delete the host's custom model of that name; return its full name, or nothing where it is gone."""
    model = _custom_model(client, name)
    if model is None:
        return ()
    client.delete(f"{_custom_models_url(client)}/{quote(model.name, safe='')}", cast_to=object)
    return (model.name,)


def _create_custom_model(client: openai.OpenAI, job: FineTuningJob, name: str) -> CustomModel:
    checkpoint = next(iter(_checkpoints(client, job)), None)
    if checkpoint is None:
        raise ProviderRejected(f"The provider reports no checkpoint of job {job.id}: there is no model.")
    return _read(
        client.with_options(timeout=CREATE_SECONDS, max_retries=0).post(
            _custom_models_url(client),
            cast_to=object,
            body={
                "name": name,
                "base_model": base_model(job.model, host="nebius").serving_id or job.model,
                "source": f"{job.id}:{checkpoint.id}",
            },
        )
    )


def _custom_model(client: openai.OpenAI, name: str) -> CustomModel | None:
    answer = client.get(_custom_models_url(client), cast_to=object)
    listed = cast("dict[str, object]", answer).get("data") if isinstance(answer, dict) else answer
    if not isinstance(listed, list):
        raise ProviderUnavailable("The provider's list of custom models could not be read.")
    models = map(_read, cast("list[object]", listed))
    # The host puts the base before the name that was asked for, and four letters behind it.
    return next((model for model in models if name in model.name and model.status != "deleted"), None)


def _read(body: object) -> CustomModel:
    told = cast("dict[str, Any]", body) if isinstance(body, dict) else {}
    name = told.get("name")
    if not isinstance(name, str):
        raise ProviderUnavailable("The provider's custom model could not be read.")
    flavors = cast("list[dict[str, Any]]", told.get("flavors") or [])
    served_as = flavors[0].get("model_id") if flavors else None
    return CustomModel(name, str(served_as or name), str(told.get("status")), told.get("status_reason"))


def _custom_models_url(client: openai.OpenAI) -> str:
    return urljoin(str(client.base_url), "/v0/models")


def _checkpoints(client: openai.OpenAI, job: FineTuningJob) -> list[FineTuningJobCheckpoint]:
    """List a job's checkpoints, the last one first."""
    found = client.fine_tuning.jobs.checkpoints.list(job.id).data
    return sorted(found, key=lambda each: each.step_number or 0, reverse=True)
