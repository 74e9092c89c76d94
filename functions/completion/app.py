"""The HTTPS endpoint: personas answer, and say how they are doing."""

from __future__ import annotations

from datetime import UTC, datetime
from http import HTTPStatus
from typing import Annotated, Any
from urllib.parse import unquote

from aws_lambda_powertools.event_handler import Response, content_types
from aws_lambda_powertools.event_handler.openapi.params import Body, Path
from bodies import ChatRequest, CompletionRequest
from edge import MediaType, PersonaName, answer, caller, logger, name_persona, needs, open_router
from envelope import UNANSWERED, refusals

from maltu import catalogue, deployment, personas, serving, streaming
from maltu.catalogue import BaseModels
from maltu.errors import PersonaNotFound, PersonaNotReady
from maltu.personas import Model, Models, Personas, PersonaStory
from maltu.serving import ChatCompletion, TextCompletion
from maltu.streaming import ChatCompletionChunk, TextCompletionChunk

EVENTS = "text/event-stream"

ChatEvents = Annotated[str, MediaType(EVENTS, events=ChatCompletionChunk)]
TextEvents = Annotated[str, MediaType(EVENTS, events=TextCompletionChunk)]

app = open_router()


@app.post(
    "/v1/chat/completions",
    middlewares=[needs("chat")],
    responses=refusals(PersonaNotFound, PersonaNotReady, *UNANSWERED),
)
def chat_completions(request: Annotated[ChatRequest, Body()]) -> Response[ChatCompletion | ChatEvents]:
    """Answer a dialogue as the persona named in ``model``."""
    name_persona(request.model)
    caller(app).must_reach(request.model)
    whole = serving.chat_completion(
        request.model,
        [message.plain() for message in request.messages],
        request.sampling(request.max_completion_tokens or request.max_tokens),
        registry=deployment.registry(),
        inference=deployment.inference(),
    )
    return _answered(whole, request)


@app.post(
    "/v1/completions",
    middlewares=[needs("chat")],
    responses=refusals(PersonaNotFound, PersonaNotReady, *UNANSWERED),
)
def completions(request: Annotated[CompletionRequest, Body()]) -> Response[TextCompletion | TextEvents]:
    """Answer each prompt as the persona named in ``model``."""
    name_persona(request.model)
    caller(app).must_reach(request.model)
    whole = serving.completion(
        request.model,
        request.prompt,
        request.sampling(request.max_tokens),
        echo=bool(request.echo),
        registry=deployment.registry(),
        inference=deployment.inference(),
    )
    return _answered(whole, request)


@app.get("/v1/models", middlewares=[needs("chat")])
def models() -> Models:
    """List the personas that answer."""
    return personas.as_models(deployment.registry(), reached=caller(app).reaches)


@app.get(
    "/v1/models/<model>", middlewares=[needs("chat")], responses=refusals(PersonaNotFound, PersonaNotReady)
)
def model(
    model: Annotated[str, Path(description="A persona, or a version of it as `persona@version`.")],
) -> Model:
    """Tell of one persona that answers."""
    name = unquote(model)
    caller(app).must_reach(name)
    return personas.as_model(name, deployment.registry())


@app.get("/v1/models/base", middlewares=[needs("chat")])
def base_models() -> BaseModels:
    """List what a persona can be tuned from."""
    return catalogue.list_base_models(today=datetime.now(UTC).date())


@app.get("/v1/personas", middlewares=[needs("manage")])
def every_persona() -> Personas:
    """List every persona that the key reaches and anything was dropped for."""
    return personas.list_all(deployment.registry(), reached=caller(app).reaches)


@app.get("/v1/personas/<persona>", middlewares=[needs("manage")], responses=refusals(PersonaNotFound))
def persona(persona: PersonaName) -> PersonaStory:
    """Say how a persona is doing."""
    return personas.describe(unquote(persona), deployment.registry(), deployment.watch())


def _answered(
    whole: ChatCompletion | TextCompletion, request: ChatRequest | CompletionRequest
) -> Response[Any]:
    """Answer in the shape that was asked for; a function behind this gateway sends a stream in one go."""
    used = whole["usage"]
    logger.info("answered", extra={name: used[name] for name in ("prompt_tokens", "completion_tokens")})
    if not request.stream:
        return Response(HTTPStatus.OK, content_types.APPLICATION_JSON, whole)
    events = streaming.stream(whole, include_usage=request.include_usage)
    return Response(HTTPStatus.OK, f"{EVENTS}; charset=utf-8", events, headers={"Cache-Control": "no-cache"})


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:  # noqa: ANN401 - Powertools' resolver takes any
    """Handle API Gateway's proxy event."""
    return answer(app, event, context)
