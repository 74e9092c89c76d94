"""An account's export: every chat is a room, and the persona learns from all it writes in."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from maltu.dataset import open_rooms, plan_rooms
from maltu.exports import Exports
from maltu.planning import examine
from tests.unit.dataset.chats import SPEAKER, chat, dialogues
from tests.unit.dataset.test_build import build_rooms, raw_lines

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    import pytest

    from maltu.dataset import RoomPlan
    from maltu.exports import Message


def account(chats: Iterable[tuple[str, Sequence[Message]]]) -> bytes:
    """Write chats of a title as Telegram does."""
    made = [
        {
            "name": title,
            "messages": [
                {
                    "type": "message",
                    "date": message.sent_at.isoformat(),
                    "from": message.sender,
                    "from_id": f"user{message.sender}",
                    "text": message.text,
                }
                for message in messages
            ],
        }
        for title, messages in chats
    ]
    return json.dumps({"chats": {"list": made}}, ensure_ascii=False).encode()


def planned(files: Exports, *paths: Path) -> tuple[list[Any], list[RoomPlan]]:
    examined = [examine(path, name=path.name, files=files, alone=len(paths) == 1) for path in paths]
    exports = [export for each in examined for export in each.exports]
    return exports, plan_rooms([one for each in examined for one in each.inspected], aliases={})


@given(
    chats=st.lists(
        st.tuples(st.sampled_from(["방", "Json", ""]), st.sampled_from(["Json", "Xml"]), st.integers(5, 15)),
        min_size=2,
        max_size=5,
    )
)
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_never_two_chats_in_one_example(
    tmp_path_factory: pytest.TempPathFactory, chats: list[tuple[str, str, int]]
) -> None:
    directory = tmp_path_factory.mktemp("account")
    path = directory / "result.json"
    # All at the same times, of the same people and under the same names.
    told = [
        [
            message._replace(
                text=f"{message.text}@{number}@",
                sender=SPEAKER if message.sender == SPEAKER else other,
            )
            for message in dialogues(days, turns_each=2)
        ]
        for number, (_, other, days) in enumerate(chats)
    ]
    path.write_bytes(account((title, messages) for (title, *_), messages in zip(chats, told, strict=True)))
    with Exports() as files:
        exports, plans = planned(files, path)
        (directory / "made").mkdir()
        rooms = open_rooms(plans, SPEAKER, lambda number: files.read(exports[number]))
        summary = build_rooms(rooms, directory / "made", validation_share=0)

    assert len(rooms) == len(chats)
    lines = raw_lines(directory / "made")
    assert all(sum(f"@{number}@" in line for number in range(len(chats))) == 1 for line in lines)

    assert summary.trained_turns == sum(
        message.sender == SPEAKER for messages in told for message in messages
    )


def test_an_older_export_of_the_account_tells_no_message_twice_and_joins_no_chats(tmp_path: Path) -> None:
    talks = [
        [message._replace(text=f"{message.text} 방 {number}") for message in dialogues(12)]
        for number in range(3)
    ]
    silent = chat((0, "Xml", "하이"), (1, "Yaml", "안녕"))
    old, new = tmp_path / "old.json", tmp_path / "new.json"
    old.write_bytes(account([*(("방", talk[:12]) for talk in talks), ("조용", silent)]))
    # Whoever wrote last stands first.
    new.write_bytes(account([("조용", silent), *(("방", talk) for talk in reversed(talks))]))
    with Exports() as files:
        exports, plans = planned(files, old, new)
        rooms = open_rooms(plans, SPEAKER, lambda number: files.read(exports[number]))
        told = [[message.text for message in room.messages] for room in rooms]

    assert told == [[message.text for message in talk] for talk in talks]
    assert len(plans) == 4
