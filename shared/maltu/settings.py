"""What an owner can choose for a persona, and where each choice comes from.

Later sources win: the defaults here, then ``exports/<persona>/persona.json``, then the metadata of the
exports, the newest last. Metadata travels in HTTP headers, which carry ASCII only, so its values are
percent-encoded UTF-8; the RFC 2047 form that some clients write is read as well.
"""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass, field
from email.header import decode_header, make_header
from typing import TYPE_CHECKING, Any, Literal, cast, get_args
from urllib.parse import unquote

from maltu.errors import InvalidSettings

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Recipe = Literal["conversation", "pair"]
Format = Literal["chat", "bedrock", "completions"]
Approval = Literal["above_budget", "always"]

MAX_SETTINGS_BYTES = 64 * 1024

# What a run may cost, whom it asks, and what becomes of its model: the model is the same.
MAKE_NO_OTHER_VERSION = ("budget_usd", "approval", "style_prompts", "max_style_drop", "max_copy_rate")

_COLLECTIONS = {"Mapping[str, str]": dict, "Sequence[str]": list}


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonaSettings:
    """One persona's choices.

    Attributes:
        speaker: the persona's name as it stands in the export; None applies the rule in ``choose_speaker``.
        recipe: ``conversation`` trains dialogue as dialogue, ``pair`` one question and its answer.
        format: ``chat`` (OpenAI messages), ``bedrock`` (``bedrock-conversation-2024``) or ``completions``
            (legacy prompt and completion); None takes what the base model reads.
        silence_minutes: a pause longer than this ends a conversation.
        validation_share: the part of the examples, newest first, kept out of training; 0 to 0.5.
        system_prompt: sent with every example and every request; None takes the default one.
        separator: ends every prompt of the ``completions`` format; may be empty.
        stop: ends every completion of the ``completions`` format; may be empty.
        base_model: the model to tune; None takes the deployment's.
        n_epochs: passes over the dataset; None leaves it to the provider.
        budget_usd: what a run may cost in US dollars, as estimated, before a person must approve it; a price
            that nobody knows is above every budget, and None asks nobody.
        approval: which runs wait for a person: those above the budget, or every one, whatever it costs.
        style_prompts: how many held-out prompts a new model is asked for its style report; 0 asks none and
            promotes every version.
        max_style_drop: how far a new version's style score may fall below the live one's and be promoted all
            the same; a fall that chance explains never counts, and None compares none.
        max_copy_rate: the part of a new version's long replies that may be copied from the training data;
            one that copies more is promoted only where the live one does too, and None lets all pass.
        aliases: names in the exports, and whose they are; settles who "You" is.
        names: of people outside the chat, to be masked in every text.
    """

    speaker: str | None = None
    recipe: Recipe = "conversation"
    format: Format | None = None
    silence_minutes: int = 240
    validation_share: float = 0.1
    system_prompt: str | None = None
    separator: str = "\n\n###\n\n"
    stop: str = " END"
    base_model: str | None = None
    n_epochs: int | None = None
    budget_usd: float | None = 10.0
    approval: Approval = "above_budget"
    style_prompts: int = 100
    max_style_drop: float | None = 0.05
    max_copy_rate: float | None = 0.5
    aliases: Mapping[str, str] = field(default_factory=dict[str, str])
    names: Sequence[str] = ()

    def __post_init__(self) -> None:
        _one_of("recipe", self.recipe, get_args(Recipe))
        _one_of("approval", self.approval, get_args(Approval))
        if self.format is not None:
            _one_of("format", self.format, get_args(Format))
        _between("silence_minutes", self.silence_minutes, 1, 60 * 24 * 365)
        _between("validation_share", self.validation_share, 0, 0.5)
        if self.budget_usd is not None:
            _between("budget_usd", self.budget_usd, 0, 1_000_000)
        _between("style_prompts", self.style_prompts, 0, 500)
        for share in ("max_style_drop", "max_copy_rate"):
            if getattr(self, share) is not None:
                _between(share, getattr(self, share), 0, 1)
        if self.n_epochs is not None:
            _between("n_epochs", self.n_epochs, 1, 50)


