"""The fine-tuning provider on loopback, in the protocol that was chosen."""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, cast

from infra.local.endpoint import Endpoint
from infra.local.environment import aws_environment
from infra.local.finetuning.engines import NAMES
from infra.local.processes import free_port, wait_for_http
from infra.local.workspace import PYTHON, ROOT, LocalRunError

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Mapping

    from boto3 import Session

    from infra.local.processes import Children

PROTOCOLS: Final = ("openai", "bedrock")


@dataclass(frozen=True, slots=True)
class Provider:
    """The local fine-tuning server; OpenAI's paths begin with ``/v1`` below ``url``, Bedrock's at ``url``."""

    url: str
    api_key: str
    protocol: str = PROTOCOLS[0]
    engine: str = NAMES[0]

    @classmethod
    def on_free_port(cls, protocol: str) -> Provider:
        """A server that is not up yet, with a key of its own.

        Raises:
            LocalRunError: there is no such protocol.
        """
        if protocol not in PROTOCOLS:
            raise LocalRunError(f"PROVIDER={protocol}: there are {', '.join(PROTOCOLS)}.")
        return cls(f"http://127.0.0.1:{free_port()}", f"sk-local-{secrets.token_urlsafe(24)}", protocol)

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

    @property
    def endpoints(self) -> Mapping[str, str]:
        """Where AWS's clients find Bedrock: here. The local AWS endpoint has none that trains."""
        return {"AWS_ENDPOINT_URL_BEDROCK": self.url, "AWS_ENDPOINT_URL_BEDROCK_RUNTIME": self.url}

    def base_model(self, session: Session) -> str:
        """The model that it tunes, as the protocol names it; ``session`` asks Bedrock's."""
        if self.protocol != "bedrock":
            return self.models()[0]
        bedrock = cast("Any", session).client("bedrock", endpoint_url=self.url)
        listed: list[dict[str, str]] = bedrock.list_foundation_models()["modelSummaries"]
        return listed[0]["modelId"]

    def models(self) -> list[str]:
        """The models that it serves: the one that it tunes, then what was tuned from it."""
        listed: list[dict[str, Any]] = self.api.call("GET", "/v1/models").body["data"]
        return [model["id"] for model in listed]


def chosen_protocol() -> str:
    """The protocol that the person at the terminal chose."""
    return os.environ.get("PROVIDER") or PROTOCOLS[0]
