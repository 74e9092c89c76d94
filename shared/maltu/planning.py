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
    from pathlib import Path

    from maltu.dataset import Inspected, RoomPlan
    from maltu.naming import ExportKey
    from maltu.settings import PersonaSettings
    from maltu.storage import Bucket, Copy


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


def plan_version(  # noqa: PLR0913 - the drop, where to look and put things, and the deployment's two choices
    drop: str, key: ExportKey, folder: Path, bucket: Bucket, *, provider: str, default: str
) -> Plan | None:
    """Copy the persona's exports and look through them.

    Args:
        drop: the key of the object that was dropped.
        key: the same, understood.
        folder: where the copies go; must outlive the plan.
        bucket: where the exports stand.
        provider: who will train.
        default: the base model where the owner chose none.

    Returns:
        The plan, or None where the dropped object is gone.

    Raises:
        ExportError: the dropped export cannot be used.
        InvalidSettings: the owner's settings are wrong.
    """
    persona = key.persona
    found = (
        bucket.copy_export(each, folder / str(number))
        for number, each in enumerate(bucket.exports(key.prefix))
    )
    copies = [copy for copy in found if copy is not None]
    dropped = next((copy for copy in copies if copy.key == drop), None)
    if dropped is None:  # somebody took it away again
        return None
    settings = resolve_settings(bucket.persona_json(key.prefix), dropped.metadata)
    # The same file under two names is one export; the one that was dropped speaks for it.
    by_content = {copy.sha256: copy for copy in [*copies, dropped]}
    used, inspected, warnings = _inspect(list(by_content.values()), dropped)
    rooms = plan_rooms(inspected, aliases=settings.aliases)
    speaker = choose_speaker(
        speakers_of(rooms, inspected[used.index(dropped)].survey),
        wanted=None if settings.speaker is None else real_name(settings.speaker, rooms),
        persona=persona,
        file_name=dropped.file,
    )
    base_model = settings.base_model or default
    chosen = dataclasses.replace(
        settings,
        speaker=speaker,
        system_prompt=settings.system_prompt or default_system_prompt(speaker),
        base_model=base_model,
    )
    made_from = {**dataclasses.asdict(chosen), "provider": provider}
    content = "\n".join(sorted(copy.sha256 for copy in used))
    return Plan(chosen, speaker, base_model, identity_of(persona, content, made_from), used, rooms, warnings)


def _inspect(copies: Sequence[Copy], dropped: Copy) -> tuple[list[Copy], list[Inspected], list[str]]:
    """Look through the exports; one that was dropped earlier and cannot be read must not block this drop."""
    used: list[Copy] = []
    inspected: list[Inspected] = []
    warnings: list[str] = []
    for copy in copies:
        try:
            with copy.path.open("rb") as stream:
                one = inspect(read_export(stream, name=copy.file), alone=len(copies) == 1)
        except UnreadableExport as error:
            if copy is dropped:
                raise
            warnings.append(f"{copy.file} was left out: {error}")
            continue
        used.append(copy)
        inspected.append(one)
        warnings += [f"{copy.file}: {why}, {count} times." for why, count in one.survey.doubtful.items()]
    return used, inspected, warnings
