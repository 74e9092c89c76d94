"""What a version will be made from: exports, rooms and settings, before the first example is written."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING

from maltu.dataset import default_system_prompt, inspect, plan_rooms, real_name, speakers_of
from maltu.errors import UnreadableExport
from maltu.exports import Exports, choose_speaker
from maltu.naming import identity_of
from maltu.providers.base_models import base_model, default_format
from maltu.settings import MAKE_NO_OTHER_VERSION, resolve_settings

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from maltu.dataset import Inspected, RoomPlan
    from maltu.deadline import Deadline
    from maltu.exports import Export, Survey
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
        copies: the files that are used, each of them once.
        exports: what they hold; a zip may hold several.
        rooms: which of these belong together, by their place among ``exports``.
        warnings: what the owner should know of the exports.
    """

    settings: PersonaSettings
    speaker: str
    base_model: str
    identity: str
    copies: Sequence[Copy]
    exports: Sequence[Export]
    rooms: Sequence[RoomPlan]
    warnings: Sequence[str]

    @property
    def own_rooms(self) -> list[RoomPlan]:
        """The rooms that the persona writes in."""
        return [room for room in self.rooms if self.speaker in room.speakers]


@dataclass(frozen=True, slots=True)
class Examined:
    """What a file holds.

    Attributes:
        exports: those that can be read; at least one.
        inspected: what they say, in the same order.
        warnings: what their owner should know.
    """

    exports: Sequence[Export]
    inspected: Sequence[Inspected]
    warnings: Sequence[str]

    @property
    def survey(self) -> Survey:
        """What ``choose_speaker`` should know of the file; no room of several says who the persona is."""
        first = self.inspected[0].survey
        return first if len(self.inspected) == 1 else dataclasses.replace(first, room=None)


def examine(path: Path, *, name: str, files: Exports, alone: bool) -> Examined:
    """Look through a file; what cannot be read among several exports is left out, with a warning.

    Args:
        path: the file.
        name: its own name.
        files: opens it.
        alone: whether there is no other file.

    Raises:
        UnreadableExport: nothing in it can be read.
    """
    held = files.held_by(path, name=name)
    exports: list[Export] = []
    inspected: list[Inspected] = []
    warnings: list[str] = []
    failed: list[tuple[Export, UnreadableExport]] = []
    for export in held:
        try:
            one = inspect(files.read(export), alone=alone and export.alone, apart=export.apart)
        except UnreadableExport as error:
            failed.append((export, error))
            continue
        exports.append(export)
        inspected.append(one)
        warnings += [f"{export.name}: {why}, {count} times." for why, count in one.survey.doubtful.items()]
    if not exports:
        raise failed[0][1]
    if failed:
        export, error = failed[0]
        more = f" So were {len(failed) - 1} others of the {len(held)} exports there." if failed[1:] else ""
        warnings.append(f"{export.name} was left out: {error}{more}")
    return Examined(exports, inspected, warnings)


@dataclass(frozen=True, slots=True)
class Looked:
    """A file that was looked through.

    Attributes:
        copy: the file.
        found: what is in it, or why nobody can read it.
    """

    copy: Copy
    found: Examined | UnreadableExport


def look_through(copies: Sequence[Copy], deadline: Deadline) -> list[Looked]:
    """See who speaks in each file; one that cannot be read must not block the others.

    Raises:
        MaltuError: the deadline's, where there is no time to read them all.
    """
    with Exports(deadline.open) as files:
        return [Looked(copy, _found_in(copy, files, alone=len(copies) == 1)) for copy in copies]


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
    used, examined, warnings = _usable(looked)
    rooms = plan_rooms([one for each in examined for one in each.inspected], aliases=settings.aliases)
    speaker = choose_speaker(
        speakers_of(rooms, examined[-1].survey),
        wanted=None if settings.speaker is None else real_name(settings.speaker, rooms),
        persona=persona,
        file_name=used[-1].file,
    )
    tuned = settings.base_model or default
    chosen = dataclasses.replace(
        settings,
        speaker=speaker,
        system_prompt=settings.system_prompt or default_system_prompt(speaker),
        base_model=tuned,
        format=settings.format or default_format(base_model(tuned), provider),
    )
    made_from = {**dataclasses.asdict(chosen), "provider": provider}
    for name in MAKE_NO_OTHER_VERSION:
        del made_from[name]
    content = "\n".join(sorted(copy.sha256 for copy in used))
    return Plan(
        settings=chosen,
        speaker=speaker,
        base_model=tuned,
        identity=identity_of(persona, content, made_from),
        copies=used,
        exports=[export for each in examined for export in each.exports],
        rooms=rooms,
        warnings=warnings,
    )


def _found_in(copy: Copy, files: Exports, *, alone: bool) -> Examined | UnreadableExport:
    try:
        return examine(copy.path, name=copy.file, files=files, alone=alone)
    except UnreadableExport as error:
        return error


def _usable(looked: Sequence[Looked]) -> tuple[list[Copy], list[Examined], list[str]]:
    used: list[Copy] = []
    examined: list[Examined] = []
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
        examined.append(found)
        warnings += found.warnings
    return used, examined, warnings
