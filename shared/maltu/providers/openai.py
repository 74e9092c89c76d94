"""OpenAI, and every host that speaks its files, fine_tuning.jobs and completions protocol.

The SDK repeats a request whose answer was lost, without an idempotency key, so creating a job is never left
to its retries: a lost answer could be a second paid job. A job carries its run in its metadata, and that is
how a later try finds it.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Final, TypeVar, cast

import openai

from maltu.errors import (
    ModelNotReady,
    ProviderError,
    ProviderRejected,
    ProviderUnavailable,
    RateLimited,
    TrainingNotAvailable,
)
from maltu.providers import Job, JobStatus, Replies, Reply, Sampling

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping, Sequence

    from openai.types import Completion, FileObject
    from openai.types.chat import ChatCompletion, ChatCompletionMessageParam
    from openai.types.fine_tuning import FineTuningJob

    from maltu.providers import DatasetFile

T = TypeVar("T")

RUN_KEY: Final = "maltu_run"
REQUEST_SECONDS: Final = 20.0
ANSWER_SECONDS: Final = 22.0  # with a cold start still below the gateway's 29 s: the caller hears from us
UPLOAD_SECONDS: Final = 300.0
CREATE_SECONDS: Final = 60.0
EVENTS: Final = 5
SERVER_ERROR: Final = 500

STATUSES: Final[Mapping[str, JobStatus]] = {
    "validating_files": "pending",
    "queued": "pending",
    "running": "running",
    "succeeded": "succeeded",
    "failed": "failed",
    "cancelled": "cancelled",
}
_ENDED: Final = frozenset({"succeeded", "failed", "cancelled"})


class OpenAIProvider:
    """The port's adapter over the openai SDK."""

    def __init__(self, *, api_key: str, base_url: str | None = None) -> None:
        self._client = openai.OpenAI(
            api_key=api_key, base_url=base_url, timeout=REQUEST_SECONDS, max_retries=2
        )

    def check_access(self, base_model: str) -> None:
        """Ask whether the host knows the base model."""
        with _as_our_errors():
            try:
                self._client.models.retrieve(base_model)
            except openai.NotFoundError as error:
                reason = f"The provider has no base model {base_model!r}: set base_model to another."
                raise ProviderRejected(reason) from error

    def upload(self, file: DatasetFile) -> str:
        """Upload, or find the file of that name and size that an earlier try uploaded."""
        with _as_our_errors(), file.copied() as path:
            size = path.stat().st_size
            for there in self._files_named({file.name}):
                if there.bytes == size and there.status != "error":
                    return there.id
            with path.open("rb") as content:
                client = self._client.with_options(timeout=UPLOAD_SECONDS, max_retries=0)
                return client.files.create(file=(file.name, content), purpose="fine-tune").id

    def create_job(
        self, *, run: str, base_model: str, training: str, validation: str | None, n_epochs: int | None
    ) -> Job:
        """Create the run's job unless one exists that has not failed."""
        with _as_our_errors():
            for job in self._jobs_of(run):
                if job.status not in {"failed", "cancelled"}:
                    return _job(job)
            client = self._client.with_options(timeout=CREATE_SECONDS, max_retries=0)
            created = client.fine_tuning.jobs.create(
                model=base_model,
                training_file=training,
                validation_file=validation or openai.omit,
                suffix=f"maltu-{run[-12:]}",
                metadata={RUN_KEY: run},
                method={
                    "type": "supervised",
                    "supervised": {"hyperparameters": {"n_epochs": n_epochs or "auto"}},
                },
            )
            return _job(created)

    def get_job(self, job: str) -> Job:
        """Ask for the job and its latest events."""
        with _as_our_errors():
            answer = self._client.fine_tuning.jobs.retrieve(job)
            events = self._client.fine_tuning.jobs.list_events(job, limit=EVENTS).data
            return _job(answer, events=tuple(event.message for event in events))

    def cancel_job(self, run: str) -> int:
        """Cancel whatever job of the run has not ended."""
        with _as_our_errors():
            under_way = [job for job in self._jobs_of(run) if job.status not in _ENDED]
            for job in under_way:
                self._client.fine_tuning.jobs.cancel(job.id)
            return len(under_way)

    def ensure_deployed(self, *, run: str, base_model: str, model: str) -> str | None:
        """A tuned model serves at once, under its own name."""
        del run, base_model
        return model

    def chat(self, model: str, messages: Sequence[Mapping[str, str]], sampling: Sampling) -> Replies:
        """Answer through ``chat.completions``."""
        with _as_our_errors():
            answer = self._answering().chat.completions.create(
                model=model,
                messages=cast("list[ChatCompletionMessageParam]", list(messages)),
                max_tokens=sampling.max_tokens,
                n=sampling.n,
                temperature=_or_omit(sampling.temperature),
                top_p=_or_omit(sampling.top_p),
                seed=_or_omit(sampling.seed),
                stop=_or_omit(list(sampling.stop) or None),
            )
        return _replies(answer, [choice.message.content or "" for choice in answer.choices])

    def complete(self, model: str, prompt: str, sampling: Sampling) -> Replies:
        """Continue through the legacy ``completions``."""
        with _as_our_errors():
            answer = self._answering().completions.create(
                model=model,
                prompt=prompt,
                max_tokens=sampling.max_tokens,
                n=sampling.n,
                temperature=_or_omit(sampling.temperature),
                top_p=_or_omit(sampling.top_p),
                seed=_or_omit(sampling.seed),
                stop=_or_omit(list(sampling.stop) or None),
            )
        return _replies(answer, [choice.text for choice in answer.choices])

    def _answering(self) -> openai.OpenAI:
        return self._client.with_options(timeout=ANSWER_SECONDS, max_retries=0)

    def delete_files(self, names: Sequence[str]) -> tuple[str, ...]:
        """Delete the files of these names."""
        with _as_our_errors():
            found = [file.id for file in self._files_named(set(names))]
            return tuple(file for file in found if _deleted(self._client.files.delete, file))

    def delete_models(self, run: str) -> tuple[str, ...]:
        """Delete the models of the run's jobs."""
        with _as_our_errors():
            found = [job.fine_tuned_model for job in self._jobs_of(run)]
            return tuple(model for model in found if model and _deleted(self._client.models.delete, model))

    def _files_named(self, names: set[str]) -> list[FileObject]:
        return [file for file in self._client.files.list(purpose="fine-tune") if file.filename in names]

    def _jobs_of(self, run: str) -> list[FineTuningJob]:
        jobs = self._client.fine_tuning.jobs.list(metadata={RUN_KEY: run})
        # A host that ignores the filter lists every job.
        return [job for job in jobs if (job.metadata or {}).get(RUN_KEY) == run]


