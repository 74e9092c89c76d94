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
from botocore.exceptions import BotoCoreError, ClientError, ProfileNotFound

from infra.local.workspace import ROOT, SAM
from infra.template import read_template
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
Unless you have done so before, put the provider's key in:

  read -rs PROVIDER_KEY
  aws secretsmanager put-secret-value --region {region} --secret-id {ProviderKeySecretArn} \\
    --secret-string "{{\\"api_key\\": \\"$PROVIDER_KEY\\"}}"
"""
_DEPLOYED = """
The page is at {PageUrl} and asks for this key:

  aws secretsmanager get-secret-value --region {region} --secret-id {ApiKeySecretArn} \\
    --query SecretString --output text

Exports are dropped there, or at s3://{BucketName}/exports/<persona>/.
What comes next stands in docs/deploy.md.
"""
_CONFIRM = """
Mails to {mail} begin when the link in the first one, which comes from AWS, was followed.
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
    usual = config[provider]["deploy"]["parameters"]["parameter_overrides"]
    pairs = shlex.split(" ".join([*usual, chosen]))
    for pair in pairs:
        if "=" not in pair:
            raise ValueError(f"PARAMETERS holds {pair!r}; each is Name=value, with a space between two.")
    return dict(pair.split("=", 1) for pair in pairs)


def missing(provider: str, parameters: Mapping[str, str], stack: str) -> Iterator[str]:
    """Say what stands in the way of deploying, and what to do about each."""
    if not _STACK_NAME.fullmatch(stack):
        yield f"STACK is {stack!r}; a name has letters, digits and '-', begins with a letter, 60 at most."
    yield from _missing_of_provider(provider, parameters)
    try:
        where = region()
        session = boto3.Session(region_name=where)
    except ProfileNotFound as error:
        yield f"There is no such profile ({error}): aws configure sso --profile NAME makes one."
        return
    if where is None:
        yield "No region is chosen: export AWS_REGION=us-east-1, or another."
        return
    try:
        session.client("sts").get_caller_identity()
    except (BotoCoreError, ClientError) as error:
        yield f"AWS does not know who you are ({error}): run aws configure, or aws sso login."
        return
    if provider == "bedrock":
        yield from _missing_at_bedrock(session, parameters["BaseModel"])


def _missing_of_provider(provider: str, parameters: Mapping[str, str]) -> Iterator[str]:
    known = set(read_template()["Parameters"])
    for name in parameters.keys() - known:
        yield f"The template has no parameter {name}; there are {', '.join(sorted(known))}."
    url, model = parameters.get("ProviderBaseUrl", ""), parameters.get("BaseModel")
    if provider == "compatible" and not url.startswith("https://"):
        yield "Which host? PARAMETERS='ProviderBaseUrl=https://… BaseModel=…'; docs/providers.md lists some."
    if provider != "compatible" and url:
        yield f"ProviderBaseUrl goes with PROVIDER=compatible, not with {provider}."
    if model is None:
        yield "Which base model? PARAMETERS='… BaseModel=…'; docs/providers.md lists what is known."
        return
    known_model = base_model(model, host=_host(provider, parameters))
    if closed := why_closed(known_model, today=datetime.now(UTC).date()):
        yield closed


def _host(provider: str, parameters: Mapping[str, str]) -> str:
    if provider == "bedrock":
        return provider
    return host_profile(parameters.get("ProviderBaseUrl") or None).name


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
    # sam takes no parameter without a value, unless it is quoted.
    pairs = [f"{name}={value}" if value else f'{name}=""' for name, value in parameters.items()]
    return [
        *(str(SAM), "deploy", "--config-env", provider, "--stack-name", stack, "--region", region() or ""),
        *("--no-fail-on-empty-changeset", "--confirm-changeset" if ask else "--no-confirm-changeset"),
        *("--parameter-overrides", *pairs),
    ]


def closing(provider: str, parameters: Mapping[str, str]) -> Iterator[str]:
    """Say until when the base model can be tuned and what is tuned from it answers, where that is known."""
    model = base_model(parameters["BaseModel"], host=_host(provider, parameters))
    if model.trains_until and model.closes_on:
        yield (
            f"Note: {model.id} can be tuned until {model.trains_until}, and what was tuned from it answers "
            f"until {model.closes_on}. Keep the exports: another provider trains from them."
        )


def next_steps(provider: str, parameters: Mapping[str, str], stack: str) -> str:
    """Say what is left to do with a stack that has just been deployed, with its own names filled in."""
    described = boto3.client("cloudformation", region_name=region()).describe_stacks(StackName=stack)
    outputs = described["Stacks"][0].get("Outputs", [])
    names = {each.get("OutputKey", ""): each.get("OutputValue", "") for each in outputs}
    texts = [
        *([_PROVIDER_KEY] if provider != "bedrock" else []),
        *([_CONFIRM] if parameters.get("NotificationEmail") else []),
        _DEPLOYED,
    ]
    filled = {**names, "region": region() or "", "mail": parameters.get("NotificationEmail", "")}
    return "".join(text.format(**filled) for text in texts)


def main() -> None:
    """Look for what is missing; build; deploy; say what comes next."""
    provider, stack = os.environ.get("PROVIDER") or "", os.environ.get("STACK") or "maltu"
    if provider not in PROVIDERS:
        sys.exit(f"Whose models? make deploy PROVIDER={'|'.join(PROVIDERS)}; docs/deploy.md compares them.")
    try:
        parameters = parameters_of(provider, os.environ.get("PARAMETERS") or "")
    except ValueError as error:
        sys.exit(str(error))
    if problems := list(missing(provider, parameters, stack)):
        sys.exit("\n".join(("Not deployed; nothing was changed.", *(f"- {each}" for each in problems))))
    for warning in closing(provider, parameters):
        print(warning)  # noqa: T201 - it talks to a person at a terminal
    env = {**os.environ, "SAM_CLI_TELEMETRY": "0"}
    building = [str(SAM), "build", "--cached", "--parallel"]
    deploying = command(provider, parameters, stack, ask=sys.stdin.isatty())
    for each in (building, MEASURING, deploying):
        if status := subprocess.run(each, cwd=ROOT, env=env, check=False).returncode:  # noqa: S603 - ours
            sys.exit(status)
    print(next_steps(provider, parameters, stack))  # noqa: T201 - it talks to a person at a terminal


if __name__ == "__main__":
    main()
