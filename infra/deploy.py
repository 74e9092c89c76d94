"""``python -m infra.deploy``: the stack on AWS, after everything that it needs was looked for.

The environment chooses: ``PROVIDER`` (``bedrock``, ``openai`` or ``compatible``), ``PARAMETERS`` (the
template's, as ``Name=value Name=value``), ``STACK`` (the stack's name), and AWS's own variables the account
and region. What is missing is said all at once, before anything is built.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import tomllib
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, cast

import boto3
from botocore.exceptions import BotoCoreError, ClientError
from samtranslator.yaml_helper import yaml_parse  # pyright: ignore[reportUnknownVariableType]  # untyped

from infra.local.workspace import ROOT, SAM
from maltu.providers.base_models import base_model, why_closed
from maltu.providers.hosts import host_profile

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

CONFIG: Final = ROOT / "samconfig.toml"
PROVIDERS: Final = ("bedrock", "openai", "compatible")

# What is too large is not deployed.
MEASURING: Final = (sys.executable, "-m", "infra.sizes")

_STACK_NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,59}")
_PROVIDER_KEY = """
Now put the provider's key into the secret that the output ProviderKeySecretArn names:

  aws secretsmanager put-secret-value --secret-id ARN --secret-string '{"api_key": "..."}'
"""


def region() -> str | None:
    """Where to deploy: boto3 alone does not read ``AWS_REGION``, which everything else does."""
    return os.environ.get("AWS_REGION") or boto3.Session().region_name or None


def parameters_of(provider: str, chosen: str) -> dict[str, str]:
    """Merge what samconfig.toml sets for a kind of provider with what was chosen, which wins.

    Raises:
        ValueError: ``chosen`` is not ``Name=value Name=value``.
    """
    config = tomllib.loads(CONFIG.read_text("utf-8"))
    pairs = [*config[provider]["deploy"]["parameters"]["parameter_overrides"], *shlex.split(chosen)]
    for pair in pairs:
        if "=" not in pair:
            raise ValueError(f"PARAMETERS holds {pair!r}; each is Name=value, with a space between two.")
    return dict(pair.split("=", 1) for pair in pairs)


def missing(provider: str, parameters: Mapping[str, str], stack: str) -> Iterator[str]:
    """Say what stands in the way of deploying, and what to do about each."""
    if not _STACK_NAME.fullmatch(stack):
        yield f"STACK is {stack!r}; a name has letters, digits and '-', begins with a letter, 60 at most."
    yield from _missing_of_provider(provider, parameters)
    if region() is None:
        yield "No region is chosen: export AWS_REGION=us-east-1, or another."
        return
    session = boto3.Session(region_name=region())
    try:
        session.client("sts").get_caller_identity()
    except (BotoCoreError, ClientError) as error:
        yield f"AWS does not know who you are ({error}): run aws configure, or aws sso login."
        return
    if provider == "bedrock":
        yield from _missing_at_bedrock(session, parameters["BaseModel"])


def _missing_of_provider(provider: str, parameters: Mapping[str, str]) -> Iterator[str]:
    known = _template_parameters()
    for name in parameters.keys() - known:
        yield f"The template has no parameter {name}; there are {', '.join(sorted(known))}."
    url, model = parameters.get("ProviderBaseUrl", ""), parameters.get("BaseModel")
    if provider == "compatible" and not url.startswith("https://"):
        yield "Which host? PARAMETERS='ProviderBaseUrl=https://… BaseModel=…'; the README lists some."
    if provider != "compatible" and url:
        yield f"ProviderBaseUrl goes with PROVIDER=compatible, not with {provider}."
    if model is None:
        yield "Which base model? PARAMETERS='… BaseModel=…'; maltu models lists what is known."
        return
    host = "bedrock" if provider == "bedrock" else host_profile(url or None).name
    if closed := why_closed(base_model(model, host=host), today=datetime.now(UTC).date()):
        yield closed


def _missing_at_bedrock(session: boto3.Session, model: str) -> Iterator[str]:
    region = session.region_name
    bedrock = cast("Any", session).client("bedrock")
    try:
        found = bedrock.get_foundation_model(modelIdentifier=model)
    except ClientError as error:
        match error.response.get("Error", {}).get("Code"):
            case "AccessDeniedException":
                return  # who deploys need not be who may ask Bedrock; the first run asks again
            case "ResourceNotFoundException" | "ValidationException":
                yield f"Bedrock has no model {model} in {region}: choose another region or BaseModel."
            case code:
                yield f"Bedrock in {region} answers {code}: choose another region, or try again."
        return
    except BotoCoreError:
        yield f"There is no Bedrock in {region}: choose another region."
        return
    if "FINE_TUNING" not in found["modelDetails"].get("customizationsSupported", []):
        yield f"{model} cannot be fine-tuned in {region}: choose another region, or another BaseModel."


def command(provider: str, parameters: Mapping[str, str], stack: str, *, ask: bool) -> list[str]:
    """Put ``sam deploy`` together; ``ask`` shows the changes and waits for a yes."""
    pairs = [f"{name}={value}" for name, value in parameters.items()]
    return [
        *(str(SAM), "deploy", "--config-env", provider, "--stack-name", stack, "--region", region() or ""),
        *("--no-fail-on-empty-changeset", "--confirm-changeset" if ask else "--no-confirm-changeset"),
        *("--parameter-overrides", *pairs),
    ]


def main() -> None:
    """Look for what is missing; build; deploy; say what comes next."""
    provider, stack = os.environ.get("PROVIDER") or "", os.environ.get("STACK") or "maltu"
    if provider not in PROVIDERS:
        sys.exit(f"Whose models? make deploy PROVIDER={'|'.join(PROVIDERS)}; the README compares them.")
    try:
        parameters = parameters_of(provider, os.environ.get("PARAMETERS") or "")
    except ValueError as error:
        sys.exit(str(error))
    if problems := list(missing(provider, parameters, stack)):
        sys.exit("\n".join(("Not deployed; nothing was changed.", *(f"- {each}" for each in problems))))
    env = {**os.environ, "SAM_CLI_TELEMETRY": "0"}
    building = [str(SAM), "build", "--cached", "--parallel"]
    deploying = command(provider, parameters, stack, ask=sys.stdin.isatty())
    for each in (building, MEASURING, deploying):
        if status := subprocess.run(each, cwd=ROOT, env=env, check=False).returncode:  # noqa: S603 - ours
            sys.exit(status)
    if provider != "bedrock":
        print(_PROVIDER_KEY)  # noqa: T201 - it talks to a person at a terminal


def _template_parameters() -> set[str]:
    template: dict[str, Any] = yaml_parse((ROOT / "template.yaml").read_text("utf-8"))
    return set(template["Parameters"])


if __name__ == "__main__":
    main()