def resolve_settings(
    persona_json: bytes | None, *metadata: Mapping[str, str], defaults: PersonaSettings | None = None
) -> PersonaSettings:
    """Merge the owner's choices for one run.

    Args:
        persona_json: the content of ``exports/<persona>/persona.json``, or None where there is none.
        metadata: the user metadata of each export, oldest first: what the last one says holds. Keys that are
            no setting are left to their owner.
        defaults: what holds where nobody chose.

    Raises:
        InvalidSettings: a setting is unknown, of the wrong type or out of range.
    """
    settings = defaults or PersonaSettings()
    if persona_json is not None:
        settings = _replace(settings, _parse(persona_json), source="persona.json")
    names = {field.name for field in dataclasses.fields(PersonaSettings)}
    # S3 lower-cases metadata keys, and HTTP headers are commonly written with "-".
    chosen = {
        key.lower().replace("-", "_"): _decode(value) for each in metadata for key, value in each.items()
    }
    typed = {key: _from_text(key, value) for key, value in chosen.items() if key in names}
    return _replace(settings, typed, source="the object's metadata")


def _parse(raw: bytes) -> dict[str, Any]:
    if len(raw) > MAX_SETTINGS_BYTES:
        raise InvalidSettings(f"persona.json has {len(raw)} bytes; at most {MAX_SETTINGS_BYTES} are read.")
    try:
        parsed = json.loads(raw.decode("utf-8-sig"))
    except ValueError as error:
        raise InvalidSettings(f"persona.json is not valid JSON in UTF-8: {_where(error)}.") from None
    if not isinstance(parsed, dict):
        raise InvalidSettings('persona.json must hold one JSON object, for instance {"speaker": "Json"}.')
    return cast("dict[str, Any]", parsed)


def _where(error: ValueError) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"{error.msg} at line {error.lineno}, column {error.colno}"
    return "it is not UTF-8"


def _replace(settings: PersonaSettings, chosen: Mapping[str, Any], *, source: str) -> PersonaSettings:
    fields = {field.name: str(field.type) for field in dataclasses.fields(PersonaSettings)}
    for name, value in chosen.items():
        if name not in fields:
            raise InvalidSettings(
                f"{source} sets {name!r}, which is no setting; there are {', '.join(fields)}."
            )
        if not _fits(fields[name], value):
            raise InvalidSettings(f"{source} sets {name} to {value!r}; expected {fields[name]}.")
    try:
        return dataclasses.replace(settings, **chosen)
    except InvalidSettings as error:
        raise InvalidSettings(f"{source}: {error}") from None


def _fits(annotation: str, value: object) -> bool:
    if value is None:
        return "None" in annotation
    if annotation in _COLLECTIONS:
        inside = cast("dict[str, object] | list[object]", value)
        return isinstance(value, _COLLECTIONS[annotation]) and all(
            isinstance(text, str) for text in (inside.values() if isinstance(inside, dict) else inside)
        )
    if "int" in annotation:
        return isinstance(value, int) and not isinstance(value, bool)
    if "float" in annotation:
        return isinstance(value, (int, float)) and not isinstance(value, bool)
    return isinstance(value, str)


def _from_text(name: str, text: str) -> str | int | float:
    annotation = next(str(field.type) for field in dataclasses.fields(PersonaSettings) if field.name == name)
    if annotation in _COLLECTIONS:
        raise InvalidSettings(f"the object's metadata sets {name}, which is set in persona.json only.")
    convert = int if "int" in annotation else float if "float" in annotation else str
    try:
        return convert(text)
    except ValueError:
        raise InvalidSettings(f"the object's metadata sets {name} to {text!r}; expected a number.") from None


def _decode(value: str) -> str:
    if value.startswith("=?"):
        return str(make_header(decode_header(value)))
    return unquote(value)


def _one_of(name: str, value: str, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise InvalidSettings(f"{name} is {value!r}; it must be one of {', '.join(allowed)}.")


def _between(name: str, value: float, low: float, high: float) -> None:
    if not low <= value <= high:
        raise InvalidSettings(f"{name} is {value}; it must be between {low} and {high}.")
