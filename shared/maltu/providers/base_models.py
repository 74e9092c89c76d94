"""The base models a persona can be tuned from: what reads them, what they take and cost, and until when.

Prices are US dollars for a million tokens. Everything was collected from public pages and checked against no
bill. A figure for which no source was found stands in its model's ``unverified``, and whoever shows it says
so. None stands for what nobody says.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from maltu.settings import Format

AS_OF: Final = date(2026, 11, 22)

Encoding = Literal["o200k_base", "cl100k_base"]
Host = Literal["openai", "nebius", "bedrock", "local"]

_MEBIBYTE: Final = 1024 * 1024
_CHAT: Final[tuple[Format, ...]] = ("chat",)
_LEGACY: Final[tuple[Format, ...]] = ("completions",)


@dataclass(frozen=True, slots=True, kw_only=True)
class BaseModel:
    """One base model.

    Attributes:
        id: what a job is created with.
        host: who trains it; None for a model that is not in the table.
        formats: the dataset formats that its trainer reads; empty where nobody says.
        encoding: the tokenizer its trainer counts with; for models that publish none, the nearest.
        usd_per_million_tokens: the price of training.
        usd_per_million_input: the price of what a tuned model is asked.
        usd_per_million_output: the price of what it answers.
        max_example_tokens: what one example may hold before its end is cut off.
        fewest_examples: of training alone; fewer are refused.
        recommended_examples: from how many on a fine-tune is worth its price.
        max_examples: of training and validation together.
        max_file_bytes: of one file.
        usual_epochs: how often the provider passes over the dataset when nobody chose; None where it decides
            by the number of examples.
        max_epochs: how often it does so at most.
        trains_until: the day from which on no job can be created.
        closes_on: the day on which the model and what was tuned from it stop answering.
        serving_id: what the host calls it when it serves, where that is another name.
        unverified: the names of the attributes above for which no source was found.
    """

    id: str
    host: Host | None = None
    formats: tuple[Format, ...] = ()
    encoding: Encoding = "o200k_base"
    usd_per_million_tokens: float | None = None
    usd_per_million_input: float | None = None
    usd_per_million_output: float | None = None
    max_example_tokens: int = 16_384
    fewest_examples: int = 1
    recommended_examples: int = 50
    max_examples: int | None = None
    max_file_bytes: int = 512 * _MEBIBYTE
    usual_epochs: int | None = None
    max_epochs: int = 50
    trains_until: date | None = None
    closes_on: date | None = None
    serving_id: str | None = None
    unverified: tuple[str, ...] = ()

    def trains_on(self, day: date) -> bool:
        """Say whether a job may be created on that day."""
        return all(end is None or day < end for end in (self.trains_until, self.closes_on))

    def prices(self) -> tuple[float | None, float | None, float | None]:
        """Give the prices of training, input and output."""
        return self.usd_per_million_tokens, self.usd_per_million_input, self.usd_per_million_output


_LOCAL: Final = BaseModel(
    id="maltu-retrieval-1",
    host="local",
    formats=(*_CHAT, *_LEGACY),
    usd_per_million_tokens=0.0,
    usd_per_million_input=0.0,
    usd_per_million_output=0.0,
    fewest_examples=10,
)
# Bedrock's names need a dot.
_LOCAL_BEDROCK: Final = replace(_LOCAL, id="maltu.retrieval-1", formats=("bedrock",))
# Any language model, tuned by the local engine lora, which names it so in either protocol.
_TUNED_AT_HOME: Final = {"maltu-lora/": _LOCAL, "maltu.lora-": _LOCAL_BEDROCK}
# Dates: OpenAI's deprecations page (copies of October and November 2026). Inference prices: LiteLLM's table,
# release 1.109.1. Length of an example, fewest and recommended examples: OpenAI's fine-tuning guide. Epochs:
# OpenAI's API description of 2026-08-21. File size: the Python SDK 3.54.
_OPENAI: Final = BaseModel(
    id="",
    host="openai",
    formats=_CHAT,
    max_example_tokens=65_536,
    fewest_examples=10,
    trains_until=date(2027, 1, 6),
    closes_on=date(2027, 1, 14),
)
_OPENAI_LEGACY: Final = replace(
    _OPENAI,
    formats=_LEGACY,
    encoding="cl100k_base",
    max_example_tokens=16_384,
    trains_until=date(2024, 10, 28),
    closes_on=date(2026, 9, 28),
    unverified=("usd_per_million_tokens", "max_example_tokens"),
)
# Examples: AWS's own dataset validator (aws-samples/amazon-nova-samples, 2026). Epochs and the usual ones:
# the Bedrock guide's page on Nova's hyperparameters. Recommended examples: the Nova guide. Inference prices:
# LiteLLM's table; a tuned model on demand costs what its base does (AWS machine-learning blog, 2026). The
# price of training, the length of an example and the size of a file are from memory: the pages with quotas
# and prices could not be read.
_NOVA: Final = BaseModel(
    id="",
    host="bedrock",
    formats=("bedrock",),
    max_example_tokens=32_000,
    fewest_examples=8,
    recommended_examples=100,
    max_examples=20_000,
    usual_epochs=2,
    max_epochs=5,
    unverified=("usd_per_million_tokens", "max_example_tokens", "max_file_bytes"),
)


def _openai(name: str, training: float, in_: float, out: float, *unverified: str) -> BaseModel:
    return replace(
        _OPENAI,
        id=name,
        usd_per_million_tokens=training,
        usd_per_million_input=in_,
        usd_per_million_output=out,
        unverified=unverified,
    )


def _nova(name: str, training: float | None, in_: float, out: float) -> BaseModel:
    return replace(
        _NOVA,
        id=f"amazon.nova-{name}",
        # Without the length of its context, which names what can be tuned.
        serving_id=f"amazon.nova-{name.rpartition(':')[0]}",
        usd_per_million_tokens=training,
        usd_per_million_input=in_,
        usd_per_million_output=out,
    )


_TABLE: Final = (
    _LOCAL,
    _LOCAL_BEDROCK,
    _openai("gpt-4.1-mini-2025-04-14", 5.0, 0.8, 3.2, "usd_per_million_tokens"),
    _openai("gpt-4.1-2025-04-14", 25.0, 3.0, 12.0, "usd_per_million_tokens"),
    # Training: the guide's example, 100,000 tokens for three epochs at 0.90 USD.
    _openai("gpt-4o-mini-2024-07-18", 3.0, 0.3, 1.2),
    # Training: a comparison of April 2026 (tokenmix.ai), no page of OpenAI's.
    _openai("gpt-4o-2024-08-06", 25.0, 3.75, 15.0, "usd_per_million_tokens"),
    replace(
        _OPENAI_LEGACY,
        id="davinci-002",
        usd_per_million_tokens=6.0,
        usd_per_million_input=12.0,
        usd_per_million_output=12.0,
    ),
    replace(_OPENAI_LEGACY, id="babbage-002", usd_per_million_tokens=0.4),
    # The one small base that Nebius documented (2026-03) for serving tuned models per token; a copy of its
    # list of September 2026 hints at dedicated endpoints. Price: its notebook of December 2025. File: its
    # page on datasets. Epochs, length of an example and both names: its API reference, whose defaults are 3
    # epochs and 8,192 tokens. Llama's own vocabulary contains this one and more, so its texts have fewer
    # tokens than the estimate.
    BaseModel(
        id="meta-llama/Llama-3.1-8B-Instruct",
        host="nebius",
        formats=(*_CHAT, *_LEGACY),
        encoding="cl100k_base",
        usd_per_million_tokens=0.4,
        max_example_tokens=8_192,
        max_file_bytes=5_000_000_000,
        usual_epochs=3,
        serving_id="meta-llama/Meta-Llama-3.1-8B-Instruct",
        unverified=("fewest_examples", "max_epochs", "serving_id"),
    ),
    _nova("micro-v1:0:128k", 1.0, 0.035, 0.14),
    _nova("lite-v1:0:300k", 2.0, 0.06, 0.24),
    _nova("pro-v1:0:300k", 8.0, 0.8, 3.2),
    # Fewest examples: AWS's validator, which asks 200 of this one.
    replace(_nova("2-lite-v1:0:256k", None, 0.3, 2.5), fewest_examples=200, recommended_examples=200),
)


def base_models() -> tuple[BaseModel, ...]:
    """List the whole table."""
    return _TABLE


def base_model(name: str, *, host: str | None = None) -> BaseModel:
    """Look a base model up.

    Args:
        name: what a job is created with.
        host: who trains; another host's model of that name has its own prices and dates. None takes any.

    Returns:
        Its row, or one without prices and dates where the table has none.
    """
    for prefix, model in _TUNED_AT_HOME.items():
        if name.startswith(prefix):
            return replace(model, id=name)
    named = (model for model in _TABLE if model.id == name)
    found = (model for model in named if host is None or model.host in {host, "local"})
    return next(found, None) or BaseModel(id=name)


def alternatives(model: BaseModel, *, today: date) -> tuple[str, ...]:
    """Name what can be trained instead: at the same host first, then elsewhere, each with its host."""
    others = [other for other in _TABLE if other.id != model.id and other.trains_on(today)]
    others.sort(key=lambda other: (other.host != model.host, other.host == "local"))
    return tuple(f"{other.id} ({other.host})" for other in others)


def why_closed(model: BaseModel, *, today: date) -> str | None:
    """Say that no job can be created for a model on that day, with the dates and what to take instead."""
    if model.trains_on(today):
        return None
    ends: list[str] = []
    if model.trains_until:
        ends.append(f"takes no new jobs from {model.trains_until} on")
    if model.closes_on:
        ends.append(f"is shut down on {model.closes_on}, with everything that was tuned from it")
    instead = ", ".join(alternatives(model, today=today))
    return f"{model.id} {' and '.join(ends)}. Choose another base_model: {instead}."


def default_format(model: BaseModel, provider: str) -> Format:
    """The dataset format where nobody chose one: what the model reads, or else what its provider does."""
    read_by_provider: Format = "bedrock" if provider == "bedrock" else "chat"
    return model.formats[0] if model.formats else read_by_provider
