"""The bodies that the endpoint accepts: OpenAI's, what a persona has no use for left aside."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from maltu.errors import InvalidRequest
from maltu.providers import Sampling

DEFAULT_TOKENS = 256
MAX_TOKENS = 1024
MAX_MESSAGES = 200
MAX_CHARACTERS = 20_000
MAX_PROMPTS = 8

Text = Annotated[str, Field(max_length=MAX_CHARACTERS)]


class TextPart(BaseModel):
    """One piece of a message; personas read text only."""

    type: Literal["text"]
    text: Text


class ChatMessage(BaseModel):
    """One turn; names, tool calls and whatever else a client sends along are ignored."""

    role: Literal["system", "developer", "user", "assistant"]
    content: Text | list[TextPart]

    def plain(self) -> dict[str, str]:
        """The turn as role and text."""
        if isinstance(self.content, str):
            return {"role": self.role, "content": self.content}
        return {"role": self.role, "content": "".join(part.text for part in self.content)}


class _Sampled(BaseModel):
    """What both kinds of completion let a caller choose."""

    model_config = ConfigDict(extra="ignore")

    model: Annotated[str, Field(min_length=1, max_length=200)]
    max_tokens: Annotated[int | None, Field(ge=1)] = None
    n: Annotated[int | None, Field(ge=1, le=4)] = None
    temperature: Annotated[float | None, Field(ge=0, le=2)] = None
    top_p: Annotated[float | None, Field(gt=0, le=1)] = None
    seed: int | None = None
    stop: str | Annotated[list[str], Field(max_length=4)] | None = None
    stream: bool | None = None

    def sampling(self, max_tokens: int | None) -> Sampling:
        """The choices; an answer is bounded whatever the caller asks for.

        Raises:
            InvalidRequest: streaming is asked for.
        """
        if self.stream:
            raise InvalidRequest(
                "This endpoint does not stream yet: leave stream out or false.", param="stream"
            )
        return Sampling(
            max_tokens=min(max_tokens or DEFAULT_TOKENS, MAX_TOKENS),
            n=self.n or 1,
            temperature=self.temperature,
            top_p=self.top_p,
            seed=self.seed,
            stop=(self.stop,) if isinstance(self.stop, str) else tuple(self.stop or ()),
        )


class ChatRequest(_Sampled):
    """``POST /v1/chat/completions``."""

    messages: Annotated[list[ChatMessage], Field(min_length=1, max_length=MAX_MESSAGES)]
    max_completion_tokens: Annotated[int | None, Field(ge=1)] = None


class CompletionRequest(_Sampled):
    """``POST /v1/completions``."""

    prompt: Text | Annotated[list[Text], Field(min_length=1, max_length=MAX_PROMPTS)]

    def prompts(self) -> list[str]:
        """Every text to answer."""
        return [self.prompt] if isinstance(self.prompt, str) else self.prompt
