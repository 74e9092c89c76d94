"""The deployed template, AWS and the provider, up on loopback for the length of a ``with`` block."""

from __future__ import annotations

import json
import os
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from infra.local.aws import Aws
from infra.local.build import built_stack
from infra.local.environment import aws_environment
from infra.local.kept import end_what_broke_off, go_on_from
from infra.local.processes import running_children
from infra.local.provider import PROTOCOLS, Provider, Tuning
from infra.local.workspace import SAM, LocalRunError, workspace

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping
    from pathlib import Path

    from infra.local.processes import Children

_NAME = "maltu"
_ARTIFACTS = "maltu-artifacts"


@dataclass(frozen=True, slots=True)
class Stack:
    """What a person or a program needs of a stack that is up."""

    aws: Aws
    provider: Provider
    outputs: Mapping[str, str]
    api_key: str

    @property
    def endpoint(self) -> str:
        """The deployed API; OpenAI's paths begin with ``/v1`` below it."""
        return f"{self.aws.url}/_aws/execute-api/{self.outputs['ApiId']}/{self.outputs['ApiStage']}"

    @property
    def page(self) -> str:
        """The page; its addresses are relative to this one, so that the slash belongs to it."""
        return f"{self.endpoint}/"

    @property
    def bucket(self) -> str:
        """Where exports are dropped."""
        return self.outputs["BucketName"]


@contextmanager
def running_stack(  # noqa: PLR0913 - what one run differs in from another
    name: str,
    say: Callable[[str], None],
    *,
    protocol: str = PROTOCOLS[0],
    tuning: Tuning | None = None,
    concurrency: int | None = None,
    longest_poll_seconds: int = 2,
    kept: Path | None = None,
) -> Generator[Stack]:
    """Build and deploy the template, keep it up for the block, then stop all that was started.

    Args:
        name: what this run is called; one run of a name is up at a time.
        say: is told what goes on.
        protocol: in which the functions speak to the provider.
        tuning: what the provider tunes with; the default engine where it is not said.
        concurrency: how many functions run at a time; as many as this machine holds where it is not said.
        longest_poll_seconds: after how many seconds at the latest a run that waits looks again.
        kept: a folder to hold what is dropped and trained, and to go on from; all of it goes with the block
            where it is not said.

    Raises:
        LocalRunError: something did not start, or ``kept`` is of another protocol or engine.
    """
    with workspace(name, kept) as place, running_children(place) as children:
        aws, provider = Aws.on_free_port(concurrency), Provider.on_free_port(protocol, tuning or Tuning())
        if kept:
            aws, provider = go_on_from(kept, aws, provider)
        ministack = aws.start(children, elsewhere=provider.endpoints)
        fine_tuning = provider.start(children, aws_url=aws.url)
        try:
            say("building the stack (sam build)")
            with built_stack(children) as template:
                aws.wait(ministack, children)
                provider.wait(fine_tuning, children)
                say("deploying it to the local AWS endpoint (sam deploy)")
                outputs = _deploy(children, aws, provider, template, longest_poll_seconds)
                if kept:
                    end_what_broke_off(aws, _NAME)
                try:
                    yield Stack(aws, provider, outputs, _put_secrets(aws, provider, outputs))
                finally:
                    aws.keep_function_logs(children)
        except LocalRunError as error:
            raise LocalRunError(
                f"{error}\n\nAll that was logged is in {os.path.relpath(place.logs)}/"
            ) from None


def _deploy(
    children: Children, aws: Aws, provider: Provider, template: Path, longest_poll_seconds: int
) -> Mapping[str, str]:
    aws.session.client("s3", endpoint_url=aws.url).create_bucket(Bucket=_ARTIFACTS)
    parameters = {
        "Provider": provider.protocol,
        "ProviderBaseUrl": f"{provider.url}/v1",
        "BaseModel": provider.base_model(aws.session),
        "PollSeconds": "1",
        "MaxPollSeconds": f"{longest_poll_seconds}",
        "QuietSeconds": "0",
        "SettleSeconds": "1",
        "KakaoBot": "on",
    }
    command = [
        SAM, "deploy", "--config-file", children.place.sam_settings, "--template-file", template,
        "--stack-name", _NAME, "--s3-bucket", _ARTIFACTS,
        "--capabilities", "CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND",
        "--no-confirm-changeset", "--no-progressbar",
        "--parameter-overrides", *(f"{name}={value}" for name, value in parameters.items()),
    ]  # fmt: skip
    env = aws_environment(aws.url, children.place.scratch) | {"SAM_CLI_POLL_DELAY": "0.2"}
    children.run("sam-deploy", command, env=env)
    stacks = aws.session.client("cloudformation", endpoint_url=aws.url).describe_stacks(StackName=_NAME)
    outputs = stacks["Stacks"][0].get("Outputs", [])
    return {each.get("OutputKey", ""): each.get("OutputValue", "") for each in outputs}


def _put_secrets(aws: Aws, provider: Provider, outputs: Mapping[str, str]) -> str:
    """Fill the provider's key in, as an owner does after deploying; return the endpoint's key."""
    client = aws.session.client("secretsmanager", endpoint_url=aws.url)
    client.put_secret_value(
        SecretId=outputs["ProviderKeySecretArn"], SecretString=json.dumps({"api_key": provider.api_key})
    )
    # CloudFormation generated one, but the local endpoint does not honour which characters to leave out, and
    # this key is to be pasted into a shell. One key for both servers is enough on one machine.
    client.put_secret_value(SecretId=outputs["ApiKeySecretArn"], SecretString=provider.api_key)
    return provider.api_key
