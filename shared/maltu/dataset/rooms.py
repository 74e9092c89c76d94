"""Which exports are of one room, and who is who in them."""

from __future__ import annotations

import dataclasses
from collections import Counter, defaultdict
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

from maltu.dataset.build import Room
from maltu.dataset.groups import Groups
from maltu.dataset.merging import merge_exports
from maltu.dataset.sketch import Sketch, matches
from maltu.exports import survey
from maltu.exports.names import name_key

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence

    from maltu.exports import Reading, Survey

# What messengers call the owner of the phone that the export was made on.
OWN_NAMES = frozenset(("회원님", "You", "you"))

_CLEAR = 3
_CLEAR_SHARE = 0.5
_AGREED_SHARE = 0.8
_TWO = 2


@dataclass(frozen=True, slots=True)
class Inspected:
    """An export that was read to its end once: what it holds, and samples to compare it by.

    Attributes:
        apart: what it shares with exports that are certainly of other rooms; None where there are none.
    """

    survey: Survey
    sketch: Sketch
    apart: Hashable = None


@dataclass(frozen=True, slots=True)
class RoomPlan:
    """One room before its messages are read.

    Attributes:
        exports: which of the exports are of this room, by their place among all.
        names: for each of these, its speakers' other names, and what they are called here.
        speakers: text messages per speaker, most first; messages that two exports tell count twice.
    """

    exports: tuple[int, ...]
    names: tuple[Mapping[str, str], ...]
    speakers: Mapping[str, int]

    @property
    def named(self) -> bool:
        """Whether the others are told apart by name: in a group, not in a dialogue."""
        return len(self.speakers) > _TWO

    def open(self, readings: Sequence[Reading]) -> Room:
        """Put the room's exports together; ``readings`` are those of ``exports``, in that order."""
        cuts_at = next((reading.cuts_at for reading in readings if reading.cuts_at), None)
        told_twice: Counter[str] = Counter()
        alone = len(readings) == 1 and not self.names[0]
        return Room(
            messages=readings[0]
            if alone
            else merge_exports(readings, names=self.names, told_twice=told_twice, cuts_at=cuts_at),
            named=self.named,
            cuts_at=cuts_at,
            skipped=(told_twice, *(reading.skipped for reading in readings)),
        )


def inspect(reading: Reading, *, alone: bool, apart: Hashable = None) -> Inspected:
    """Read an export to its end; ``alone`` spares the samples where there is nothing to compare with.

    Args:
        reading: the export.
        alone: whether no other can be of its room.
        apart: the same for exports that are certainly of different rooms.

    Raises:
        UnreadableExport: the file cannot be read to its end.
    """
    sketch = Sketch()
    return Inspected(survey(reading) if alone else survey(reading, watch=sketch.watch), sketch, apart)


def plan_rooms(inspected: Sequence[Inspected], *, aliases: Mapping[str, str]) -> list[RoomPlan]:
    """Find out which exports are of one room.

    Those are: with messages in common where their times overlap, with one title and a speaker in common, or
    between the same two speakers. Exports that are known to be apart never are, not even by a third one.

    Args:
        inspected: all exports of a persona.
        aliases: names and whose they are, as the owner says.
    """
    said = {name_key(name): real for name, real in aliases.items()}
    known = [
        {name: said[key] for name in one.survey.speakers if (key := name_key(name)) in said}
        for one in inspected
    ]
    return [_plan(numbers, inspected, known) for numbers in _together(inspected, known)]


def open_rooms(plans: Iterable[RoomPlan], speaker: str, read: Callable[[int], Reading]) -> list[Room]:
    """Open the rooms that the speaker writes in; ``read`` opens an export by its place among all."""
    return [
        plan.open([read(number) for number in plan.exports]) for plan in plans if speaker in plan.speakers
    ]


def speakers_of(plans: Iterable[RoomPlan], like: Survey) -> Survey:
    """Sum all rooms' speakers up, for ``choose_speaker``; the rest is as in ``like``."""
    speakers: Counter[str] = Counter()
    for plan in plans:
        speakers.update(plan.speakers)
    return dataclasses.replace(like, speakers=dict(speakers.most_common()))


def real_name(name: str, plans: Iterable[RoomPlan]) -> str:
    """Give what a speaker is called in the rooms, where ``name`` is one of their other names."""
    key = name_key(name)
    others = {
        name_key(other): real for plan in plans for names in plan.names for other, real in names.items()
    }
    return others.get(key, name)


