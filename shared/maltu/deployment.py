"""What one deployed function works with, read from its environment: the only place that knows both.

A function loads what it opens and nothing else: imports are most of a cold start. Clients live as long as the
function's process. The provider is opened anew every five minutes, so that a
rotated key takes effect without a deployment.
"""

from __future__ import annotations

import json
import os
import time
from functools import cache, lru_cache
from typing import TYPE_CHECKING

from maltu import aws_json
from maltu.errors import InvalidSettings, ProviderRejected

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from maltu.answering import Answering
    from maltu.approval import Approvals
    from maltu.aws_json import Client
    from maltu.keys import Keys
    from maltu.line import Line
    from maltu.management import Desk
    from maltu.progress import Watch
    from maltu.providers import Inference, Provider
    from maltu.registry import Registry
    from maltu.removal import Places
    from maltu.removals import Removals
    from maltu.storage import Bucket
    from maltu.table import Table
    from maltu.turns import Turns
    from maltu.uploads import Uploads
    from maltu.usage import Usage
    from maltu.workflow import Notifier, Workflow

SECRET_SECONDS = 300
# A model on somebody's own machine writes slowly.
PATIENT_SECONDS = 60.0


@cache
def bucket() -> Bucket:
    """The bucket of exports and datasets."""
    import boto3  # it moves files in parts

    from maltu.storage import Bucket

    return Bucket(boto3.client("s3"), setting("BUCKET_NAME"))


@cache
def registry() -> Registry:
    """Personas and versions."""
    from maltu.registry import Registry

    return Registry(_table())


@cache
def turns() -> Turns:
    """Whose turn it is to train."""
    from maltu.turns import Turns

    return Turns(_table())


@cache
def line() -> Line:
    """The runs that wait for the provider."""
    from maltu.line import Line

    return Line(_table(), turns(), workflow())


@cache
def approvals() -> Approvals:
    """The runs that wait for a yes."""
    from maltu.approval import Approvals

    return Approvals(_table())


@cache
def keys() -> Keys:
    """The endpoint's keys, without the owner's own."""
    from maltu.keys import Keys

    return Keys(_table())


@cache
def usage() -> Usage:
    """How often each key has asked."""
    from maltu.usage import Usage

    return Usage(_table())


@cache
def workflow() -> Workflow:
    """The state machines; a function that starts no removal is told of none."""
    from maltu import aws
    from maltu.workflow import Workflow

    return Workflow(
        aws.client("stepfunctions"),
        os.environ.get("STATE_MACHINE_ARN", ""),
        os.environ.get("REMOVAL_MACHINE_ARN", ""),
    )


@cache
def desk() -> Desk:
    """What management works with."""
    from maltu.management import Desk

    return Desk(
        registry(),
        approvals(),
        _removals(),
        workflow(),
        keep_models_days=int(setting("KEEP_MODELS_DAYS")),
    )


@cache
def places() -> Places:
    """Everything that may hold something of a persona."""
    from maltu.removal import Places

    return Places(
        bucket=bucket(),
        registry=registry(),
        turns=turns(),
        line=line(),
        approvals=approvals(),
        removals=_removals(),
        uploads=uploads(),
        workflow=workflow(),
        notifier=notifier(),
        provider=setting("PROVIDER"),
        open_provider=provider,
    )


@cache
def uploads() -> Uploads:
    """Exports that come over the endpoint."""
    import boto3
    from botocore.config import Config

    from maltu.storage import Bucket
    from maltu.uploads import Uploads

    # What a browser is sent to must be signed by the newer way, and be where the bucket is: by default boto3
    # names S3's first region, which sends a form on and loses its file.
    signing = Config(signature_version="s3v4", s3={"addressing_style": "virtual"})
    return Uploads(Bucket(boto3.client("s3", config=signing), setting("BUCKET_NAME")), _table(), registry())


