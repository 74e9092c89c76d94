"""The HTTPS endpoint: personas answer, and say how they are doing."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any
from urllib.parse import unquote

from aws_lambda_powertools.event_handler.openapi.params import Body, Path
from bodies import ChatRequest, CompletionRequest
from edge import answer, logger, open_router

from maltu import catalogue, deployment, personas, serving

app = open_router()


@app.post("/v1/chat/completions")
def chat_completions(request: Annotated[ChatRequest, Body()]) -> dict[str, Any]:
    """Answer a dialogue as the persona named in ``model``."""
    return serving.chat_completion(
        request.model,
        [message.plain() for message in request.messages],
        request.sampling(request.max_completion_tokens or request.max_tokens),
        registry=deployment.registry(),
        provider=deployment.provider(),
    )


@app.post("/v1/completions")
def completions(request: Annotated[CompletionRequest, Body()]) -> dict[str, Any]:
    """Answer each prompt as the persona named in ``model``."""
    return serving.completion(
        request.model,
        request.prompts(),
        request.sampling(request.max_tokens),
        registry=deployment.registry(),
        provider=deployment.provider(),
    )


@app.get("/v1/models")
def models() -> dict[str, Any]:
    """List the personas that answer."""
    return personas.as_models(deployment.registry())


@app.get("/v1/models/base")
def base_models() -> dict[str, Any]:
    """List what a persona can be tuned from."""
    return catalogue.list_base_models(today=datetime.now(UTC).date())


@app.get("/v1/personas/<persona>")
def persona(persona: Annotated[str, Path()]) -> dict[str, Any]:
    """Say how a persona is doing."""
    return personas.describe(unquote(persona), deployment.registry())


@logger.inject_lambda_context
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:  # noqa: ANN401 - Powertools' resolver takes any
    """Handle API Gateway's proxy event."""
    return answer(app, event, context)
