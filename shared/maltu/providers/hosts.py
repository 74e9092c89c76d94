"""Where the hosts that speak OpenAI's fine-tuning protocol differ, as data.

Collected from their public pages by November 2026 and run against none of them; the fine-tuning server of
``infra/local`` behaves like each of them for the tests.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, Literal
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Mapping

_MEBIBYTE: Final = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class HostProfile:
    """One host.

    Attributes:
        name: as the table of base models calls it.
        deploy: what lies between a tuned model and its answers: nothing; a custom model that is made through
            ``/v0/models``; or a deployment that only the owner can make, for it is paid by the hour.
        keeps_metadata: a job's metadata comes back and can be searched for; elsewhere a run is recognised by
            whatever trace of it a job shows.
        sends_metadata: an unknown field is not refused.
        lists_bases: what is missing among its models cannot be tuned.
        probes_access: an account that may not train is told so even for a job that names no file.
        waits_for_files: a job is refused while its files are read; elsewhere a file's status says nothing.
        epochs_in: where a job takes its hyperparameters.
        hyperparameters: what every job is given besides the number of epochs.
        answer_limit: how a request for an answer calls its longest length.
        deletes_models: a tuned model is deleted under its own name.
        max_file_bytes: of one upload.
        inference_url: where tuned models answer, when not where they are trained.
        checkpoint_model: the field of a checkpoint that names what can be deployed, where the job does not.
        guide: what the owner does by hand, with ``{model}`` and ``{deployment}`` to fill in.
    """

    name: str
    deploy: Literal["none", "custom_models", "by_hand"] = "none"
    keeps_metadata: bool = False
    sends_metadata: bool = True
    lists_bases: bool = False
    probes_access: bool = False
    waits_for_files: bool = False
    epochs_in: Literal["method", "hyperparameters"] = "method"
    hyperparameters: Mapping[str, object] = field(default_factory=lambda: MappingProxyType({}))
    answer_limit: Literal["max_tokens", "max_completion_tokens"] = "max_tokens"
    deletes_models: bool = True
    max_file_bytes: int = 512 * _MEBIBYTE
    inference_url: str | None = None
    checkpoint_model: str | None = None
    guide: str = ""


OPENAI: Final = HostProfile(
    name="openai",
    keeps_metadata=True,
    lists_bases=True,
    probes_access=True,
    answer_limit="max_completion_tokens",
)
# Its server speaks OpenAI's protocol to the letter, and lets everybody train.
LOCAL: Final = HostProfile(name="local", keeps_metadata=True, lists_bases=True)
# LoRA has to be asked for: only an adapter can be served per token. What is listed as a model is what serves,
# under other names than what trains. Its reference knows no metadata.
NEBIUS: Final = HostProfile(
    name="nebius",
    deploy="custom_models",
    sends_metadata=False,
    epochs_in="hyperparameters",
    hyperparameters=MappingProxyType({"lora": True}),
    deletes_models=False,
    max_file_bytes=5_000_000_000,
)
CRUSOE: Final = HostProfile(
    name="crusoe",
    deploy="by_hand",
    sends_metadata=False,
    deletes_models=False,
    max_file_bytes=3_000_000_000,
    inference_url="https://api.inference.crusoecloud.com/v1",
    checkpoint_model="fine_tuned_model_id",
    guide=(
        "Crusoe serves it from a deployment of your own, paid by the GPU hour for as long as it exists: in "
        "the console, under Intelligence, Self-Serve Deployments, deploy the model {model} under the name "
        "{deployment}."
    ),
)
# The control plane wants a token of its own, so the deployment is the owner's.
FOUNDRY: Final = HostProfile(
    name="foundry",
    deploy="by_hand",
    sends_metadata=False,
    lists_bases=True,
    waits_for_files=True,
    answer_limit="max_completion_tokens",
    deletes_models=False,
    guide=(
        "Microsoft Foundry serves it from a deployment of your own, most of them paid by the hour: az "
        "cognitiveservices account deployment create --deployment-name {deployment} --model-name {model} "
        "--model-version 1 --model-format OpenAI --sku-name Standard --sku-capacity 1, with the --name and "
        "--resource-group of your resource; or deploy {model} as {deployment} in the portal."
    ),
)
# Sends what OpenAI's own protocol has, and takes nothing for granted of the answers: a host that refuses a
# field does so before anything is paid, and one that loses a job's mark would otherwise train it twice.
UNKNOWN: Final = HostProfile(name="unknown")

_BY_HOST_NAME: Final[Mapping[str, HostProfile]] = {
    "api.openai.com": OPENAI,
    "api.tokenfactory.nebius.com": NEBIUS,
    "api.intelligence.crusoecloud.com": CRUSOE,
    "127.0.0.1": LOCAL,
    "localhost": LOCAL,
}
_BY_DOMAIN: Final[Mapping[str, HostProfile]] = {
    ".api.openai.com": OPENAI,
    ".services.ai.azure.com": FOUNDRY,
    ".openai.azure.com": FOUNDRY,
    ".nebius.com": NEBIUS,
}


def host_profile(base_url: str | None) -> HostProfile:
    """Find the profile by the host name of a base URL; None is OpenAI's own."""
    if base_url is None:
        return OPENAI
    name = urlsplit(base_url).hostname or ""
    if name in _BY_HOST_NAME:
        return _BY_HOST_NAME[name]
    return next((profile for domain, profile in _BY_DOMAIN.items() if name.endswith(domain)), UNKNOWN)
