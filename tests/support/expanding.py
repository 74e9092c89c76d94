"""The template as SAM expands it."""

from __future__ import annotations

import copy
import json
from functools import cache
from typing import TYPE_CHECKING, Any, cast

from samtranslator.translator.managed_policy_translator import ManagedPolicyLoader
from samtranslator.translator.transform import transform

from infra.conditions import decided
from tests.support.cloud import TEMPLATE

if TYPE_CHECKING:
    from botocore.client import BaseClient


class _NoManagedPolicies(ManagedPolicyLoader):
    def __init__(self) -> None:
        super().__init__(iam_client=cast("BaseClient", None))

    def load(self) -> dict[str, str]:
        return {}


def expanded() -> dict[str, Any]:
    """Give the resources that are deployed, with a KakaoTalk bot; other conditions stay undecided."""
    return json.loads(_expanded())


@cache
def _expanded() -> str:
    template = copy.deepcopy(TEMPLATE)
    for name, resource in template["Resources"].items():
        if resource["Type"] == "AWS::Serverless::LayerVersion":
            resource["Properties"]["ContentUri"] = f"s3://artifacts/{name}"
    template["Globals"]["Function"]["CodeUri"] = "s3://artifacts/function"
    for machine in ("FineTuneStateMachine", "RemoveStateMachine"):
        template["Resources"][machine]["Properties"]["DefinitionUri"] = {
            "Bucket": "artifacts",
            "Key": machine,
        }
    transformed = transform(template, {}, _NoManagedPolicies())
    return json.dumps(decided(transformed, {"HasKakaoBot": True})["Resources"], default=str)