def _deleted(delete: Callable[[str], object], name: str) -> bool:
    try:
        delete(name)
    except openai.NotFoundError:
        return False
    return True


def _job(job: FineTuningJob, *, events: tuple[str, ...] = ()) -> Job:
    error = job.error
    reason = f"{error.code}: {error.message}" if error and error.message else None
    return Job(
        id=job.id,
        status=STATUSES.get(job.status, "running"),
        model=job.fine_tuned_model,
        reason=reason,
        trained_tokens=job.trained_tokens,
        events=events,
    )


def _or_omit(value: T | None) -> T | openai.Omit:
    return openai.omit if value is None else value


def _replies(answer: ChatCompletion | Completion, texts: Sequence[str]) -> Replies:
    usage = answer.usage
    reasons = [choice.finish_reason or "stop" for choice in answer.choices]
    return Replies(
        tuple(Reply(text, reason) for text, reason in zip(texts, reasons, strict=True)),
        prompt_tokens=usage.prompt_tokens if usage else 0,
        completion_tokens=usage.completion_tokens if usage else 0,
    )


@contextmanager
def _as_our_errors() -> Generator[None]:
    try:
        yield
    except openai.APIStatusError as error:
        raise _refusal(error) from error
    except openai.APITimeoutError as error:
        raise ProviderUnavailable("The provider did not answer in time.") from error
    except openai.APIConnectionError as error:
        raise ProviderUnavailable("The provider could not be reached; check its base URL.") from error
    except openai.OpenAIError as error:
        reason = f"The provider's answer could not be read ({type(error).__name__})."
        raise ProviderUnavailable(reason) from error


_BY_CODE: Final[Mapping[str, tuple[type[ProviderError], str]]] = {
    "insufficient_quota": (ProviderRejected, "The provider account has no credit left"),
    "model_not_available": (ProviderRejected, "The provider cannot tune this base model; choose another"),
    "model_not_found": (ModelNotReady, "The provider does not know the model"),
    "training_not_available": (
        TrainingNotAvailable,
        "The provider no longer lets this account create fine-tunes; the README lists others, with dates",
    ),
}
_BY_STATUS: Final[Mapping[int, tuple[type[ProviderError], str]]] = {
    401: (ProviderRejected, "The provider refused the key; put a valid one into the provider's secret"),
    408: (ProviderUnavailable, "The provider gave up waiting for the request"),
    409: (ProviderUnavailable, "The provider is busy with the same thing"),
    429: (RateLimited, "The provider's rate limit is reached"),
}


def _refusal(error: openai.APIStatusError) -> ProviderError:
    other = (ProviderUnavailable if error.status_code >= SERVER_ERROR else ProviderRejected,
             f"The provider answered {error.status_code}")  # fmt: skip
    kind, meaning = _BY_CODE.get(error.code or "") or _BY_STATUS.get(error.status_code, other)
    body = cast("dict[str, object]", error.body) if isinstance(error.body, dict) else {}
    said = str(body.get("message") or error.message)[:300]
    return kind(f"{meaning} ({error.code or error.status_code}: {said}).")
