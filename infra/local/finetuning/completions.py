"""``/v1/chat/completions`` and ``/v1/completions``."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse, Response, StreamingResponse

from infra.local.finetuning.answer import cut, gather, nth
from infra.local.finetuning.chat_request import read_chat, read_prompts
from infra.local.finetuning.errors import invalid
from infra.local.finetuning.fields import json_body
from infra.local.finetuning.server import server_of
from infra.local.finetuning.wire import Envelope

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from starlette.requests import Request

    from infra.local.finetuning.chat_request import Wish
    from infra.local.finetuning.engine import Model, Piece, Sampling
    from infra.local.finetuning.wire import Endpoint

    Ask = Callable[[Sampling], Iterator[Piece]]


async def create_chat_completion(request: Request) -> Response:
    """``POST /v1/chat/completions``."""
    wish, messages = read_chat(await json_body(request))
    model = await run_in_threadpool(server_of(request).models.get, wish.model)
    tokens = await run_in_threadpool(model.count_tokens, messages)
    check_window(model, tokens, "messages")
    return await _answer("chat", wish, [partial(model.reply, messages)], tokens)


async def create_completion(request: Request) -> Response:
    """``POST /v1/completions``."""
    wish, prompts = read_prompts(await json_body(request))
    model = await run_in_threadpool(server_of(request).models.get, wish.model)
    counts = [await run_in_threadpool(model.count_tokens, prompt) for prompt in prompts]
    check_window(model, max(counts), "prompt")
    asks = [partial(model.complete, prompt) for prompt in prompts]
    return await _answer("completions", wish, asks, sum(counts))


def check_window(model: Model, tokens: int, param: str) -> None:
    """Refuse a prompt that leaves the model no room for an answer."""
    window = model.context_window
    if window is not None and tokens >= window:
        raise invalid(
            f"This model's maximum context length is {window} tokens. However, your {param} resulted in "
            f"{tokens} tokens. Please reduce the length of the {param}.",
            param=param,
            code="context_length_exceeded",
        )


async def _answer(endpoint: Endpoint, wish: Wish, asks: Sequence[Ask], prompt_tokens: int) -> Response:
    envelope = Envelope(endpoint, wish.model, prompt_tokens)
    answers = [partial(_pieces, wish, ask, index) for ask in asks for index in range(wish.n)]
    if wish.stream:
        events = envelope.stream(answers, include_usage=wish.include_usage)
        return StreamingResponse(
            events, media_type="text/event-stream", headers={"cache-control": "no-cache"}
        )
    return JSONResponse(
        await run_in_threadpool(lambda: envelope.whole(gather(answer()) for answer in answers))
    )


def _pieces(wish: Wish, ask: Ask, index: int) -> Iterator[Piece]:
    return cut(ask(nth(wish.sampling, index)), wish.stops)
