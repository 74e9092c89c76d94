"""The fine-tuning provider on loopback."""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from infra.local.endpoint import Endpoint
from infra.local.environment import aws_environment
from infra.local.finetuning.engines import NAMES
from infra.local.processes import free_port, wait_for_http
from infra.local.workspace import PYTHON, ROOT

if TYPE_CHECKING:
    import subprocess

    from infra.local.processes import Children


@dataclass(frozen=True, slots=True)
class Provider:
    """The local fine-tuning server; OpenAI's paths begin with ``/v1`` below ``url``."""

    url: str
    api_key: str
    engine: str = NAMES[0]

    @classmethod
    def on_free_port(cls) -> Provider:
        """A server that is not up yet, with a key of its own."""
        return cls(f"http://127.0.0.1:{free_port()}", f"sk-local-{secrets.token_urlsafe(24)}")

    @property
    def api(self) -> Endpoint:
        """The server as the holder of its key calls it."""
        return Endpoint.with_key(self.url, self.api_key)

    def start(self, children: Children, *, aws_url: str) -> subprocess.Popen[bytes]:
        """Start it in the background."""
        command = [
            PYTHON, "-m", "infra.local.finetuning", "--port", self.url.rpartition(":")[2],
            "--data", children.place.scratch / "fine-tuning", "--engine", self.engine,
        ]  # fmt: skip
        env = {
            **aws_environment(aws_url, children.place.scratch),
            "PYTHONPATH": f"{ROOT / 'shared'}{os.pathsep}{ROOT}",
            # Whoever lists processes sees arguments, but not this.
            "FINETUNING_API_KEY": self.api_key,
        }
        return children.start("fine-tuning", command, env=env)

    def wait(self, process: subprocess.Popen[bytes], children: Children) -> None:
        """Wait until it is up.

        Raises:
            LocalRunError: it does not come up.
        """
        wait_for_http(self.url, process, children.log("fine-tuning"))

    def models(self) -> list[str]:
        """The models that it serves: the one that it tunes, then what was tuned from it."""
        listed: list[dict[str, Any]] = self.api.call("GET", "/v1/models").body["data"]
        return [model["id"] for model in listed]
