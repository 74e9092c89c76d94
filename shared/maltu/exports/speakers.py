"""Whose manner of speaking is learned."""

from __future__ import annotations

import json
from pathlib import PurePosixPath
from typing import TYPE_CHECKING
from urllib.parse import quote

from maltu.errors import UnknownSpeaker
from maltu.exports.names import name_key

if TYPE_CHECKING:
    from maltu.exports.survey import Survey

_SPEAKERS_TO_LIST = 20


def choose_speaker(survey: Survey, *, wanted: str | None, persona: str, file_name: str) -> str:
    """Decide who the persona is: who was asked for, or who is named as persona, room or file are.

    In a chat of two, messengers name the room after the other person.

    Args:
        survey: the export's speakers and room.
        wanted: the speaker that the owner's settings name, or None.
        persona: the persona's name.
        file_name: the export's file name or key, which may be a speaker's name.

    Returns:
        The speaker's name as it stands in the export.

    Raises:
        UnknownSpeaker: the speaker cannot be told, or nobody is there to answer; lists the speakers.
    """
    speakers = {name_key(name): name for name in reversed(survey.speakers)}
    if len(speakers) < 2:  # noqa: PLR2004 - a dialogue takes two
        who = f"Only {_listed(survey)} writes here" if speakers else "Nobody writes text here"
        raise UnknownSpeaker(f"{who}; a persona needs somebody to answer.")
    if wanted is not None:
        if (speaker := speakers.get(name_key(wanted))) is None:
            raise UnknownSpeaker(f"No speaker is called {wanted!r}. {_how_to_choose(survey)}")
        return speaker
    for name in (persona, survey.room or "", PurePosixPath(file_name).stem):
        if (speaker := speakers.get(name_key(name))) is not None:
            return speaker
    raise UnknownSpeaker(
        "Whose manner of speaking is to be learned? Neither persona, room nor file is named after a speaker. "
        f"{_how_to_choose(survey)}"
    )


def _how_to_choose(survey: Survey) -> str:
    example = next(iter(survey.speakers))
    as_json = json.dumps({"speaker": example}, ensure_ascii=False)
    return (
        f"The speakers are {_listed(survey)}. Choose one: set the object's metadata "
        f"speaker={quote(example)} (percent-encoded), or drop a persona.json beside the export: {as_json}"
    )


def _listed(survey: Survey) -> str:
    """List the speakers with their numbers of messages, for a sentence."""
    listed = [
        f"{name} ({count:,} {'message' if count == 1 else 'messages'})"
        for name, count in list(survey.speakers.items())[:_SPEAKERS_TO_LIST]
    ]
    if more := len(survey.speakers) - len(listed):
        listed.append(f"{more} more")
    return ", ".join(listed)
