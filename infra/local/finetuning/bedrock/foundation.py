"""The engine's base model as Bedrock names and describes it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from infra.local.finetuning.bedrock.errors import invalid

if TYPE_CHECKING:
    from infra.local.finetuning.bedrock.operations import Asked
    from infra.local.finetuning.bedrock.signature import Caller
    from infra.local.finetuning.engine import Engine
    from infra.local.finetuning.store import Record

_LONGEST_NAME = 20


def foundation_id(engine: Engine) -> str:
    """The base model's id, which Bedrock wants as ``vendor.model``."""
    plain = re.sub("[^a-z0-9-]+", "-", engine.base_model.lower()).strip("-")
    vendor, _, model = plain.partition("-")
    return f"{vendor}.{model or vendor}"


def is_foundation(identifier: str, engine: Engine, caller: Caller) -> bool:
    """Whether an id or an ARN is the base model's."""
    known = foundation_id(engine)
    return identifier in {known, caller.foundation_arn(known)}


def get_foundation_model(asked: Asked) -> Record:
    """``GetFoundationModel``."""
    if not is_foundation(asked.members["modelIdentifier"], asked.server.engine, asked.caller):
        raise invalid("The provided model identifier is invalid.")
    return {"modelDetails": _details(asked)}


def list_foundation_models(asked: Asked) -> Record:
    """``ListFoundationModels``."""
    details = _details(asked)
    kept = all(
        asked.members.get(filter_, details[has][0]) in details[has]
        for filter_, has in {
            "byCustomizationType": "customizationsSupported",
            "byOutputModality": "outputModalities",
            "byInferenceType": "inferenceTypesSupported",
        }.items()
    )
    kept = kept and asked.members.get("byProvider", details["providerName"]) == details["providerName"]
    return {"modelSummaries": [details] if kept else []}


def _details(asked: Asked) -> Record:
    known = foundation_id(asked.server.engine)
    return {
        "modelArn": asked.caller.foundation_arn(known),
        "modelId": known,
        "modelName": known.partition(".")[2][:_LONGEST_NAME],
        "providerName": known.partition(".")[0][:_LONGEST_NAME],
        "inputModalities": ["TEXT"],
        "outputModalities": ["TEXT"],
        "responseStreamingSupported": False,
        "customizationsSupported": ["FINE_TUNING"],
        "inferenceTypesSupported": ["ON_DEMAND"],
        "modelLifecycle": {"status": "ACTIVE"},
    }
