"""The deployed API as a caller sees it: JSON over HTTP, nothing of the stack's insides."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, cast
from urllib.parse import quote

Json = dict[str, Any]

_SECONDS = 30


@dataclass(frozen=True, slots=True)
class Answer:
    """One HTTP answer; ``body`` is what its JSON says."""

    status: int
    body: Json

    @property
    def ok(self) -> bool:
        """Whether the request was answered as asked."""
        return self.status == HTTPStatus.OK


@dataclass(frozen=True, slots=True)
class Endpoint:
    """The API at ``url``, called with ``headers``."""

    url: str
    headers: tuple[tuple[str, str], ...]

    @classmethod
    def with_key(cls, url: str, api_key: str) -> Endpoint:
        """The API as the holder of ``api_key`` calls it."""
        return cls(url, (("Authorization", f"Bearer {api_key}"),))

    def persona(self, name: str) -> Answer:
        """What the API tells about a persona and its versions."""
        return self.call("GET", f"/v1/personas/{quote(name, safe='')}")

    def chat(self, persona: str, prompt: str) -> Answer:
        """Ask a persona one thing."""
        messages = [{"role": "user", "content": prompt}]
        return self.call("POST", "/v1/chat/completions", {"model": persona, "messages": messages})

    def call(self, method: str, path: str, body: Json | None = None) -> Answer:
        """Send one request; an error status is an answer too."""
        request = urllib.request.Request(  # noqa: S310 - the URL is this machine's own
            self.url + path,
            method=method,
            headers={"Content-Type": "application/json", **dict(self.headers)},
            data=None if body is None else json.dumps(body).encode(),
        )
        # An empty handler keeps a configured proxy from being asked for loopback.
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(request, timeout=_SECONDS) as response:
                return Answer(response.status, _parsed(response.read()))
        except urllib.error.HTTPError as error:
            with error:
                return Answer(error.code, _parsed(error.read()))


def _parsed(raw: bytes) -> Json:
    try:
        parsed = json.loads(raw)
    except ValueError:
        return {"raw": raw.decode(errors="replace")}
    return cast("Json", parsed) if isinstance(parsed, dict) else {"raw": parsed}
