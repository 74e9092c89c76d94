"""Two people who do not exist, who write as people in Korean chats do, each in a manner of their own."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from maltu.style import Material, Side, Turn

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


def words(text: str) -> list[str]:
    return text.split()


_THINGS = words(
    "라면 커피 회의 영화 버스 지하철 고양이 강아지 숙제 시험 야구 축구 달리기 택배 우산 "
    "이사 월세 회식 약속 김밥 떡볶이 치킨 피자 노트북 충전기 이어폰 병원 감기 주말 휴가 "
    "여행 제주도 부산 바다 산책 운동 헬스장 도서관 논문 발표 과제 알바 면접 출근 퇴근 "
    "야근 늦잠 알람 저녁 점심 아침 국수 만두 케이크 생일 선물 콘서트 앨범 노래 기타 "
    "드라마 예능"
)
_DOINGS = words(
    "가 보 먹 하 사 찾 듣 읽 쓰 자 놀 쉬 걷 타 마시 배우 만나 기다리 고르 정리하 끝내 시작하 미루 까먹"
)
_HOW = words(
    "진짜 좀 그냥 오늘 내일 아까 이따 맨날 요즘 갑자기 겨우 드디어 아직 벌써 대충 "
    "제대로 혼자 같이 빨리 천천히"
)
_REPLIES = words("그건 나도 아마 일단 근데 그래서 어차피 사실 아니 뭐")


@dataclass(frozen=True)
class Person:
    """How somebody writes."""

    endings: tuple[str, ...]
    short: tuple[str, ...]
    tails: tuple[str, ...]
    bubbles: tuple[int, ...]
    particle: bool

    def answer(self, asked: str, rng: random.Random) -> str:
        """Answer in one bubble or several; the first thing that was asked about comes up again, mostly."""
        topic = next((word for word in _THINGS if word in asked), rng.choice(_THINGS))
        return "\n".join(
            self._bubble(topic if rng.random() < 0.9 else rng.choice(_THINGS), rng)
            for _ in range(rng.choice(self.bubbles))
        )

    def _bubble(self, topic: str, rng: random.Random) -> str:
        if rng.random() < 0.2:
            return rng.choice(self.short) + rng.choice(self.tails)
        words = [topic + (rng.choice(("은", "도", "를", "이")) if self.particle else "")]
        if rng.random() < 0.5:
            words.insert(0, rng.choice(_REPLIES))
        if rng.random() < 0.6:
            words.append(rng.choice(_HOW))
        words.append(rng.choice(_DOINGS) + rng.choice(self.endings))
        return " ".join(words) + rng.choice(self.tails)


DRY = Person(
    endings=("음", "는중", "ㄹ듯", "지", "던데", "자", "냐"),
    short=("ㅇㅇ", "ㄴㄴ", "ㄱㄱ", "아", "헐", "ㅇㅋ", "몰라", "글쎄"),
    tails=("", "", "", "", " ㅋㅋ", "ㅋㅋㅋㅋ", ";;"),
    bubbles=(1, 1, 2, 2, 3, 4),
    particle=False,
)
WARM = Person(
    endings=("았어", "을래", "고 싶어", "는 거야", "지 않아", "네", "을게"),
    short=("웅", "응응", "우와", "그치", "좋아", "맞아", "고마워", "어떡해"),
    tails=("", "~", "!", "!!", "?", " ㅠㅠ", " ㅎㅎ", " 😊", " 😂"),
    bubbles=(1, 1, 1, 2),
    particle=True,
)
# Between the two, and nearer to the first: what a fine-tune gets.
LEANING = replace(DRY, endings=(*DRY.endings, *DRY.endings, *WARM.endings[:3]), tails=(*DRY.tails, "~", "!"))
POLITE = (
    "네, 말씀해 주셔서 감사합니다. 무엇을 도와드릴까요?",
    "좋은 질문이에요! {}에 대해 몇 가지 방법을 안내해 드릴게요.",
    "{}에 관심이 있으시군요. 조금 더 자세히 설명해 주시겠어요?",
    "죄송하지만 {}에 대한 정확한 정보는 확인이 어렵습니다.",
    "{}은(는) 상황에 따라 다를 수 있습니다. 추가로 궁금한 점이 있으신가요?",
)


def bot(asked: str, rng: random.Random) -> str:
    """Answer as assistants do."""
    return rng.choice(POLITE).format(next((word for word in _THINGS if word in asked), "그 주제"))


def talk(
    turns: int,
    *,
    seed: int = 1,
    persona: Person = DRY,
    other: Person = WARM,
    held_out: float = 0.3,
) -> Material:
    """Let two people talk, in turn."""
    rng = random.Random(seed)  # noqa: S311 - nothing secret is drawn
    asked = [other.answer("", rng) for _ in range(turns)]
    said = [Turn(persona.answer(question, rng), question) for question in asked]
    cut = round(turns * (1 - held_out))
    others = [Turn(question) for question in asked]
    return Material(
        "하준", Side(tuple(said[:cut]), tuple(said[cut:])), Side(tuple(others[:cut]), tuple(others[cut:]))
    )


def replies(
    material: Material, answer: Callable[[str, random.Random], str], *, seed: int = 2
) -> Sequence[Turn]:
    """Answer every held-out prompt."""
    rng = random.Random(seed)  # noqa: S311 - nothing secret is drawn
    return [Turn(answer(turn.prompt, rng), turn.prompt) for turn in material.persona.held_out]
