"""The part of the application that speaks Bedrock's protocol."""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware

from infra.local.finetuning.bedrock import converse, deployments, foundation, jobs, models
from infra.local.finetuning.bedrock.errors import AwsError, on_aws_error, on_crash, on_http_exception
from infra.local.finetuning.bedrock.operations import operation
from infra.local.finetuning.bedrock.signature import Signed

CONTROL, RUNTIME = "bedrock", "bedrock-runtime"
_CONTROLLED = {
    "CreateModelCustomizationJob": jobs.create_job,
    "ListModelCustomizationJobs": jobs.list_jobs,
    "StopModelCustomizationJob": jobs.stop_job,
    "GetModelCustomizationJob": jobs.get_job,
    "ListCustomModels": models.list_models,
    "GetCustomModel": models.get_model,
    "DeleteCustomModel": models.delete_model,
    "CreateCustomModelDeployment": deployments.create_deployment,
    "ListCustomModelDeployments": deployments.list_deployments,
    "GetCustomModelDeployment": deployments.get_deployment,
    "DeleteCustomModelDeployment": deployments.delete_deployment,
    "ListFoundationModels": foundation.list_foundation_models,
    "GetFoundationModel": foundation.get_foundation_model,
}


def create_bedrock() -> Starlette:
    """The operations as an application of their own; its state needs a ``server`` before it is asked."""
    routes = [operation(CONTROL, name, answer) for name, answer in _CONTROLLED.items()]
    return Starlette(
        routes=[*routes, operation(RUNTIME, "Converse", converse.converse)],
        middleware=[Middleware(Signed)],
        exception_handlers={
            AwsError: on_aws_error,
            HTTPException: on_http_exception,
            Exception: on_crash,
        },
    )