@cache
def watch() -> Watch:
    """How versions are doing at the provider."""
    from maltu.progress import Watch

    return Watch(setting("PROVIDER"), inference)


@cache
def _removals() -> Removals:
    from maltu.removals import Removals

    return Removals(_table())


@cache
def _table() -> Table:
    from maltu.table import Table

    return Table(aws_json.Client(aws_json.DYNAMODB, aws_json.BRIEF), setting("TABLE_NAME"))


@cache
def notifier() -> Notifier:
    """The owner's topic."""
    from maltu import aws
    from maltu.workflow import Notifier

    return Notifier(aws.client("sns"), setting("TOPIC_ARN"))


@cache
def answering() -> Answering:
    """The function that answers for a KakaoTalk channel's bot."""
    from maltu.answering import PATIENCE, Answering

    return Answering(aws_json.Client(aws_json.LAMBDA, PATIENCE), setting("ANSWER_FUNCTION"))


def provider() -> Provider:
    """The fine-tuning provider that this deployment chose."""
    return _provider(_period())


def inference(*, patient: bool = False) -> Inference:
    """What asks its models, up much sooner than all of it; ``patient`` where nobody waits for the answer."""
    return _inference(_period(), patient)


def host() -> str | None:
    """Whose prices and dates hold; None where any host's do, for the local server stands for each of them."""
    if setting("PROVIDER") == "bedrock":
        return "bedrock"
    from maltu.providers.hosts import host_profile

    name = host_profile(setting("PROVIDER_BASE_URL") or None).name
    return None if name == "local" else name


def secret(variable: str) -> str:
    """The secret whose ARN stands in the environment variable."""
    return _secret(setting(variable), _period())


@lru_cache(maxsize=1)
def _provider(_: int) -> Provider:
    from maltu.providers import open_provider

    return open_provider(setting("PROVIDER"), lambda name: _PROVIDER_SETTINGS[name]())


@lru_cache(maxsize=1)
def _inference(_: int, patient: bool) -> Inference:  # noqa: FBT001 - a key of the cache
    from maltu.providers import ANSWER_SECONDS, open_inference

    return open_inference(
        setting("PROVIDER"),
        lambda name: _PROVIDER_SETTINGS[name](),
        answer_seconds=PATIENT_SECONDS if patient else ANSWER_SECONDS,
    )


def _provider_key() -> str:
    key = json.loads(secret("PROVIDER_SECRET_ARN")).get("api_key")
    if not key:
        raise ProviderRejected('There is no provider key yet: put {"api_key": "..."} into its secret.')
    return key


_PROVIDER_SETTINGS: Mapping[str, Callable[[], str]] = {
    "api_key": _provider_key,
    "base_url": lambda: setting("PROVIDER_BASE_URL"),
    "bucket": lambda: setting("BUCKET_NAME"),
    "role_arn": lambda: setting("BEDROCK_ROLE_ARN"),
}


@lru_cache(maxsize=4)
def _secret(arn: str, _: int) -> str:
    return _secrets_manager().call("GetSecretValue", {"SecretId": arn})["SecretString"]


@cache
def _secrets_manager() -> Client:
    return aws_json.Client(aws_json.SECRETS_MANAGER, aws_json.BRIEF)


def forget() -> None:
    """Open everything anew at the next call: for whoever changes the environment under a running process."""
    from maltu import aws

    for opened in (
        bucket, registry, turns, line, approvals, keys, usage, workflow, notifier, desk, places, answering,
        uploads, watch, _table, _removals, _provider, _inference, _secret, _secrets_manager,
    ):  # fmt: skip
        opened.cache_clear()
    aws.forget()


def _period() -> int:
    return int(time.monotonic() // SECRET_SECONDS)


def setting(name: str) -> str:
    """What template.yaml set in the function's environment."""
    try:
        return os.environ[name]
    except KeyError:
        raise InvalidSettings(f"The environment variable {name} is not set; template.yaml sets it.") from None
