"""Chats to make datasets from."""

from __future__ import annotations

import re
from collections import Counter
from datetime import datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

from hypothesis import strategies as st

from maltu.dataset import Turns
from maltu.exports import Message

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from maltu.exports import Kind

START = datetime(2022, 12, 17, 13, 55, 24)  # noqa: DTZ001 - exports have no zone
SPEAKER = "Csv"
HOUR = timedelta(hours=1)


class Digits:
    """Masks every run of nine digits or more."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()

    def mask_all(self, texts: Sequence[str]) -> list[str]:
        return list(map(self._mask, texts))

    def _mask(self, text: str) -> str:
        masked, count = re.subn(r"\d{9,}", "[number]", text)
        if count:
            self.counts["number"] += count
        return masked


KINDS: tuple[Kind, ...] = ("text", "text", "text", "text", "media", "system", "deleted")


def chat(*said: tuple[float, str, str] | tuple[float, str, str, Kind]) -> list[Message]:
    """Messages from (minutes after the start, sender, text[, kind])."""
    return [
        Message(START + timedelta(minutes=minutes), sender, text, *(kind or ("text",)))
        for minutes, sender, text, *kind in said
    ]


def turns(*said: tuple[float, bool, str]) -> Turns:
    """Turns of one message each, from (minutes after the start, whether the persona speaks, text)."""
    minutes, persona, texts = zip(*said, strict=True)
    assert all(one is not other for one, other in pairwise(persona))
    return Turns(
        persona_first=persona[0],
        texts=list(texts),
        whole=b"\1" * len(texts),
        bounds=list(range(len(texts) + 1)),
        sent_at=[START + timedelta(minutes=each) for each in minutes],
    )


def dialogues(count: int, *, turns_each: int = 1, start: int = 0) -> list[Message]:
    """Conversations a day apart, each of so many questions and answers."""
    return chat(
        *(
            (1440 * (start + day) + 2 * turn + (sender == SPEAKER), sender, f"{text} {start + day}-{turn}")
            for day in range(count)
            for turn in range(turns_each)
            for sender, text in (("Json", "뭐함"), (SPEAKER, "밥먹음 ㅋㅋ"))
        )
    )


def persona_texts(messages: Iterable[Message]) -> list[str]:
    return [m.text for m in messages if m.sender == SPEAKER and m.kind == "text" and m.text.strip()]


pauses = st.one_of(st.integers(0, 90), st.sampled_from([239, 240, 241, 300, 3000, -5, -300]))


@st.composite
def chats(draw: st.DrawFn, *, min_size: int = 1, max_size: int = 40) -> list[Message]:
    """Rooms of three with silences, media, system rows and empty texts; every text is unlike the others."""
    rows = draw(
        st.lists(
            st.tuples(
                pauses,
                st.sampled_from([SPEAKER, SPEAKER, "Json", "Json", "Xml"]),
                st.sampled_from(KINDS),
                st.sampled_from(["ㅋㅋ", "밥", " a ", "😂", "첫\n둘", "", " "]),
            ),
            min_size=min_size,
            max_size=max_size,
        )
    )
    at = START
    messages: list[Message] = []
    for number, (pause, sender, kind, text) in enumerate(rows):
        at += timedelta(minutes=pause)
        messages.append(Message(at, sender, f"{text}#{number}" if text.strip() else text, kind))
    return messages
