"""A provider that hangs: the caller hears so from us, in time, in the envelope, and is billed once."""

from __future__ import annotations

import socket
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from maltu import aws_json, deployment, patience
from maltu.aws_json import BRIEF, DYNAMODB, Client
from maltu.table import Table
from tests.support.adapters import ADAPTERS
from tests.support.cloud import TABLE, cloud

if TYPE_CHECKING:
    from collections.abc import Generator

    from tests.support.cloud import Cloud

CHAT = {"model": "하준", "messages": [{"role": "user", "content": "뭐해?"}]}
PROMPTS = {"model": "하준", "prompt": ["뭐해?", "어디야?"]}
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 1000000\r\n\r\n"
AT_MOST = 3.0


@dataclass
class Hanging:
    """A provider that takes requests and answers with ``said``, then with a byte every ``pause`` seconds."""

    said: bytes
    pause: float | None
    taken: list[str] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)

    @contextmanager
    def listening(self) -> Generator[str]:
        with socket.create_server(("127.0.0.1", 0)) as server:
            threading.Thread(target=self._accept, args=[server], daemon=True).start()
            try:
                yield f"http://127.0.0.1:{server.getsockname()[1]}/v1"
            finally:
                self.over.set()
                server.shutdown(socket.SHUT_RDWR)

    def _accept(self, server: socket.socket) -> None:
        while not self.over.is_set():
            try:
                taken, _ = server.accept()
            except OSError:
                return
            threading.Thread(target=self._hang, args=[taken], daemon=True).start()

    def _hang(self, taken: socket.socket) -> None:
        with taken:
            self.taken.append(taken.recv(65_536).decode("latin-1").partition("\r\n")[0])
            try:
                taken.sendall(self.said)
                while not self.over.wait(self.pause):
                    taken.sendall(b" ")
            except OSError:
                return


@contextmanager
def up(hanging: Hanging, adapter: str, monkeypatch: pytest.MonkeyPatch) -> Generator[Cloud]:
    with hanging.listening() as url, cloud(monkeypatch, url, adapter=ADAPTERS[adapter]) as opened:
        table = Table(Client(DYNAMODB, BRIEF), TABLE)
        settings = {"format": "chat", "system_prompt": "너는 하준이다.", "speaker": "하준"}
        version: dict[str, Any] = {"version": "v", "status": "succeeded", "model_id": "m", "named": False}
        table.put({"pk": "personas", "sk": "하준", "persona": "하준", "live_version": "v"})
        table.put({"pk": "versions#하준", "sk": "v", "persona": "하준", "settings": settings, **version})
        yield opened


@pytest.mark.parametrize("adapter", ADAPTERS)
@pytest.mark.parametrize(
    ("said", "pause"),
    [(b"", None), (HEAD, None), (HEAD, 0.05)],
    ids=["silence", "a head and no body", "a byte now and then"],
)
def test_whoever_asks_is_told_in_time_and_the_provider_is_asked_once(
    adapter: str, said: bytes, pause: float | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("maltu.providers.ANSWER_SECONDS", 0.4)
    monkeypatch.setattr(patience, "SECONDS", 0.8)
    hanging = Hanging(said, pause)
    with up(hanging, adapter, monkeypatch) as cloud:
        began = time.monotonic()
        status, body = cloud.post("/v1/chat/completions", CHAT)
        took = time.monotonic() - began
    assert (status, body["error"]["type"], body["error"]["code"]) == (504, "server_error", "timeout")
    assert "took too long" in body["error"]["message"]
    assert took < AT_MOST
    assert len(hanging.taken) == 1


@pytest.mark.parametrize("service", ["DYNAMODB", "SECRETS_MANAGER"])
def test_whoever_asks_is_told_in_time_that_aws_is_silent(
    service: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(aws_json, "BRIEF", aws_json.Patience(connect=0.1, read=0.05, tries=3))
    monkeypatch.setattr(aws_json, "PAUSE_SECONDS", 0.0)
    silent = Hanging(b"", None)
    with up(silent, "openai", monkeypatch) as cloud, silent.listening() as url:
        monkeypatch.setenv(f"AWS_ENDPOINT_URL_{service}", url.removesuffix("/v1"))
        deployment.forget()
        began = time.monotonic()
        status, body = cloud.post("/v1/chat/completions", CHAT)
        took = time.monotonic() - began
    assert (status, body["error"]["type"]) == (500, "server_error")
    assert took < AT_MOST
    assert silent.taken == ["POST / HTTP/1.1"] * 3


def test_prompts_are_asked_at_the_same_time_and_wait_no_longer_together(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("maltu.providers.ANSWER_SECONDS", 0.4)
    hanging = Hanging(b"", None)
    with up(hanging, "openai", monkeypatch) as cloud:
        status, body = cloud.post("/v1/completions", PROMPTS)
    assert (status, body["error"]["code"]) == (504, "timeout")
    assert len(hanging.taken) == 2
