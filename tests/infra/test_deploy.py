"""What ``make deploy`` looks for, and what it runs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from moto import mock_aws
from samtranslator.yaml_helper import yaml_parse  # pyright: ignore[reportUnknownVariableType]  # it has no types

from infra import deploy
from infra.local.finetuning import create_app, serve
from infra.local.workspace import ROOT
from tests.support.template import TEMPLATE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    with mock_aws():
        yield


def problems(provider: str, chosen: str = "", stack: str = "maltu") -> list[str]:
    return list(deploy.missing(provider, deploy.parameters_of(provider, chosen), stack))


@pytest.mark.usefixtures("account")
def test_nothing_is_missing_where_everything_is_there() -> None:
    if datetime.now(UTC).date() < datetime(2027, 1, 6, tzinfo=UTC).date():
        assert problems("openai") == []
    assert problems("compatible", "ProviderBaseUrl=https://host.example/v1 BaseModel=some/model") == []


@pytest.mark.usefixtures("account")
@pytest.mark.parametrize(
    ("provider", "chosen", "said"),
    [
        ("compatible", "", ["Which host?", "Which base model?"]),
        ("compatible", "ProviderBaseUrl=http://host.example BaseModel=m", ["Which host?"]),
        ("openai", "ProviderBaseUrl=https://host.example", ["PROVIDER=compatible"]),
        ("openai", "BaseModel=davinci-002", ["davinci-002 takes no new jobs"]),
        ("compatible", "ProviderBaseUrl=https://h.example BaseModel=m Color=red", ["no parameter Color"]),
    ],
)
def test_what_is_missing_is_said_all_at_once(provider: str, chosen: str, said: list[str]) -> None:
    found = problems(provider, chosen)
    assert len(found) == len(said)
    assert all(part in line for part, line in zip(said, found, strict=True))


@pytest.mark.usefixtures("account")
def test_bedrock_is_asked_whether_it_tunes_the_model_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serve(create_app(tmp_path)) as url:
        monkeypatch.setenv("AWS_ENDPOINT_URL_BEDROCK", url.removesuffix("/v1"))
        assert problems("bedrock", "BaseModel=maltu.retrieval-1") == []
        (unknown,) = problems("bedrock")
    assert "amazon.nova-micro-v1:0:128k in us-east-1" in unknown


@pytest.mark.usefixtures("account")
def test_a_stack_has_a_name_that_aws_takes() -> None:
    (problem,) = problems("compatible", "ProviderBaseUrl=https://h.example BaseModel=m", "말투")
    assert "STACK" in problem


def test_no_region_and_no_credentials_are_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    chosen = "ProviderBaseUrl=https://host.example/v1 BaseModel=some/model"
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)
    (no_region,) = problems("compatible", chosen)
    assert "AWS_REGION" in no_region
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nowhere")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
    (nobody,) = problems("compatible", chosen)
    assert "aws configure" in nobody


def test_every_environment_sets_parameters_of_the_template_only() -> None:
    for provider in deploy.PROVIDERS:
        parameters = deploy.parameters_of(provider, "NotificationEmail=me@host.example")
        assert parameters.keys() <= TEMPLATE["Parameters"].keys()
        assert parameters["Provider"] in TEMPLATE["Parameters"]["Provider"]["AllowedValues"]


def test_what_is_chosen_wins_and_reaches_sam_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_REGION", "ap-northeast-2")
    parameters = deploy.parameters_of("openai", "BaseModel=other KeepModelsDays=7")
    ran = deploy.command("openai", parameters, "mine", ask=False)
    assert ran[ran.index("--parameter-overrides") + 1 :] == [
        "Provider=openai",
        'ProviderBaseUrl=""',
        "BaseModel=other",
        "KeepModelsDays=7",
    ]
    assert ran[ran.index("--stack-name") + 1] == "mine"
    assert ran[ran.index("--region") + 1] == "ap-northeast-2"
    assert "--no-confirm-changeset" in ran


@pytest.mark.parametrize(
    ("chosen", "said"),
    [
        ({"PROVIDER": "azure"}, "PROVIDER=bedrock|openai|compatible"),
        ({"PROVIDER": "openai", "PARAMETERS": "BaseModel"}, "Name=value"),
        ({"PROVIDER": "compatible"}, "- Which host?"),
    ],
)
def test_the_command_stops_before_anything_is_built(chosen: dict[str, str], said: str) -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "infra.deploy"],
        cwd=ROOT,
        env={
            **os.environ,
            "PYTHONPATH": "shared",
            "AWS_REGION": "",
            "AWS_DEFAULT_REGION": "",
            "AWS_CONFIG_FILE": "/nowhere",
            **chosen,
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 1
    assert said in ran.stderr
    assert "Traceback" not in ran.stderr


def test_another_hosts_url_is_taken_back() -> None:
    """A parameter that nobody names keeps what the stack has: the key would go to the host of before."""
    for provider in ("openai", "bedrock"):
        parameters = deploy.parameters_of(provider, "")
        assert parameters["ProviderBaseUrl"] == ""
        assert 'ProviderBaseUrl=""' in deploy.command(provider, parameters, "maltu", ask=False)


def test_a_model_that_will_be_closed_is_told_of() -> None:
    (warning,) = deploy.closing("openai", deploy.parameters_of("openai", ""))
    assert "2027-01-06" in warning
    assert "2027-01-14" in warning
    assert not list(deploy.closing("bedrock", deploy.parameters_of("bedrock", "")))


@pytest.mark.usefixtures("account")
@pytest.mark.parametrize("provider", deploy.PROVIDERS)
def test_what_is_left_to_do_is_said_with_the_stacks_own_names(provider: str) -> None:
    outputs = {name: {"Value": f"the-{name}"} for name in TEMPLATE["Outputs"]}
    topic = {"Topic": {"Type": "AWS::SNS::Topic"}}
    boto3.client("cloudformation").create_stack(
        StackName="mine", TemplateBody=json.dumps({"Resources": topic, "Outputs": outputs})
    )
    said = deploy.next_steps(provider, {"NotificationEmail": "me@host.example"}, "mine")
    assert "{" not in said.replace('{\\"api_key\\"', "").replace("{}", "")
    assert ("the-ProviderKeySecretArn" in said) == (provider != "bedrock")
    filled = ("the-PageUrl", "the-ApiKeySecretArn", "s3://the-BucketName/", "me@host.example", "us-east-1")
    assert all(part in said for part in filled)
    assert "Mails" not in deploy.next_steps(provider, {}, "mine")


def test_every_kind_of_provider_can_be_chosen_in_the_workflow() -> None:
    workflow: dict[str, Any] = yaml_parse((ROOT / ".github" / "workflows" / "deploy.yml").read_text("utf-8"))
    # YAML 1.1 reads the key "on" as true.
    (inputs,) = (
        each["workflow_dispatch"]["inputs"] for key, each in workflow.items() if str(key) in {"on", "True"}
    )
    assert tuple(inputs["provider"]["options"]) == deploy.PROVIDERS


def test_a_profile_that_is_not_there_is_said_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "nobodys")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nowhere")
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)
    (said,) = problems("compatible", "ProviderBaseUrl=https://host.example/v1 BaseModel=some/model")
    assert "nobodys" in said
