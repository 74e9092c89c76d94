"""OpenAI, and every host that speaks its files, fine_tuning.jobs and completions protocol.

The SDK repeats a request whose answer was lost, without an idempotency key, so creating a job is never left
to its retries: a lost answer could be a second paid job. A job carries a mark of its run, and that is how a
later try finds it. How hosts differ stands in :mod:`maltu.providers.hosts`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import openai

from maltu.errors import DeploymentNeeded, ModelNotReady, ProviderRejected, ProviderUnavailable
from maltu.providers.access import check_base_model, check_training
from maltu.providers.deploying import check_answers, delete_custom_model, deployable, ensure_custom_model
from maltu.providers.hosts import HostProfile, host_profile
from maltu.providers.marks import RUN_KEY, files_named, jobs_of, mark
from maltu.providers.openai_errors import as_our_errors
from maltu.providers.openai_inference import OpenAIInference
from maltu.providers.openai_jobs import EVENTS, job_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from openai import BaseModel
    from openai.types.fine_tuning import FineTuningJob, FineTuningJobEvent

    from maltu.providers import DatasetFile, Job

REQUEST_SECONDS: Final = 20.0
UPLOAD_SECONDS: Final = 300.0
CREATE_SECONDS: Final = 60.0
MEBIBYTE: Final = 1024 * 1024

_ENDED: Final = frozenset({"succeeded", "failed", "cancelled"})
_FILE_IS_READ: Final = frozenset({"processed", "error", "failed"})


class OpenAIProvider(OpenAIInference):
    """The port's adapter over the openai SDK; the host's profile is found by the base URL."""

    def __init__(self, *, api_key: str, base_url: str | None = None, host: HostProfile | None = None) -> None:
        super().__init__(api_key=api_key, base_url=base_url, host=host or host_profile(base_url))
        self._client = openai.OpenAI(
            api_key=api_key, base_url=base_url, timeout=REQUEST_SECONDS, max_retries=2
        )
        serving = self._host.inference_url
        self._serving = self._client.with_options(base_url=serving) if serving else self._client

    def check_access(self, base_model: str) -> None:
        """Ask for the base model, its last day, and, where the host would say, for leave to train."""
        with as_our_errors():
            check_base_model(self._client, self._host, base_model)
            if self._host.probes_access:
                check_training(self._client, base_model)

    def upload(self, file: DatasetFile) -> str:
        """Upload, or find the file of that name and size that an earlier try uploaded."""
        with as_our_errors(), file.copied() as path:
            size = path.stat().st_size
            if size > self._host.max_file_bytes:
                raise ProviderRejected(
                    f"The provider takes files of {self._host.max_file_bytes // MEBIBYTE:,} MiB, and "
                    f"{file.name} has {size / MEBIBYTE:,.0f}: remove exports that are old."
                )
            for there in files_named(self._client, {file.name}):
                if there.bytes == size and there.status != "error":
                    return there.id
            with path.open("rb") as content:
                client = self._client.with_options(timeout=UPLOAD_SECONDS, max_retries=0)
                return client.files.create(file=(file.name, content), purpose="fine-tune").id

    def create_job(
        self, *, run: str, base_model: str, training: str, validation: str | None, n_epochs: int | None
    ) -> Job:
        """Create the run's job unless one exists that has not failed."""
        with as_our_errors():
            for job in jobs_of(self._client, self._host, run):
                if job.status not in {"failed", "cancelled"}:
                    return self._job(job)
            if self._host.waits_for_files:
                self._check_read([training, *([validation] if validation else [])])
            client = self._client.with_options(timeout=CREATE_SECONDS, max_retries=0)
            created = client.fine_tuning.jobs.create(
                model=base_model,
                training_file=training,
                validation_file=validation or openai.omit,
                suffix=mark(run),
                metadata={RUN_KEY: run} if self._host.sends_metadata else openai.omit,
                **self._hyperparameters(n_epochs),
            )
            return self._job(created)

    def get_job(self, job: str) -> Job:
        """Ask for the job and its latest events; its steps are read out of these."""
        jobs = self._client.fine_tuning.jobs
        with as_our_errors():
            return self._job(jobs.retrieve(job), events=jobs.list_events(job, limit=EVENTS).data)

    def cancel_job(self, run: str) -> int:
        """Cancel whatever job of the run has not ended."""
        with as_our_errors():
            under_way = [job for job in jobs_of(self._client, self._host, run) if job.status not in _ENDED]
            for job in under_way:
                self._client.fine_tuning.jobs.cancel(job.id)
            return len(under_way)

    def ensure_deployed(self, *, run: str, base_model: str, model: str) -> str | None:
        """Deploy where the host can be asked to.

        Raises:
            ModelNotReady: the model does not answer yet; the message says what is waited for.
        """
        with as_our_errors():
            waiting = ModelNotReady(f"The provider has trained the model {model} and does not serve it yet.")
            if self._host.deploy != "none":
                job = self._trained_job(run)
                if self._host.deploy == "custom_models":
                    model = ensure_custom_model(self._client, job, name=mark(run))
                else:
                    made_of, model = deployable(self._client, self._host, job), mark(run)
                    waiting = DeploymentNeeded(self._host.guide.format(model=made_of, deployment=model))
            check_answers(self._serving, self._host, model, base=base_model, waiting=waiting)
        return model

    def delete_files(self, names: Sequence[str]) -> tuple[str, ...]:
        """Delete the files of these names."""
        with as_our_errors():
            found = [file.id for file in files_named(self._client, set(names))]
            return tuple(file for file in found if _deleted(self._client.files.delete, file))

    def delete_models(self, run: str) -> tuple[str, ...]:
        """Delete the models of the run's jobs.

        Raises:
            ProviderRejected: only the owner can; the message names what is left and where.
        """
        with as_our_errors():
            if self._host.deploy == "custom_models":
                return delete_custom_model(self._client, mark(run))
            found = [
                job.fine_tuned_model for job in jobs_of(self._client, self._host, run) if job.fine_tuned_model
            ]
            if found and not self._host.deletes_models:
                raise ProviderRejected(
                    f"Only you can delete what was trained at {self._host.name}: in its console, the "
                    f"deployment {mark(run)}, which may cost by the hour, and the model {', '.join(found)}."
                )
            return tuple(model for model in found if _deleted(self._client.models.delete, model))

    def _check_read(self, files: Sequence[str]) -> None:
        for file in files:
            status = self._client.files.retrieve(file).status
            if status not in _FILE_IS_READ:
                raise ProviderUnavailable(f"The provider is still reading the file {file} ({status}).")

    def _trained_job(self, run: str) -> FineTuningJob:
        for job in jobs_of(self._client, self._host, run):
            if job.status == "succeeded":
                return job
        raise ProviderRejected(f"The provider has no finished job of the run {run}: drop the export again.")

    def _hyperparameters(self, n_epochs: int | None) -> dict[str, Any]:
        chosen = {**self._host.hyperparameters, **({"n_epochs": n_epochs} if n_epochs else {})}
        if self._host.epochs_in == "hyperparameters":
            return {"hyperparameters": chosen}
        return {"method": {"type": "supervised", "supervised": {"hyperparameters": chosen}}}

    def _job(self, job: FineTuningJob, *, events: Sequence[FineTuningJobEvent] = ()) -> Job:
        return job_of(_as_told(job), self._host, [_as_told(event) for event in events])


def _as_told(answer: BaseModel) -> dict[str, Any]:
    # Not every host keeps to the types that the SDK expects.
    return answer.to_dict(mode="python", warnings=False)


def _deleted(delete: Callable[[str], object], name: str) -> bool:
    try:
        delete(name)
    except openai.NotFoundError:
        return False
    return True
