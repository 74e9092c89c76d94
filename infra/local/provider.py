"""The fine-tuning provider on loopback, in the protocol that was chosen."""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, cast

from infra.local.endpoint import Endpoint
from infra.local.environment import aws_environment
from infra.local.finetuning.engines import NAMES
from infra.local.processes import free_port, wait_for_http
from infra.local.workspace import GEMMA, LORA_PYTHON, PYTHON, ROOT, LocalRunError

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Mapping

    from boto3 import Session

    from infra.local.processes import Children

PROTOCOLS: Final = ("openai", "bedrock")
_OF_LORA: Final = ("HF_", "HTTPS_PROXY", "https_proxy", "CUDA_", "OMP_", "PYTORCH_")


@dataclass(frozen=True, slots=True)
class Tuning:
    """Which engine tunes which base model, how many jobs it takes at a time and how long each is queued.

    ``None`` is the engine's own model, and any number of jobs.
    """

    engine: str = NAMES[0]
    base_model: str | None = None
    jobs: int | None = None
    queue_seconds: float = 0.0

    @property
    def python(self) -> Path:
        """The interpreter that has what the engine imports."""
        return LORA_PYTHON if self.engine == "lora" else PYTHON

    @property
    def environment(self) -> Mapping[str, str]:
        """What the engine takes from the person's environment: how to reach a hub, and which GPU to use."""
        if self.engine != "lora":
            return {}
        return {name: value for name, value in os.environ.items() if name.startswith(_OF_LORA)}


@dataclass(frozen=True, slots=True)
class Provider:
    """The local fine-tuning server; OpenAI's paths begin with ``/v1`` below ``url``, Bedrock's at ``url``."""

    url: str
    api_key: str
    protocol: str = PROTOCOLS[0]
    tuning: Tuning = Tuning()

    @classmethod
    def on_free_port(cls, protocol: str, tuning: Tuning = Tuning()) -> Provider:
        """A server that is not up yet, with a key of its own.

        Raises:
            LocalRunError: there is no such protocol.
        """
        if protocol not in PROTOCOLS:
            raise LocalRunError(f"PROVIDER={protocol}: there are {', '.join(PROTOCOLS)}.")
        key = f"sk-local-{secrets.token_urlsafe(24)}"
        return cls(f"http://127.0.0.1:{free_port()}", key, protocol, tuning)

    @property
    def engine(self) -> str:
        """What learns."""
        return self.tuning.engine

    @property
    def api(self) -> Endpoint:
        """The server as the holder of its key calls it."""
        return Endpoint.with_key(self.url, self.api_key)

    def start(self, children: Children, *, aws_url: str) -> subprocess.Popen[bytes]:
        """Start it in the background."""
        command = [
            self.tuning.python, "-m", "infra.local.finetuning", "--port", self.url.rpartition(":")[2],
            "--data", children.place.state / "fine-tuning", "--engine", self.engine,
            *(["--base-model", self.tuning.base_model] if self.tuning.base_model else []),
            *(["--jobs", str(self.tuning.jobs)] if self.tuning.jobs else []),
            "--queue-seconds", str(self.tuning.queue_seconds),
        ]  # fmt: skip
        env = {
            **aws_environment(aws_url, children.place.scratch),
            **self.tuning.environment,
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


def chosen_tuning() -> Tuning:
    """The engine and the base model that the person at the terminal chose.

    Raises:
        LocalRunError: there is no such engine, or it takes no other base model.
    """
    engine, base = os.environ.get("ENGINE") or NAMES[0], os.environ.get("BASE") or None
    if engine not in NAMES:
        raise LocalRunError(f"ENGINE={engine}: there are {', '.join(NAMES)}.")
    if engine != "lora":
        if base:
            raise LocalRunError(f"BASE={base}: only ENGINE=lora takes a base model.")
        return Tuning(engine)
    local = Path(base).expanduser() if base else GEMMA
    return Tuning(engine, str(local.resolve()) if local.exists() else base)
