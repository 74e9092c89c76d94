"""The bodies that the endpoint accepts: OpenAI's, what a persona has no use for left aside."""

from __future__ import annotations

from typing import Annotated, Literal, cast

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from pydantic_core import PydanticCustomError

from maltu.errors import InvalidRequest
from maltu.providers import Sampling

DEFAULT_TOKENS = 256
MAX_TOKENS = 1024
MAX_MESSAGES = 200
MAX_CHARACTERS = 20_000
MAX_PROMPTS = 8

Text = Annotated[str, Field(max_length=MAX_CHARACTERS)]


def _in_a_list(given: object) -> object:
    """Take one text for a list of one: an error then names the field, and not the shapes it may have."""
    return [given] if isinstance(given, str) else given


def _joined(content: object) -> object:
    """Join a list of text parts; whatever else it is passes on to be judged as text."""
    if not isinstance(content, list):
        return content
    return "".join(_text_of(at, part) for at, part in enumerate(cast("list[object]", content)))


def _text_of(at: int, part: object) -> str:
    match part:
        case {"type": "text", "text": str(text)}:
            return text
        case _:
            raise PydanticCustomError(
                "content_part",
                'part {at} is not {"type": "text", "text": …}: personas read nothing else',
                {"at": at},
            )


class ChatMessage(BaseModel):
    """One turn, its content as text or in text parts; a name and whatever else comes along are ignored."""

    role: Literal["system", "developer", "user", "assistant"]
    content: Annotated[Text, BeforeValidator(_joined)]

    def plain(self) -> dict[str, str]:
        """The turn as role and text."""
        return {"role": self.role, "content": self.content}


class StreamOptions(BaseModel):
    """What a stream holds beside the answer."""

    include_usage: bool | None = None


class _Sampled(BaseModel):
    """What both kinds of completion let a caller choose."""

    model_config = ConfigDict(extra="ignore")

    model: Annotated[str, Field(min_length=1, max_length=200)]
    max_tokens: Annotated[int | None, Field(ge=1)] = None
    n: Annotated[int | None, Field(ge=1, le=4)] = None
    temperature: Annotated[float | None, Field(ge=0, le=2)] = None
    top_p: Annotated[float | None, Field(gt=0, le=1)] = None
    seed: int | None = None
    stop: Annotated[
        Annotated[list[Annotated[str, Field(min_length=1)]], Field(max_length=4)] | None,
        BeforeValidator(_in_a_list),
    ] = None
    stream: bool | None = None
    stream_options: StreamOptions | None = None

    def sampling(self, max_tokens: int | None) -> Sampling:
        """The choices; an answer is bounded whatever the caller asks for.

        Raises:
            InvalidRequest: there are options for a stream that is not asked for.
        """
        if self.stream_options and not self.stream:
            raise InvalidRequest(
                "stream_options go with stream only: leave them out, or set stream.", param="stream_options"
            )
        return Sampling(
            max_tokens=min(max_tokens or DEFAULT_TOKENS, MAX_TOKENS),
            n=self.n or 1,
            temperature=self.temperature,
            top_p=self.top_p,
            seed=self.seed,
            stop=tuple(self.stop or ()),
        )

    @property
    def include_usage(self) -> bool:
        """Whether a stream is to end with what it took."""
        return bool(self.stream_options and self.stream_options.include_usage)


class ChatRequest(_Sampled):
    """``POST /v1/chat/completions``."""

    messages: Annotated[list[ChatMessage], Field(min_length=1, max_length=MAX_MESSAGES)]
    max_completion_tokens: Annotated[int | None, Field(ge=1)] = None


class CompletionRequest(_Sampled):
    """``POST /v1/completions``."""

    prompt: Annotated[list[Text], Field(min_length=1, max_length=MAX_PROMPTS), BeforeValidator(_in_a_list)]
    echo: bool | None = None