def warnings_about(plans: Sequence[RoomPlan], speaker: str) -> Iterator[str]:
    """Say which rooms the persona does not write in, and where nobody knows who made an export."""
    silent = sum(speaker not in plan.speakers for plan in plans)
    if silent:
        yield f"{speaker} writes nothing in {silent} of {len(plans)} rooms: nothing is learned from those."
    unknown = {name for plan in plans for name in plan.speakers if name in OWN_NAMES and name != speaker}
    for name in sorted(unknown):
        yield (
            f"One of the speakers is called {name!r}, as messengers call whoever made the export. If that "
            f'is somebody you know by name, say so in persona.json: {{"aliases": {{"{name}": "..."}}}}.'
        )


def _together(
    inspected: Sequence[Inspected], known: Sequence[Mapping[str, str]]
) -> Iterator[tuple[int, ...]]:
    people = [
        frozenset(name_key(names.get(name, name)) for name in one.survey.speakers)
        for one, names in zip(inspected, known, strict=True)
    ]
    titles = [name_key(one.survey.room or "") for one in inspected]
    groups = Groups([one.apart for one in inspected])
    # What was said tells more than what a room is called.
    for one, other in groups.pairs():
        if _same_messages(inspected[one], inspected[other]):
            groups.join(one, other)
    for one, other in groups.pairs():
        if _same_names(people[one], titles[one], people[other], titles[other]):
            groups.join(one, other)
    rooms: defaultdict[int, list[int]] = defaultdict(list)
    for number in range(len(inspected)):
        rooms[groups.leader_of(number)].append(number)
    return map(tuple, rooms.values())


def _same_messages(one: Inspected, other: Inspected) -> bool:
    shared = matches(one.sketch, other.sketch)
    return shared.found >= _CLEAR and shared.found >= _CLEAR_SHARE * shared.possible


def _same_names(one: frozenset[str], title: str, other: frozenset[str], other_title: str) -> bool:
    if one == other and len(one) == _TWO and not one & OWN_NAMES:
        return True
    return bool(title and title == other_title and (one & other) - OWN_NAMES)


def _plan(
    numbers: tuple[int, ...], inspected: Sequence[Inspected], known: Sequence[Mapping[str, str]]
) -> RoomPlan:
    """Name everybody as the export does in which they write most, but never as the exporter's own name."""
    written: Counter[str] = Counter()
    for number in numbers:
        for name, count in inspected[number].survey.speakers.items():
            written[known[number].get(name, name)] += count
    same: dict[str, str] = {}
    for one, other in combinations(numbers, _TWO):
        for pair in _same_people(inspected[one], known[one], inspected[other], known[other]):
            first, second = (_resolved(name, same) for name in pair)
            if first != second:
                real, alias = sorted((first, second), key=lambda name: (name in OWN_NAMES, -written[name]))
                same[alias] = real
    speakers: Counter[str] = Counter()
    for name, count in written.items():
        speakers[_resolved(name, same)] += count
    spellings: dict[str, str] = {}
    for name in speakers:
        spellings.setdefault(name_key(name), name)
    merged: Counter[str] = Counter()
    for name, count in speakers.items():
        merged[spellings[name_key(name)]] += count

    def called(number: int, name: str) -> str:
        return spellings[name_key(_resolved(known[number].get(name, name), same))]

    return RoomPlan(
        numbers,
        tuple(
            {
                name: real
                for name in inspected[number].survey.speakers
                if (real := called(number, name)) != name
            }
            for number in numbers
        ),
        dict(merged.most_common()),
    )


def _same_people(
    one: Inspected, one_known: Mapping[str, str], other: Inspected, other_known: Mapping[str, str]
) -> Iterator[tuple[str, str]]:
    """Find the pairs of names that said the same things at the same times."""
    names = {one_known.get(name, name) for name in one.survey.speakers}
    others = {other_known.get(name, name) for name in other.survey.speakers}
    votes: Counter[tuple[str, str]] = Counter()
    for (first, second), count in matches(one.sketch, other.sketch).names.items():
        votes[one_known.get(first, first), other_known.get(second, second)] += count
    total: Counter[str] = Counter()
    for (first, _), count in votes.items():
        total[first] += count
    for (first, second), count in votes.most_common():
        # Somebody who is in both exports under one name is nobody else.
        if first == second or first in others or second in names:
            continue
        if count >= _CLEAR and count >= _AGREED_SHARE * total[first]:
            yield first, second
    if votes:
        return
    # Exports of one room that do not overlap: whoever is missing in one is the one who made the other.
    for own, missing in ((names & OWN_NAMES, others - names), (others & OWN_NAMES, names - others)):
        real = missing - OWN_NAMES
        if own and len(real) == 1 and len(names) == len(others):
            yield next(iter(own)), next(iter(real))


def _resolved(name: str, same: Mapping[str, str]) -> str:
    while name in same:
        name = same[name]
    return name
