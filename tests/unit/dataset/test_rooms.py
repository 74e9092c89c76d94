from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

from maltu.dataset import inspect, merge_exports, plan_rooms, real_name, sketch, speakers_of, warnings_about
from maltu.exports import Message, read_export
from tests.unit.dataset.chats import SPEAKER, chat

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import pytest

    from maltu.dataset import RoomPlan

Export = tuple[str, bytes]


def mac(room: str, messages: Iterable[Message]) -> Export:
    written = io.StringIO(newline="")
    rows = csv.writer(written, quoting=csv.QUOTE_ALL)
    rows.writerow(["Date", "User", "Message"])
    rows.writerows([f"{m.sent_at:%Y-%m-%d %H:%M:%S}", m.sender, m.text] for m in messages)
    return f"KakaoTalk_Chat_{room}_2023-01-01-10-00-00.csv", written.getvalue().encode()


def phone(room: str, messages: Iterable[Message], *, owner: str) -> Export:
    lines = [f"{room} 님과 카카오톡 대화\r\n저장한 날짜 : 2023년 1월 1일 오전 10:00\n\r\n\r\n"]
    for sent_at, sender, text, _ in messages:
        half = "오전" if sent_at.hour < 12 else "오후"
        date = f"{sent_at.year}년 {sent_at.month}월 {sent_at.day}일"
        at = f"{date} {half} {(sent_at.hour - 1) % 12 + 1}:{sent_at:%M}"
        name = "회원님" if sender == owner else sender
        lines.append(f"{at}, {name} : {text[:500]}\r\n")
    return "KakaoTalkChats.txt", "".join(lines).encode()


def plan(*exports: Export, aliases: Mapping[str, str] | None = None) -> list[RoomPlan]:
    inspected = [inspect(read_export(io.BytesIO(raw), name=name), alone=False) for name, raw in exports]
    return plan_rooms(inspected, aliases=aliases or {})


def opened(plan: RoomPlan, *exports: Export) -> list[Message]:
    chosen = [exports[number] for number in plan.exports]
    readings = [read_export(io.BytesIO(raw), name=name) for name, raw in chosen]
    return list(plan.open(readings).messages)


def talk(other: str, *, days: int = 10, start: int = 0, persona: str = SPEAKER) -> list[Message]:
    return chat(
        *(
            (1440 * day + offset / 2, sender, f"{other}에게 {day} 번째 날의 말 {offset}")
            for day in range(start, start + days)
            for offset, sender in enumerate((other, persona, other))
        )
    )


def groups(plans: Iterable[RoomPlan]) -> list[tuple[int, ...]]:
    return [plan.exports for plan in plans]


def test_a_phone_and_a_mac_of_one_room_are_one_room_and_the_exporter_has_a_name() -> None:
    messages = talk("Json")
    exports = [mac("x", messages), phone("Json", messages[6:], owner=SPEAKER)]

    (room,) = plan(*exports)

    assert list(room.speakers) == ["Json", SPEAKER]
    assert not room.named
    assert [m[:3] for m in opened(room, *exports)] == [m[:3] for m in messages]


def test_two_rooms_of_the_persona_stay_two() -> None:
    exports = [mac("Json", talk("Json")), mac("Xml", talk("Xml"))]

    assert groups(plan(*exports)) == [(0,), (1,)]


def test_two_people_have_one_room_though_its_exports_do_not_overlap() -> None:
    exports = [mac("a", talk("Json")), mac("b", talk("Json", start=100))]

    (room,) = plan(*exports)

    assert len(opened(room, *exports)) == 60


def test_a_title_makes_one_room_of_parts_and_tells_who_exported_one() -> None:
    exports = [mac("Json", talk("Json")), phone("Json", talk("Json", start=100), owner=SPEAKER)]

    (room,) = plan(*exports)

    assert set(room.speakers) == {"Json", SPEAKER}
    assert {m.sender for m in opened(room, *exports)} == {"Json", SPEAKER}


def test_a_title_alone_makes_no_room_of_strangers() -> None:
    exports = [mac("가족", talk("Json")), mac("가족", talk("Xml", persona="Yaml"))]

    assert len(plan(*exports)) == 2


def test_one_notice_in_two_rooms_at_once_does_not_make_them_one() -> None:
    notice = chat(*((60 * hour, SPEAKER, f"공지를 알립니다 {hour}") for hour in range(5)))
    exports = [
        mac(other, sorted([*talk(other, days=30), *notice], key=lambda m: m.sent_at))
        for other in ("Json", "Xml")
    ]

    assert len(plan(*exports)) == 2


def test_a_friend_renamed_on_one_device_is_one_speaker() -> None:
    group = sorted([*talk("Json"), *talk("Xml")], key=lambda m: m.sent_at)
    renamed = [m._replace(sender="제이슨 (회사)") if m.sender == "Json" else m for m in group]
    exports = [mac("a", [*group, *talk("Json", start=100)]), mac("b", renamed)]

    plans = plan(*exports)

    assert groups(plans) == [(0, 1)]
    assert set(plans[0].speakers) == {SPEAKER, "Json", "Xml"}
    assert real_name("제이슨 (회사)", plans) == "Json"


def test_aliases_say_who_exported() -> None:
    (room,) = plan(phone("Json", talk("Json"), owner=SPEAKER), aliases={"회원님": SPEAKER})

    assert set(room.speakers) == {"Json", SPEAKER}
    assert list(warnings_about([room], SPEAKER)) == []


def test_an_exporter_whom_nobody_names_is_asked_for_and_never_guessed() -> None:
    plans = plan(mac("Xml", talk("Xml")), phone("Json", talk("Json"), owner=SPEAKER))

    assert len(plans) == 2
    silent, unknown = warnings_about(plans, SPEAKER)
    assert silent.startswith("Csv writes nothing in 1 of 2 rooms")
    assert '{"aliases": {"회원님": "..."}}' in unknown


def test_all_rooms_speakers_are_to_choose_from() -> None:
    exports = [mac("Json", talk("Json")), mac("Xml", talk("Xml"))]
    inspected = [inspect(read_export(io.BytesIO(raw), name=name), alone=False) for name, raw in exports]

    everybody = speakers_of(plan_rooms(inspected, aliases={}), inspected[0].survey)

    assert everybody.speakers == {"Json": 20, "Xml": 20, SPEAKER: 20}


def test_a_sample_of_a_long_export_still_knows_a_short_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sketch, "SAMPLE", 100)
    group = [m._replace(sender=m.sender + "!") for m in talk("Json", days=400)]
    third = chat((-10, "Xml!", "셋이서 이야기한다"))
    exports = [mac("a", [*third, *group]), mac("b", [*third, *group[300:]])]

    assert groups(plan(*exports)) == [(0, 1)]


def test_an_alone_export_is_handed_on_as_it_is() -> None:
    name, raw = mac("Json", talk("Json"))
    inspected = inspect(read_export(io.BytesIO(raw), name=name), alone=True)
    (room,) = plan_rooms([inspected], aliases={})
    reading = read_export(io.BytesIO(raw), name=name)

    assert inspected.sketch.seen == {}
    assert room.open([reading]).messages is reading


def test_merging_is_what_a_room_of_several_exports_is_read_by() -> None:
    messages = talk("Json")
    exports = [
        mac("Json", messages),
        mac("Json", messages),
    ]
    (room,) = plan(*exports)
    opened_room = room.open([read_export(io.BytesIO(raw), name=name) for name, raw in exports])

    assert list(opened_room.messages) == list(merge_exports([messages], told_twice=opened_room.skipped[0]))
    assert opened_room.skipped[0].total() == len(messages)
