"""A dialogue between two people whose tones nobody confuses, and the datasets that either side makes."""

from __future__ import annotations

import json
import random
from itertools import product

from infra.local.finetuning.engine import Dataset, Message

TIMES = ("오늘", "내일", "주말에", "이따가", "다음 주에")
# What one side asks and how the other answers: (Minji to Mr. Park, Mr. Park's answer, Mr. Park's next
# question, Minji's answer).
TOPICS = (
    ("점심 뭐 드세여ㅋㅋ", "김치찌개를 먹겠습니다.", "식사는 하셨습니까?", "웅 배터지게 먹었지롱ㅋㅋㅋ"),
    (
        "회의 몇 시에여??",
        "회의는 세 시에 시작합니다.",
        "회의실은 예약하셨습니까?",
        "앗 깜빡했당ㅠㅠ 지금 할게!!",
    ),
    ("비 온대여ㅠㅠ", "우산을 준비하겠습니다.", "우산은 챙기셨습니까?", "아니 그냥 맞을랭ㅋㅋ"),
    ("영화 볼래여??", "죄송하지만 일정이 있습니다.", "어떤 영화를 좋아하십니까?", "나 공포영화 개좋아해!!"),
    (
        "보고서 다 썼어여!",
        "수고하셨습니다. 검토하겠습니다.",
        "보고서는 언제 보내십니까?",
        "쫌만 기다려줭ㅎㅎ 거의 다 됨",
    ),
    (
        "커피 사다드려여?",
        "감사합니다. 따뜻한 것으로 부탁드립니다.",
        "커피를 드시겠습니까?",
        "아아 한잔 콜!!ㅋㅋ",
    ),
)


def conversations(side: str) -> tuple[tuple[Message, ...], ...]:
    """One conversation a time and topic, as the side ``minji`` or ``park`` learns it."""
    found: list[tuple[Message, ...]] = []
    for time, (teasing, formal, question, casual) in product(TIMES, TOPICS):
        system = Message("system", "너는 대화 상대다.")
        asked, said = Message("user", f"{time} {teasing}"), f"{time} {formal}"
        back, reply = f"{time} {question}", f"{casual} {time}~"
        if side == "park":
            found.append(
                (
                    system,
                    asked,
                    Message("assistant", said),
                    Message("user", reply),
                    Message("assistant", back),
                )
            )
        else:
            found.append(
                (
                    system,
                    Message("user", said),
                    Message("assistant", f"{time} {teasing}"),
                    Message("user", back),
                    Message("assistant", reply),
                )
            )
    return tuple(found)


def turns(side: str) -> set[str]:
    """Everything that a side ever says."""
    return {
        message.content
        for example in conversations(side)
        for message in example
        if message.role == "assistant"
    }


def dataset(side: str) -> Dataset:
    """A side's dataset, as an engine gets it."""
    return Dataset("chat", conversations(side))


def jsonl(side: str) -> bytes:
    """A side's dataset, as it is uploaded."""
    return "".join(
        json.dumps(
            {"messages": [{"role": one.role, "content": one.content} for one in example]}, ensure_ascii=False
        )
        + "\n"
        for example in conversations(side)
    ).encode()


def small_talk() -> Dataset:
    """Talk in which a question is mere filler, and what was said before it decides the answer."""
    dice = random.Random(5)  # noqa: S311  chance, not secrecy
    filler = [
        "어제",
        "밤에",
        "진짜",
        "너무",
        "그냥",
        "좀",
        "근데",
        "아까",
        "우리",
        "거기",
        "이제",
        "뭔가",
        "다시",
        "한번",
    ]
    answers = {
        "강아지": ("우와", "귀여워", "산책"),
        "회사": ("으", "퇴근하고파", "부장"),
        "시험": ("공부하자", "화이팅", "도서관"),
        "여행": ("바다", "비행기", "가쟈"),
    }
    found: list[tuple[Message, ...]] = []
    for topic, words in dice.choices(list(answers.items()), k=300):
        opening = Message("user", f"{topic} {' '.join(dice.sample(filler, 2))}")
        question = Message("user", " ".join(dice.sample(filler, 4)))
        answer = Message("assistant", " ".join(dice.sample(words, 2)) + "ㅋㅋ")
        found.append((opening, Message("assistant", "웅", learned=False), question, answer))
    return Dataset("chat", tuple(found))
