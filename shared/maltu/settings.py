"""What an owner can choose for a persona, and where each choice comes from.

Later sources win: the defaults here, then ``exports/<persona>/persona.json``, then the metadata of the
dropped object. Metadata travels in HTTP headers, which carry ASCII only, so its values are percent-encoded
UTF-8; the RFC 2047 form that some clients write is read as well.
"""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass
from email.header import decode_header, make_header
from typing import TYPE_CHECKING, Any, Literal, cast, get_args
from urllib.parse import unquote

from maltu.errors import InvalidSettings

if TYPE_CHECKING:
    from collections.abc import Mapping

Recipe = Literal["conversation", "pair"]
Format = Literal["chat", "completions"]

MAX_SETTINGS_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonaSettings:
    """One persona's choices.

    Attributes:
        speaker: the persona's name as it stands in the export; None applies the rule in ``choose_speaker``.
        recipe: ``conversation`` trains dialogue as dialogue, ``pair`` one question and its answer.
        format: ``chat`` (OpenAI messages) or ``completions`` (legacy prompt and completion).
        silence_minutes: a pause longer than this ends a conversation.
        validation_share: the part of the examples, newest first, kept out of training; 0 to 0.5.
        system_prompt: sent with every example and every request; None takes the default one.
        separator: ends every prompt of the ``completions`` format; may be empty.
        stop: ends every completion of the ``completions`` format; may be empty.
        base_model: the model to tune; None takes the deployment's.
        n_epochs: passes over the dataset; None leaves it to the provider.
    """

    speaker: str | None = None
    recipe: Recipe = "conversation"
    format: Format = "chat"
    silence_minutes: int = 240
    validation_share: float = 0.1
    system_prompt: str | None = None
    separator: str = "\n\n###\n\n"
    stop: str = " END"
    base_model: str | None = None
    n_epochs: int | None = None

    def __post_init__(self) -> None:
        _one_of("recipe", self.recipe, get_args(Recipe))
        _one_of("format", self.format, get_args(Format))
        _between("silence_minutes", self.silence_minutes, 1, 60 * 24 * 365)
        _between("validation_share", self.validation_share, 0, 0.5)
        if self.n_epochs is not None:
            _between("n_epochs", self.n_epochs, 1, 50)
