"""The adapters under test: how each is opened, and what its wire calls things where a case needs to know."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import boto3
import openai

from maltu.errors import ProviderRejected, ProviderUnavailable, RateLimited, TrainingNotAvailable
from maltu.providers import open_provider
from tests.support.faults import Fault

if TYPE_CHECKING:
    from collections.abc import Callable

    import pytest

    from maltu.providers import Provider

BUCKET = "bucket"
ROLE = "arn:aws:iam::123456789012:role/bedrock"


@dataclass(frozen=True)
class Adapter:
    """One adapter.

    Attributes:
        name: what a deployment calls it.
        base_model: what the local server tunes, as this protocol names it.
        line: an example of its dataset format, with two places for numbers.
        jobs: the path that jobs are created at.
        nowhere: a model that is not there.
        set_up: points it at the local server.
        content: what the provider keeps under an uploaded file's id; None where it is gone.
        counts_tokens: whether it tells how many were trained.
        tells_steps: whether it tells how far a training is.
        file_deletions: how many requests to the provider a deleted file takes.
        refusals: what becomes of faults when a job is created.
    """

    name: str
    base_model: str
    line: str
    jobs: str
    nowhere: str
    set_up: Callable[[str, pytest.MonkeyPatch], dict[str, str]]
    content: Callable[[str, str], bytes | None]
    counts_tokens: bool
    tells_steps: bool
    file_deletions: int
    refusals: tuple[tuple[Fault, type[Exception]], ...] = field(repr=False)

    def open(self, url: str, monkeypatch: pytest.MonkeyPatch, **instead: str) -> Provider:
        """Open it against the local server at ``url``, which ends in OpenAI's ``/v1``."""
        return open_provider(self.name, {**self.set_up(url, monkeypatch), **instead}.__getitem__)


def _openai(url: str, _: pytest.MonkeyPatch) -> dict[str, str]:
    return {"base_url": url, "api_key": "key"}


def _bedrock(url: str, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    for service in ("BEDROCK", "BEDROCK_RUNTIME"):
        monkeypatch.setenv(f"AWS_ENDPOINT_URL_{service}", url.removesuffix("/v1"))
    return {"bucket": BUCKET, "role_arn": ROLE}


def _file_at_openai(url: str, file: str) -> bytes | None:
    with openai.OpenAI(base_url=url, api_key="key") as client:
        try:
            return client.files.content(file).content
        except openai.NotFoundError:
            return None


def _object_in_s3(_: str, uri: str) -> bytes | None:
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    s3 = boto3.client("s3")
    try:
        return s3.get_object(Bucket=bucket, Key=key)["Body"].read()
    except s3.exceptions.NoSuchKey:
        return None


OPENAI = Adapter(
    name="openai",
    base_model="maltu-retrieval-1",
    line='{"messages": [{"role": "system", "content": "s"}, {"role": "user", "content": "밥 먹었어? %d"}, '
    '{"role": "assistant", "content": "ㅇㅇ %d"}]}\n',
    jobs="/v1/fine_tuning/jobs",
    nowhere="ft:maltu-retrieval-1:local:none:00000000",
    set_up=_openai,
    content=_file_at_openai,
    counts_tokens=True,
    tells_steps=True,
    file_deletions=1,
    refusals=(
        (Fault("POST", "/jobs", status=429), RateLimited),
        (Fault("POST", "/jobs", status=429, code="insufficient_quota"), ProviderRejected),
        (Fault("POST", "/jobs", status=403, code="training_not_available"), TrainingNotAvailable),
        (Fault("POST", "/jobs", status=403), ProviderRejected),
        (Fault("POST", "/jobs", status=401), ProviderRejected),
        (Fault("POST", "/jobs", status=409), ProviderUnavailable),
        (Fault("POST", "/jobs", status=503), ProviderUnavailable),
        (Fault("POST", "/jobs", action="lose_answer"), ProviderUnavailable),
    ),
)

BEDROCK = Adapter(
    name="bedrock",
    base_model="maltu.retrieval-1",
    line='{"schemaVersion": "bedrock-conversation-2024", "system": [{"text": "s"}], "messages": ['
    '{"role": "user", "content": [{"text": "밥 먹었어? %d"}]}, '
    '{"role": "assistant", "content": [{"text": "ㅇㅇ %d"}]}]}\n',
    jobs="/model-customization-jobs",
    nowhere="arn:aws:bedrock:us-east-1:000000000000:custom-model-deployment/abcdefghijkl",
    set_up=_bedrock,
    content=_object_in_s3,
    counts_tokens=False,
    tells_steps=False,
    file_deletions=0,
    refusals=(
        (Fault("POST", "-jobs", status=429, code="ThrottlingException"), RateLimited),
        (Fault("POST", "-jobs", status=429, code="TooManyRequestsException"), RateLimited),
        (Fault("POST", "-jobs", status=400, code="ServiceQuotaExceededException"), RateLimited),
        (Fault("POST", "-jobs", status=403, code="AccessDeniedException"), ProviderRejected),
        (Fault("POST", "-jobs", status=403, code="ExpiredTokenException"), ProviderRejected),
        (Fault("POST", "-jobs", status=400, code="ValidationException"), ProviderRejected),
        (Fault("POST", "-jobs", status=400, code="SomethingNewException"), ProviderRejected),
        (Fault("POST", "-jobs", status=400, code="ConflictException"), ProviderUnavailable),
        (Fault("POST", "-jobs", status=500, code="InternalServerException"), ProviderUnavailable),
        (Fault("POST", "-jobs", status=503), ProviderUnavailable),
        (Fault("POST", "-jobs", action="lose_answer"), ProviderUnavailable),
    ),
)

ADAPTERS = {each.name: each for each in (OPENAI, BEDROCK)}
