"""The bodies that the endpoint accepts: OpenAI's, what a persona has no use for left aside."""

from __future__ import annotations

from typing import Annotated, Literal, cast

from fields import WHOLE
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from pydantic.config import JsonDict
from pydantic_core import PydanticCustomError

from maltu.errors import InvalidRequest
from maltu.providers import Sampling

DEFAULT_TOKENS = 256
MAX_TOKENS = 1024
MAX_MESSAGES = 200
MAX_CHARACTERS = 20_000
MAX_PROMPTS = 8

# As the OpenAPI document says: no "1" for 1.
STRICT = ConfigDict(strict=True, extra="ignore")

Text = Annotated[str, Field(max_length=MAX_CHARACTERS)]
Stop = Annotated[str, Field(min_length=1)]
Stops = Annotated[list[Stop], Field(max_length=4)]
Prompts = Annotated[list[Text], Field(min_length=1, max_length=MAX_PROMPTS)]


# What the code below checks, for the OpenAPI document.
_SAID: JsonDict = {"properties": {"role": {"enum": ["user", "assistant"]}}}
_OPTIONS_WITH_STREAMS_ONLY: JsonDict = {
    "if": {"properties": {"stream_options": {"type": "object"}}, "required": ["stream_options"]},
    "then": {"properties": {"stream": {"const": True}}, "required": ["stream"]},
}


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


class TextPart(BaseModel):
    """A piece of a turn's text."""

    model_config = STRICT

    type: Literal["text"]
    text: str


class ChatMessage(BaseModel):
    """One turn, its content as text or in text parts; a name and whatever else comes along are ignored."""

    model_config = STRICT

    role: Literal["system", "developer", "user", "assistant"]
    content: Annotated[Text, BeforeValidator(_joined, json_schema_input_type=Text | list[TextPart])]

    def plain(self) -> dict[str, str]:
        """The turn as role and text."""
        return {"role": self.role, "content": self.content}


class StreamOptions(BaseModel):
    """What a stream holds beside the answer."""

    model_config = STRICT

    include_usage: bool | None = None


class _Sampled(BaseModel):
    """What both kinds of completion let a caller choose."""

    model_config = STRICT | ConfigDict(json_schema_extra=_OPTIONS_WITH_STREAMS_ONLY)

    model: Annotated[str, Field(min_length=1, max_length=200)]
    max_tokens: Annotated[int, Field(ge=1), WHOLE] | None = None
    n: Annotated[int, Field(ge=1, le=4), WHOLE] | None = None
    temperature: Annotated[float | None, Field(ge=0, le=2)] = None
    top_p: Annotated[float | None, Field(gt=0, le=1)] = None
    seed: Annotated[int, Field(ge=-(2**63), lt=2**63), WHOLE] | None = None
    stop: Annotated[Stops | None, BeforeValidator(_in_a_list, json_schema_input_type=Stop | Stops | None)] = (
        None
    )
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

    messages: Annotated[
        list[ChatMessage],
        Field(min_length=1, max_length=MAX_MESSAGES, json_schema_extra={"contains": _SAID}),
    ]
    max_completion_tokens: Annotated[int, Field(ge=1), WHOLE] | None = None


class CompletionRequest(_Sampled):
    """``POST /v1/completions``."""

    prompt: Annotated[Prompts, BeforeValidator(_in_a_list, json_schema_input_type=Text | Prompts)]
    echo: bool | None = None
