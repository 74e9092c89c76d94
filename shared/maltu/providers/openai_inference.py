"""Answers over OpenAI's protocol, and a glance at a job: what is done here without OpenAI's SDK.

Importing the SDK takes twice as long as all else that answering needs, and every cold start would pay for it.
Of what it does, this needs none: a question is never asked twice by itself, for it is paid for twice.
"""

from __future__ import annotations

import json
import threading
import time
from typing import TYPE_CHECKING, Any, Final, cast
from urllib.parse import quote

import urllib3

from maltu.errors import ProviderTimedOut, ProviderUnavailable
from maltu.providers import ANSWER_SECONDS, HURRIED_SECONDS, Replies, Reply
from maltu.providers.openai_jobs import EVENTS, job_of
from maltu.providers.refusals import Refusal, answering, as_error

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from maltu.providers import Job, Sampling
    from maltu.providers.hosts import HostProfile

BASE_URL: Final = "https://api.openai.com/v1"
CONNECT_SECONDS: Final = 3.0
KEPT_SECONDS: Final = 5.0
OK: Final = 200
_MOST_AT_ONCE: Final = 8


class OpenAIInference:
    """What tuned models answer, at OpenAI and every host that speaks its protocol.

    Args:
        api_key: the host's.
        base_url: ends where ``/chat/completions`` begins; None is OpenAI's own.
        host: the host's peculiarities.
        answer_seconds: how long to wait for an answer.
    """

    def __init__(
        self,
        *,
        api_key: str,
        base_url: str | None,
        host: HostProfile,
        answer_seconds: float = ANSWER_SECONDS,
    ) -> None:
        self._host = host
        self._url = (host.inference_url or base_url or BASE_URL).rstrip("/")
        self._training_url = (base_url or BASE_URL).rstrip("/")
        self._http = urllib3.PoolManager(
            maxsize=_MOST_AT_ONCE,
            headers={"Authorization": f"Bearer {api_key}", "Content-Type": "application/json"},
            timeout=urllib3.Timeout(connect=CONNECT_SECONDS, read=answer_seconds),
            retries=False,
        )
        self._asked_at = 0.0
        self._asking = threading.Lock()

    def chat(self, model: str, messages: Sequence[Mapping[str, str]], sampling: Sampling) -> Replies:
        """Answer through ``chat/completions``."""
        asked = {"messages": list(messages), self._host.answer_limit: sampling.max_tokens}
        return self._ask("chat/completions", model, asked, sampling, _text_of_chat)

    def complete(self, model: str, prompt: str, sampling: Sampling) -> Replies:
        """Continue through the legacy ``completions``."""
        asked = {"prompt": prompt, "max_tokens": sampling.max_tokens}
        return self._ask("completions", model, asked, sampling, _text_of_completion)

    def glance(self, job: str) -> Job:
        """Ask for the job and its latest events; its steps are read out of these."""
        url = f"{self._training_url}/fine_tuning/jobs/{quote(job, safe='')}"
        told, events = (self._request("GET", each) for each in (url, f"{url}/events?limit={EVENTS}"))
        try:
            return job_of(told, self._host, events["data"])
        except (AttributeError, KeyError, TypeError) as error:
            raise _unreadable(error) from error

    def _ask(
        self,
        path: str,
        model: str,
        asked: Mapping[str, Any],
        sampling: Sampling,
        text_of: Callable[[Mapping[str, Any]], str | None],
    ) -> Replies:
        body = {"model": model, **asked, **_chosen(sampling)}
        with answering(model):
            answer = self._request("POST", f"{self._url}/{path}", json.dumps(body).encode())
        try:
            usage: Mapping[str, int] = answer.get("usage") or {}
            return Replies(
                tuple(
                    Reply(text_of(choice) or "", choice.get("finish_reason") or "stop")
                    for choice in answer["choices"]
                ),
                prompt_tokens=usage.get("prompt_tokens", 0),
                completion_tokens=usage.get("completion_tokens", 0),
            )
        except (AttributeError, KeyError, TypeError) as error:
            raise _unreadable(error) from error

    def _request(self, method: str, url: str, body: bytes | None = None) -> dict[str, Any]:
        self._drop_stale_connections()
        asked: dict[str, Any] = {"body": body} if body else {"timeout": HURRIED_SECONDS}
        try:
            response = self._http.request(method, url, redirect=False, **asked)
        except urllib3.exceptions.HTTPError as error:
            raise _unheard(error) from error
        if response.status != OK:
            raise as_error(
                Refusal(response.status, _error_in(response.data), response.headers.get("retry-after", "")),
                of_a_model=body is not None,
                quoting=False,
            )
        try:
            return json.loads(response.data)
        except ValueError as error:
            raise _unreadable(error) from error

    def _drop_stale_connections(self) -> None:
        """Keep none for long: a host closes idle ones, and a frozen function does not hear of it."""
        with self._asking:
            # By the wall clock, the one that goes on while a function is frozen.
            if time.time() - self._asked_at > KEPT_SECONDS:
                self._http.clear()
            self._asked_at = time.time()


def _text_of_chat(choice: Mapping[str, Any]) -> str | None:
    return choice["message"]["content"]


def _text_of_completion(choice: Mapping[str, Any]) -> str | None:
    return choice["text"]


def _chosen(sampling: Sampling) -> dict[str, Any]:
    """What the caller chose; a host may refuse a null where it takes an absence."""
    chosen = {
        "temperature": sampling.temperature,
        "top_p": sampling.top_p,
        "seed": sampling.seed,
        "stop": list(sampling.stop) or None,
    }
    return {"n": sampling.n, **{name: value for name, value in chosen.items() if value is not None}}


def _error_in(data: bytes) -> object:
    try:
        told = json.loads(data)
    except ValueError:
        return None
    return cast("dict[str, Any]", told).get("error") if isinstance(told, dict) else None


def _unheard(error: urllib3.exceptions.HTTPError) -> ProviderUnavailable:
    # A refused connection counts as one that took too long there.
    refused = isinstance(error, urllib3.exceptions.NewConnectionError)
    if isinstance(error, urllib3.exceptions.TimeoutError) and not refused:
        return ProviderTimedOut("The provider did not answer in time.")
    return ProviderUnavailable("The provider could not be reached; check its base URL.")


def _unreadable(error: Exception) -> ProviderUnavailable:
    return ProviderUnavailable(f"The provider's answer could not be read ({type(error).__name__}).")
