"""What a version will be made from: exports, rooms and settings, before the first example is written."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING

from maltu.dataset import default_system_prompt, inspect, plan_rooms, real_name, speakers_of
from maltu.errors import UnreadableExport
from maltu.exports import choose_speaker, read_export
from maltu.naming import identity_of
from maltu.settings import resolve_settings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from maltu.dataset import Inspected, RoomPlan
    from maltu.settings import PersonaSettings
    from maltu.storage import Copy


@dataclass(frozen=True, slots=True)
class Plan:
    """What a version will be made from.

    Attributes:
        settings: with nothing left to choose.
        speaker: whose manner is learned, as the settings have it.
        base_model: what is tuned, as the settings have it.
        identity: the same exports and settings give the same one.
        copies: the exports, each of them once.
        rooms: which of them belong together, by their place among ``copies``.
        warnings: what the owner should know of the exports.
    """

    settings: PersonaSettings
    speaker: str
    base_model: str
    identity: str
    copies: Sequence[Copy]
    rooms: Sequence[RoomPlan]
    warnings: Sequence[str]

    @property
    def own_rooms(self) -> list[RoomPlan]:
        """The rooms that the persona writes in."""
        return [room for room in self.rooms if self.speaker in room.speakers]


@dataclass(frozen=True, slots=True)
class Looked:
    """An export that was looked through.

    Attributes:
        copy: the export.
        found: what is in it, or why nobody can read it.
    """

    copy: Copy
    found: Inspected | UnreadableExport


def look_through(copies: Sequence[Copy]) -> list[Looked]:
    """See who speaks in each export; one that cannot be read must not block the others."""
    return [Looked(copy, _found_in(copy, alone=len(copies) == 1)) for copy in copies]


def plan_version(
    looked: Sequence[Looked], *, persona: str, persona_json: bytes | None, provider: str, default: str
) -> Plan:
    """Decide what a version is made from.

    Args:
        looked: the persona's exports, oldest first; at least one can be read, and the newest of those speaks
            for all.
        persona: whose they are.
        persona_json: the owner's settings, None where there are none.
        provider: who will train.
        default: the base model where the owner chose none.

    Raises:
        ExportError: nobody can be learned from.
        InvalidSettings: the owner's settings are wrong.
    """
    settings = resolve_settings(persona_json, *(each.copy.metadata for each in looked))
    used, inspected, warnings = _usable(looked)
    rooms = plan_rooms(inspected, aliases=settings.aliases)
    speaker = choose_speaker(
        speakers_of(rooms, inspected[-1].survey),
        wanted=None if settings.speaker is None else real_name(settings.speaker, rooms),
        persona=persona,
        file_name=used[-1].file,
    )
    base_model = settings.base_model or default
    chosen = dataclasses.replace(
        settings,
        speaker=speaker,
        system_prompt=settings.system_prompt or default_system_prompt(speaker),
        base_model=base_model,
    )
    made_from = {**dataclasses.asdict(chosen), "provider": provider}
    # What a run may cost does not change what it makes.
    del made_from["budget_usd"]
    content = "\n".join(sorted(copy.sha256 for copy in used))
    return Plan(chosen, speaker, base_model, identity_of(persona, content, made_from), used, rooms, warnings)


def _found_in(copy: Copy, *, alone: bool) -> Inspected | UnreadableExport:
    try:
        with copy.path.open("rb") as stream:
            return inspect(read_export(stream, name=copy.file), alone=alone)
    except UnreadableExport as error:
        return error


def _usable(looked: Sequence[Looked]) -> tuple[list[Copy], list[Inspected], list[str]]:
    used: list[Copy] = []
    inspected: list[Inspected] = []
    warnings: list[str] = []
    # The same file under two names is one export; the one that was dropped last speaks for it.
    newest = {each.copy.sha256: each.copy.key for each in looked}
    for copy, found in ((each.copy, each.found) for each in looked):
        if newest[copy.sha256] != copy.key:
            continue
        if isinstance(found, UnreadableExport):
            warnings.append(f"{copy.file} was left out: {found}")
            continue
        used.append(copy)
        inspected.append(found)
        warnings += [f"{copy.file}: {why}, {count} times." for why, count in found.survey.doubtful.items()]
    return used, inspected, warnings
