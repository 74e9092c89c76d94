"""The deployed template on one machine, and what is dropped into it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from infra.local.drop import Export, drop, follow
from infra.local.endpoint import Endpoint
from tests.support.heard import listen
from tests.support.waiting import until

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from infra.local.stack import Stack

PERSONA = "민지-누나"
SPEAKER = "민지 ☀"
FILE = "우리 방 100%+백업 (1).csv"
SECONDS = 60

ASKED = (
    "뭐 하고 있어요?",
    "저녁은 드셨어요?",
    "내일 시간 괜찮으세요?",
    "이 영화 보셨어요?",
    "비가 많이 오네요",
)
ANSWERED = (
    ("나 지금 누워있지롱", "일어나기 싫다아"),
    ("라면 먹었지롱", "두 개 먹음ㅋㅋ"),
    ("내일은 바쁘지롱",),
    ("당연히 봤지롱", "울었잖아ㅠㅠ"),
    ("우산 없지롱", "데리러 와ㅋㅋ"),
)
REPLIES = {"\n".join(bubbles) for bubbles in ANSWERED}


class Chain:
    """A stack that is up, and what has been dropped into it."""

    def __init__(self, stack: Stack, folder: Path, close: Callable[[], None]) -> None:
        self.stack = stack
        self.folder = folder
        self.close = close
        self.api = Endpoint.with_key(stack.endpoint, stack.api_key)
        self.heard = listen(stack)
        self._drops = 0

    def drop(self, persona: str, content: str, *, name: str = FILE, speaker: str | None = None) -> None:
        path = self.folder / name
        path.write_text(content, encoding="utf-8")
        drop(Export(path, persona, speaker), self.stack)
        self._drops += 1

    def drop_over_the_endpoint(self, persona: str, export: str, speaker: str) -> dict[str, Any]:
        body = {"export": export, "speaker": speaker}
        answer = self.api.call("POST", f"/v1/personas/{quote(persona)}/exports", body)
        assert answer.status == 202, answer.body
        self._drops += 1
        return answer.body

    def follow(self, persona: str) -> dict[str, Any]:
        return follow(self.api, persona, lambda _: None, seconds=SECONDS)

    def wait_for_preprocessing(self) -> None:
        """Until every drop so far has been handled, whatever came of it."""
        logs = self.stack.aws.function_logs
        eventually(lambda: sum('"drop handled"' in line for line in logs()) >= self._drops)

    def jobs(self) -> list[dict[str, Any]]:
        answer = self.stack.provider.api.call("GET", "/v1/fine_tuning/jobs")
        assert answer.ok
        return answer.body["data"]


def dialogue(days: int) -> str:
    """A conversation a day: the other side asks, the persona answers in one or two messages."""
    start = datetime(2026, 3, 1, 20, 0)  # noqa: DTZ001 - exports carry local time
    rows = ["Date,User,Message"]
    for day in range(days):
        at = start + timedelta(days=day)
        rows.append(f'{at:%Y-%m-%d %H:%M:%S},"진우","{ASKED[day % len(ASKED)]}"')
        for second, bubble in enumerate(ANSWERED[day % len(ANSWERED)], 20):
            rows.append(f'{at + timedelta(seconds=second):%Y-%m-%d %H:%M:%S},"{SPEAKER}","{bubble}"')
    return "\n".join(rows) + "\n"


def eventually(condition: Callable[[], bool]) -> None:
    """Wait until it holds."""
    until(condition, seconds=SECONDS, pause=0.2)
