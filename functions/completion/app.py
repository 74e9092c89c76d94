"""The HTTPS endpoint: personas answer, and say how they are doing."""

from __future__ import annotations

import json
from functools import partial
from http import HTTPStatus
from typing import Annotated, Any
from urllib.parse import quote, unquote

import envelope
from aws_lambda_powertools import Logger
from aws_lambda_powertools.event_handler import APIGatewayRestResolver, Response
from aws_lambda_powertools.event_handler.exceptions import NotFoundError
from aws_lambda_powertools.event_handler.openapi.exceptions import RequestValidationError
from aws_lambda_powertools.event_handler.openapi.params import Body, Path
from bodies import ChatRequest, CompletionRequest

from maltu import deployment, personas, serving
from maltu.errors import MaltuError

logger = Logger()
# Hangul as itself, not as escapes: people read these answers with curl.
app = APIGatewayRestResolver(enable_validation=True, serializer=partial(json.dumps, ensure_ascii=False))


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


@app.get("/v1/personas/<persona>")
def persona(persona: Annotated[str, Path()]) -> dict[str, Any]:
    """Say how a persona is doing."""
    return personas.describe(unquote(persona), deployment.registry())


@app.exception_handler(MaltuError)
def refused(error: MaltuError) -> Response[str]:
    """Answer one of our errors."""
    logger.warning("request refused", extra={"error": type(error).__name__, "reason": str(error)})
    return envelope.of_error(error)


@app.exception_handler(RequestValidationError)
def invalid(error: RequestValidationError) -> Response[str]:
    """Answer a body that is not what the route accepts."""
    return envelope.of_invalid_body(error)


@app.exception_handler(Exception)
def broken(error: Exception) -> Response[str]:
    """Answer a fault of ours without showing its inside."""
    logger.error("request failed", extra={"error": type(error).__name__})
    return envelope.of_status(
        HTTPStatus.INTERNAL_SERVER_ERROR, "Something broke here; its log tells the owner."
    )


@app.not_found
def unknown_route(_: NotFoundError) -> Response[str]:
    """Answer a path that is no route."""
    return envelope.of_status(
        HTTPStatus.NOT_FOUND, "There is no such route; see the README for those there are."
    )


@logger.inject_lambda_context
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:  # noqa: ANN401 - Powertools' resolver takes any
    """Handle API Gateway's proxy event."""
    # Gateways differ in whether they decode the path; the router wants it encoded.
    return app.resolve({**event, "path": quote(unquote(event["path"]), safe="/")}, context)
