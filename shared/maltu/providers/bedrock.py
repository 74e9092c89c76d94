"""Amazon Bedrock: models are tuned and answer inside the account, through botocore and without a key.

Bedrock reads a dataset from our bucket, but only where its key is ASCII, and personas have names of any
script: so an upload is a copy within S3, under a prefix that holds nothing else and is all that Bedrock's
role may read. Jobs cannot be deleted and their names cannot be used again: a run's attempts are numbered,
which makes each number's idempotency token the same whoever tries.
"""

from __future__ import annotations

import re
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import ClientError

from maltu.errors import ProviderRejected, ProviderUnavailable, TrainingFailed
from maltu.providers import Job
from maltu.providers.bedrock_errors import as_our_errors, code_of
from maltu.providers.bedrock_inference import BedrockInference
from maltu.providers.bedrock_jobs import STATUSES, client, job_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from maltu.providers import DatasetFile

REQUEST_SECONDS: Final = 20.0
CREATE_SECONDS: Final = 60.0
INPUT: Final = "bedrock/input"
OUTPUT: Final = "bedrock/output"

_ENDED_WITHOUT_MODEL: Final = {"Failed", "Stopping", "Stopped"}


class BedrockProvider(BedrockInference):
    """The port's adapter over botocore.

    Args:
        bucket: where the files of jobs are kept.
        role_arn: as whom Bedrock reads and writes them.
    """

    def __init__(self, *, bucket: str, role_arn: str) -> None:
        super().__init__()
        self._bucket = bucket
        self._role_arn = role_arn

    def check_access(self, base_model: str) -> None:
        """Ask whether the base model can be tuned in this region."""
        region = self._control.meta.region_name
        where = f"Bedrock in {region} has no base model {base_model!r}"
        with as_our_errors():
            try:
                found = self._control.get_foundation_model(modelIdentifier=base_model)["modelDetails"]
            except ClientError as error:
                if code_of(error) in {"ValidationException", "ResourceNotFoundException"}:
                    raise ProviderRejected(f"{where}: set base_model to another.") from error
                raise
        if "FINE_TUNING" not in found.get("customizationsSupported", []):
            raise ProviderRejected(f"{where} that can be tuned: set base_model to another.")

    def upload(self, file: DatasetFile) -> str:
        """Copy the file, within S3, to where Bedrock can read it; a second copy replaces the first."""
        source, _, key = file.uri.removeprefix("s3://").partition("/")
        with as_our_errors():
            self._s3.copy_object(
                Bucket=self._bucket,
                Key=f"{INPUT}/{file.name}",
                CopySource={"Bucket": source, "Key": key},
            )
        return self._uri(f"{INPUT}/{file.name}")

    def create_job(
        self, *, run: str, base_model: str, training: str, validation: str | None, n_epochs: int | None
    ) -> Job:
        """Create the run's job unless one exists that has not failed or been stopped."""
        with as_our_errors():
            earlier = list(self._jobs_of(run))
            for _, job in earlier:
                if job["status"] not in _ENDED_WITHOUT_MODEL:
                    return Job(job["jobArn"], STATUSES.get(job["status"], "running"))
            name = f"{_name(run)}-{max((number for number, _ in earlier), default=0) + 1}"
            created = self._creating.create_model_customization_job(
                jobName=name,
                customModelName=name,
                clientRequestToken=name,
                roleArn=self._role_arn,
                baseModelIdentifier=base_model,
                customizationType="FINE_TUNING",
                hyperParameters={} if n_epochs is None else {"epochCount": str(n_epochs)},
                trainingDataConfig={"s3Uri": training},
                validationDataConfig={"validators": [{"s3Uri": validation}] if validation else []},
                outputDataConfig={"s3Uri": self._uri(f"{OUTPUT}/{name}/")},
            )
            return Job(created["jobArn"], "running")

    def get_job(self, job: str) -> Job:
        """Ask for the job; its stages stand for events. Bedrock tells no tokens, no steps and no end."""
        with as_our_errors():
            return job_of(self._control.get_model_customization_job(jobIdentifier=job))

    def cancel_job(self, run: str) -> int:
        """Stop whatever job of the run is in progress."""
        stop = self._control.stop_model_customization_job
        with as_our_errors():
            jobs = [job["jobArn"] for _, job in self._jobs_of(run) if job["status"] == "InProgress"]
            # One may have ended since it was listed.
            return sum(_unless(stop, "ConflictException", jobIdentifier=job) for job in jobs)

    def ensure_deployed(self, *, run: str, base_model: str, model: str) -> str | None:
        """Deploy the model on demand; its deployment is what answers.

        A deployment that failed is deleted before its reason is raised, so that the run's next attempt makes
        another. That is why it has no idempotency token of ours, which would bring the deleted one back: its
        name, which is the model's, keeps it the only one.
        """
        del base_model
        name = f"{_name(run)}-{model[-12:]}"
        with as_our_errors():
            try:
                found = self._control.get_custom_model_deployment(customModelDeploymentIdentifier=name)
            except ClientError as error:
                if code_of(error) != "ResourceNotFoundException":
                    raise
                self._creating.create_custom_model_deployment(modelDeploymentName=name, modelArn=model)
                return None
            if found["status"] == "Failed":
                self._control.delete_custom_model_deployment(customModelDeploymentIdentifier=name)
                raise TrainingFailed(
                    "The provider trained the model but could not deploy it: "
                    f"{found.get('failureMessage') or 'it gave no reason'}. Drop the export again."
                )
        return found["customModelDeploymentArn"] if found["status"] == "Active" else None

    def delete_files(self, names: Sequence[str]) -> tuple[str, ...]:
        """Delete the copies of these names, and whatever an older version of the bucket keeps of them."""
        keys = [f"{INPUT}/{name}" for name in names]
        with as_our_errors():
            return tuple(self._uri(key) for key in keys if key in self._erased(key))

    def delete_models(self, run: str) -> tuple[str, ...]:
        """Delete the run's deployments; once they are gone, its models and what its jobs measured.

        Raises:
            ProviderUnavailable: a deployment is still on its way out.
        """
        with as_our_errors():
            listed = list(self._listed("list_custom_model_deployments", run, "modelDeploymentSummaries"))
            if listed:
                return self._deleted_deployments([each["customModelDeploymentArn"] for each in listed])
            models = [each["modelArn"] for each in self._listed("list_custom_models", run, "modelSummaries")]
            delete = self._control.delete_custom_model
            deleted = [
                model
                for model in models
                if _unless(delete, "ResourceNotFoundException", modelIdentifier=model)
            ]
            outputs = self._erased(f"{OUTPUT}/{_name(run)}-")
            return (*deleted, *map(self._uri, sorted(outputs)))

    def _erased(self, prefix: str) -> set[str]:
        """Delete every version of every object under ``prefix``; return their keys."""
        pages = self._s3.get_paginator("list_object_versions").paginate(Bucket=self._bucket, Prefix=prefix)
        keys: set[str] = set()
        for page in pages:
            for each in [*page.get("Versions", []), *page.get("DeleteMarkers", [])]:
                self._s3.delete_object(Bucket=self._bucket, Key=each["Key"], VersionId=each["VersionId"])
                keys.add(each["Key"])
        return keys

    def _deleted_deployments(self, deployments: Sequence[str]) -> tuple[str, ...]:
        delete = self._control.delete_custom_model_deployment
        going = ("ResourceNotFoundException", "ConflictException")
        deleted = tuple(
            each for each in deployments if _unless(delete, *going, customModelDeploymentIdentifier=each)
        )
        if not deleted:
            raise ProviderUnavailable("The model's deployment is still being deleted: ask again in a minute.")
        return deleted

    def _jobs_of(self, run: str) -> Iterator[tuple[int, dict[str, Any]]]:
        """The run's jobs with their numbers, newest first."""
        pattern = re.compile(rf"{re.escape(_name(run))}-(\d+)")
        for job in self._listed("list_model_customization_jobs", run, "modelCustomizationJobSummaries"):
            if found := pattern.fullmatch(job["jobName"]):
                yield int(found[1]), job

    def _listed(self, operation: str, run: str, under: str) -> Iterator[dict[str, Any]]:
        pages = self._control.get_paginator(operation).paginate(
            nameContains=_name(run), sortBy="CreationTime", sortOrder="Descending"
        )
        return (each for page in pages for each in page.get(under, []))

    def _uri(self, key: str) -> str:
        return f"s3://{self._bucket}/{key}"

    @cached_property
    def _control(self) -> Any:  # noqa: ANN401 - the client's types are no dependency
        return client("bedrock", REQUEST_SECONDS, attempts=3)

    @cached_property
    def _creating(self) -> Any:  # noqa: ANN401 - see above
        return client("bedrock", CREATE_SECONDS, attempts=1)

    @cached_property
    def _s3(self) -> Any:  # noqa: ANN401 - see above
        return client("s3", CREATE_SECONDS, attempts=3)


def _name(run: str) -> str:
    return f"maltu-{run}"


def _unless(call: Callable[..., object], *codes: str, **arguments: str) -> bool:
    """Make a call; false where AWS refuses it with one of ``codes``."""
    try:
        call(**arguments)
    except ClientError as error:
        if code_of(error) in codes:
            return False
        raise
    return True
