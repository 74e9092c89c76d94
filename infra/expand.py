"""The template as CloudFormation gets it, with SAM's transform applied: ``python -m infra.expand`` writes it.

A scanner must read what is deployed, and half of that stands in SAM's shorthand. It is shown two deployments:
the one that nobody chose anything for, and the one that has whatever a parameter can add.
"""

from __future__ import annotations

import copy
import json
import os
from typing import TYPE_CHECKING, Final, cast

from samtranslator.translator.managed_policy_translator import ManagedPolicyLoader
from samtranslator.translator.transform import transform

from infra.template import ROOT, read_template

if TYPE_CHECKING:
    from collections.abc import Mapping

    from botocore.client import BaseClient

    from infra.template import Template

_OUTPUT: Final = ROOT / "build" / "expanded"
DEPLOYMENTS: Final[Mapping[str, Mapping[str, str]]] = {
    "default": {},
    "everything": {
        "Provider": "bedrock",
        "KakaoBot": "on",
        "NotificationEmail": "owner@example.com",
        "EncryptionKeyArn": "arn:aws:kms:us-east-1:111122223333:key/11111111-2222-3333-4444-555555555555",
    },
}
# What is said of a resource that the owner's key would encrypt holds only where there is no such key.
_WITHOUT_KEY: Final = {"CKV_AWS_26", "CKV_AWS_27", "CKV_AWS_119", "CKV_AWS_149", "CKV_AWS_158"}


class _NoManagedPolicies(ManagedPolicyLoader):
    """Functions name no managed policy, so nobody needs to be asked for their ARNs."""

    def __init__(self) -> None:
        super().__init__(iam_client=cast("BaseClient", None))

    def load(self) -> dict[str, str]:
        return {}


def main() -> None:
    """Write every deployment for the scanner."""
    # SAM looks for the region to guess the partition from.
    os.environ.setdefault("AWS_DEFAULT_REGION", "us-east-1")
    source = read_template()
    _OUTPUT.mkdir(parents=True, exist_ok=True)
    for name, chosen in DEPLOYMENTS.items():
        text = json.dumps(for_scanner(source, chosen), ensure_ascii=False, indent=1, default=str)
        (_OUTPUT / f"{name}.json").write_text(text, "utf-8")


def expanded(source: Template) -> Template:
    """Apply SAM's transform to a template, whose code and definitions stay where they are."""
    template = copy.deepcopy(source)
    template["Globals"]["Function"]["CodeUri"] = "s3://artifacts/function"
    for name, resource in template["Resources"].items():
        match resource["Type"]:
            case "AWS::Serverless::LayerVersion":
                resource["Properties"]["ContentUri"] = f"s3://artifacts/{name}"
            case "AWS::Serverless::StateMachine":
                resource["Properties"]["DefinitionUri"] = {"Bucket": "artifacts", "Key": name}
            case _:
                pass
    return transform(template, {}, _NoManagedPolicies())


def for_scanner(source: Template, chosen: Mapping[str, str]) -> Template:
    """Expand a template with its skipped checks, for one deployment.

    Args:
        source: the template; ``Metadata.checkov.skip`` says which checks do not apply to a resource, and why.
        chosen: values of parameters. The scanner takes the defaults, so these take their place.
    """
    template = expanded(source)
    resources: Mapping[str, Template] = template["Resources"]
    for name, value in chosen.items():
        template["Parameters"][name]["Default"] = value
    # SAM keeps what is said of an API from its stage, which it makes of the same lines.
    for stage in (each for each in resources.values() if each["Type"] == "AWS::ApiGateway::Stage"):
        stage["Metadata"] = resources[stage["Properties"]["RestApiId"]["Ref"]].get("Metadata", {})
    if chosen.get("EncryptionKeyArn"):
        for scanned in (each["Metadata"].get("checkov") for each in resources.values() if "Metadata" in each):
            if scanned:
                scanned["skip"] = [each for each in scanned["skip"] if each["id"] not in _WITHOUT_KEY]
    return template


if __name__ == "__main__":
    main()
