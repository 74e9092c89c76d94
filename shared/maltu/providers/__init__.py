"""The fine-tuning port: what a run needs of whoever trains and serves the model.

An adapter is one module here with a class that has :class:`Provider`'s methods. No vendor call is safe to
repeat blindly, so ``upload`` and ``create_job`` find what an earlier try of the same run left behind before
they make anything new.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, NamedTuple, Protocol

from maltu.errors import InvalidSettings

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from contextlib import AbstractContextManager
    from datetime import datetime
    from pathlib import Path

# With a cold start still below the gateway's 29 s: who asks the endpoint hears from us.
ANSWER_SECONDS: Final = 22.0

JobStatus = Literal["pending", "running", "succeeded", "failed", "cancelled"]


# How long whoever asks in a hurry waits for each answer: a person looks on, and behind a gateway.
HURRIED_SECONDS: Final = 3.0


@dataclass(frozen=True, slots=True)
class DatasetFile:
    """A file of the dataset as it stands in our bucket.

    Attributes:
        name: what it is called at the provider; no other run's file has this name.
        uri: where it stands, ``s3://bucket/key``.
        copied: gives a copy on this machine's disk, for as long as the context lasts.
    """

    name: str
    uri: str
    copied: Callable[[], AbstractContextManager[Path]]


class Steps(NamedTuple):
    """How far a training is, in the provider's own steps."""

    done: int
    total: int


@dataclass(frozen=True, slots=True)
class Job:
    """A fine-tuning job at the provider.

    Attributes:
        id: the provider's name for it.
        status: a status that a vendor adds later reads as ``running``; the run's deadline bounds it.
        model: what to deploy or ask, once succeeded.
        reason: why it failed, in the provider's words.
        trained_tokens: what is billed, once known.
        events: the provider's latest events in its words, newest first.
        steps: how far the training is, where the provider tells.
        finish_at: when it should end, in UTC, where the provider tells.
    """

    id: str
    status: JobStatus
    model: str | None = None
    reason: str | None = None
    trained_tokens: int | None = None
    events: tuple[str, ...] = ()
    steps: Steps | None = None
    finish_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sampling:
    """How an answer is drawn; None leaves a choice to the provider. ``max_tokens`` bounds what is paid."""

    max_tokens: int
    n: int = 1
    temperature: float | None = None
    top_p: float | None = None
    seed: int | None = None
    stop: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer; ``finish_reason`` is OpenAI's (``stop``, ``length``, ``content_filter``)."""

    text: str
    finish_reason: str


@dataclass(frozen=True, slots=True)
class Replies:
    """The answers to one request and the tokens they took."""

    choices: tuple[Reply, ...]
    prompt_tokens: int
    completion_tokens: int


class Inference(Protocol):
    """What is asked while somebody waits. All raise :class:`maltu.errors.ProviderError` and nothing else."""

    def chat(self, model: str, messages: Sequence[Mapping[str, str]], sampling: Sampling) -> Replies:
        """Answer a dialogue of ``role`` and ``content``."""
        ...

    def complete(self, model: str, prompt: str, sampling: Sampling) -> Replies:
        """Continue a text: for models tuned in the ``completions`` format."""
        ...

    def glance(self, job: str) -> Job:
        """Ask how a job is doing: once, and no longer than ``HURRIED_SECONDS`` for an answer."""
        ...


class Provider(Inference, Protocol):
    """What an adapter does. Every method raises :class:`maltu.errors.ProviderError` and nothing else."""

    def check_access(self, base_model: str) -> None:
        """Raise where this account cannot tune ``base_model`` now; asked before anything private leaves."""
        ...

    def upload(self, file: DatasetFile) -> str:
        """Store a dataset file, or find the one of that name and size; return how jobs name it."""
        ...

    def create_job(
        self, *, run: str, base_model: str, training: str, validation: str | None, n_epochs: int | None
    ) -> Job:
        """Start the run's one fine-tune, or find the one that was started."""
        ...

    def get_job(self, job: str) -> Job:
        """Ask how a job is doing."""
        ...

    def cancel_job(self, run: str) -> int:
        """End the run's job, if it has one that has not ended; return how many there were."""
        ...

    def ensure_deployed(self, *, run: str, base_model: str, model: str) -> str | None:
        """Make the run's model servable; return what to call it, or None while it is not ready.

        Raises:
            ModelNotReady: it is not ready either, and the message says what is waited for.
        """
        ...

    def delete_files(self, names: Sequence[str]) -> tuple[str, ...]:
        """Remove the uploaded files of these names; return their ids. What is gone already is no error."""
        ...

    def delete_models(self, run: str) -> tuple[str, ...]:
        """Remove what the run trained, deployments first; return the ids of what this call removed.

        Ask again until it returns nothing: then nothing is left. Where something is on its way out and all
        else waits for it, this raises ``ProviderUnavailable``.
        """
        ...


def open_inference(
    name: str, setting: Callable[[str], str], *, answer_seconds: float = ANSWER_SECONDS
) -> Inference:
    """Open what answers, without what trains; ``name`` and ``setting`` are :func:`open_provider`'s.

    Args:
        name: as there.
        setting: as there.
        answer_seconds: how long to wait for an answer.

    Raises:
        InvalidSettings: there is no such adapter.
    """
    # A vendor's SDK costs half a second to import: only who calls the vendor pays for it.
    match name:
        case "openai":
            from maltu.providers.hosts import host_profile  # noqa: PLC0415
            from maltu.providers.openai_inference import OpenAIInference  # noqa: PLC0415

            base_url = setting("base_url") or None
            return OpenAIInference(
                api_key=setting("api_key"),
                base_url=base_url,
                host=host_profile(base_url),
                answer_seconds=answer_seconds,
            )
        case "bedrock":
            from maltu.providers.bedrock_inference import BedrockInference  # noqa: PLC0415

            return BedrockInference(answer_seconds=answer_seconds)
        case _:
            raise _no_adapter(name)


def open_provider(name: str, setting: Callable[[str], str]) -> Provider:
    """Open the adapter that the deployment chose.

    Args:
        name: ``openai``, for OpenAI and every host that speaks its protocol, or ``bedrock``.
        setting: gives the adapter's settings, and is asked for those it has alone: ``base_url`` (empty for
            the vendor's own) and ``api_key``; ``bucket`` and ``role_arn``.

    Raises:
        InvalidSettings: there is no such adapter.
    """
    match name:
        case "openai":
            from maltu.providers.openai import OpenAIProvider  # noqa: PLC0415

            return OpenAIProvider(api_key=setting("api_key"), base_url=setting("base_url") or None)
        case "bedrock":
            from maltu.providers.bedrock import BedrockProvider  # noqa: PLC0415

            return BedrockProvider(bucket=setting("bucket"), role_arn=setting("role_arn"))
        case _:
            raise _no_adapter(name)


def _no_adapter(name: str) -> InvalidSettings:
    return InvalidSettings(f"PROVIDER is {name!r}; there are: openai, bedrock.")
