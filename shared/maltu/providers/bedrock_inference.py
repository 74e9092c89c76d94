"""Answers at Amazon Bedrock, through Converse."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from botocore.exceptions import ClientError, ConnectTimeoutError, ReadTimeoutError

from maltu import aws_json
from maltu.errors import ModelNotReady, ProviderRejected, ProviderTimedOut
from maltu.providers import ANSWER_SECONDS, HURRIED_SECONDS, Replies
from maltu.providers.bedrock_chat import reply_of, request_of
from maltu.providers.bedrock_errors import as_our_errors, code_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from maltu.providers import Job, Sampling

CONNECT_SECONDS: Final = 3.0


class BedrockInference:
    """What tuned models answer.

    Args:
        answer_seconds: how long to wait for an answer.
    """

    def __init__(self, *, answer_seconds: float = ANSWER_SECONDS) -> None:
        self._answer_seconds = answer_seconds

    def chat(self, model: str, messages: Sequence[Mapping[str, str]], sampling: Sampling) -> Replies:
        """Answer through Converse, which gives one answer a request and knows no seed."""
        request = request_of(messages, sampling)
        path = f"/model/{quote(model, safe='')}/converse"

        def ask(_: int) -> dict[str, Any]:
            try:
                return self._runtime.call("Converse", request, path)
            except ClientError as error:
                if code_of(error) == "ResourceNotFoundException":
                    raise ModelNotReady("Bedrock does not know the model's deployment.") from error
                raise
            except (ReadTimeoutError, ConnectTimeoutError) as error:
                raise ProviderTimedOut("Bedrock did not answer in time.") from error

        # Its own words about a request may quote it.
        with as_our_errors(quoting=False), ThreadPoolExecutor(sampling.n) as pool:
            answers = list(pool.map(ask, range(sampling.n)))
        return Replies(
            tuple(map(reply_of, answers)),
            prompt_tokens=sum(answer["usage"]["inputTokens"] for answer in answers),
            completion_tokens=sum(answer["usage"]["outputTokens"] for answer in answers),
        )

    def complete(self, model: str, prompt: str, sampling: Sampling) -> Replies:
        """Refuse: what is tuned at Bedrock converses."""
        del model, prompt, sampling
        raise ProviderRejected(
            "Bedrock tunes no completions: set format to bedrock, and drop the export again."
        )

    def glance(self, job: str) -> Job:
        """Ask for the job, once."""
        from maltu.providers.bedrock_jobs import job_of  # noqa: PLC0415 - an answer does without

        with as_our_errors():
            return job_of(self._hurried.get_model_customization_job(jobIdentifier=job))

    @cached_property
    def _hurried(self) -> Any:  # noqa: ANN401 - the client's types are no dependency
        from maltu.providers.bedrock_jobs import client  # noqa: PLC0415 - an answer does without

        return client("bedrock", HURRIED_SECONDS, attempts=1)

    @cached_property
    def _runtime(self) -> aws_json.Client:
        # A question that is asked again is paid for again.
        patience = aws_json.Patience(connect=CONNECT_SECONDS, read=self._answer_seconds, tries=1)
        return aws_json.Client(aws_json.BEDROCK_RUNTIME, patience)
