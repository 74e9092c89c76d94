"""What Kakao takes: how many bubbles, how long, posted whereto."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maltu import errors, kakao

CALLBACK = "https://bot-api.kakao.com/v1/bots/0123/callback/4567?expire=1795343999"
LINES = st.lists(st.text(max_size=60), max_size=12)
LONG = st.lists(st.text(alphabet="가나 😀a", max_size=2_500), max_size=6)


def request(**user_request: object) -> str:
    return json.dumps({"userRequest": user_request, "bot": {"id": "b"}})


def units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


@given(st.one_of(LINES, LONG).map("\n".join))
def test_bubbles_are_within_kakaos_limits_and_lose_nothing_but_the_end(text: str) -> None:
    shown = kakao.bubbles(text)
    assert 1 <= len(shown) <= 3
    assert all(1 <= units(bubble) <= 1_000 and bubble == bubble.strip() for bubble in shown)
    if "".join(text.split()):
        told = "".join("".join(shown).split())
        said = "".join(text.split())
        assert told == said or (told.endswith("…") and said.startswith(told[:-1]))


@given(LINES.map("\n".join))
def test_what_fits_is_never_cut(text: str) -> None:
    said = "".join(text.split())
    if said:
        assert "".join("".join(kakao.bubbles(text)).split()) == said


@given(st.lists(st.from_regex(r"[가-힣]{1,20}", fullmatch=True), min_size=1, max_size=3))
def test_one_line_is_one_bubble(lines: list[str]) -> None:
    assert kakao.bubbles("\n\n".join(lines)) == lines


def test_more_lines_than_bubbles_are_shared_out_evenly() -> None:
    assert kakao.bubbles("1\n2\n3\n4\n5\n6") == ["1\n2", "3\n4", "5\n6"]
    assert [bubble.count("\n") for bubble in kakao.bubbles("1\n2\n3\n4")] in ([0, 1, 0], [0, 0, 1], [1, 0, 0])


def test_a_line_is_cut_between_words_and_an_emoji_never_in_two() -> None:
    words = kakao.bubbles("말투 " * 400)
    assert [set(bubble.split()) for bubble in words] == [{"말투"}, {"말투"}]
    faces = kakao.bubbles("a" + "😀" * 700)
    assert "".join(faces) == "a" + "😀" * 700
    assert units(faces[0]) == 999


def test_an_answer_without_words_says_so() -> None:
    assert kakao.bubbles(" \n \n") == [kakao.SPEECHLESS]


def test_half_a_surrogate_pair_can_be_answered_and_sent() -> None:
    (bubble,) = kakao.bubbles("하\ud83d")
    json.dumps(kakao.answer([bubble]), ensure_ascii=False).encode()
    assert kakao.parse_request('{"userRequest": {"utterance": "\\ud83d뭐해"}}') == kakao.Utterance(
        "?뭐해", None
    )


def test_a_request_is_its_words_and_its_callback() -> None:
    assert kakao.parse_request(request(utterance=" 뭐해?\n")) == kakao.Utterance("뭐해?", None)
    assert kakao.parse_request(request(utterance="뭐해?", callbackUrl=CALLBACK)) == kakao.Utterance(
        "뭐해?", CALLBACK
    )


@pytest.mark.parametrize(
    "body",
    ["", "[", "[]", "null", "1", '{"userRequest": []}', request(), request(utterance=1),
     request(utterance=" \n"), "[" * 200_000],
)  # fmt: skip
def test_a_request_without_words_is_none(body: str) -> None:
    assert kakao.parse_request(body) is None


NAMES = st.sampled_from(["userRequest", "utterance", "callbackUrl"])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(NAMES, inner),
)


@given(JSON)
def test_no_json_breaks_the_reading(value: Any) -> None:  # noqa: ANN401 - JSON
    read = kakao.parse_request(json.dumps(value))
    assert read is None or read.text


@pytest.mark.parametrize("url", [CALLBACK, "https://a.kakao.com", "https://BOT-API.KAKAO.COM:443/x"])
def test_kakaos_own_hosts_may_be_called_back(url: str) -> None:
    assert kakao.callback_allowed(url)


@pytest.mark.parametrize(
    "url",
    [
        "http://bot-api.kakao.com/x",
        "https://kakao.com.evil.example/x",
        "https://evilkakao.com/x",
        "https://evil.example/.kakao.com",
        "https://evil.example#.kakao.com",
        "https://evil.example?.kakao.com",
        "https://bot-api.kakao.com@evil.example/x",
        "https://user:word@bot-api.kakao.com/x",
        "https://evil.example\\.kakao.com/x",
        "https://evil.example\\@bot-api.kakao.com/x",
        "https://bot-api.kakao.com:8443/x",
        "https://bot-api.kakao.com:port/x",
        "https://169.254.169.254/latest/meta-data",
        "https://127.0.0.1/x",
        "https://[::1]/x",
        "https://[::1].kakao.com/x",
        "https://.kakao.com/x",
        "https://%65vil.kakao.com/x",
        "https://bot-api.kakao.com/x y",
        "https://bot-api.kakao.com/x\r\nHost: evil.example",
        "https://bot-api.kakaо.com/x",  # a Cyrillic o
        "https://bot-api.kakao.com/" + "x" * 2_048,
        "file:///etc/passwd",
        "//bot-api.kakao.com/x",
        "",
    ],
)
def test_nobody_else_is_called_back(url: str) -> None:
    assert not kakao.callback_allowed(url)
    assert kakao.parse_request(request(utterance="뭐해?", callbackUrl=url)) == kakao.Utterance("뭐해?", None)


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (errors.PersonaNotFound("p"), kakao.NOBODY),
        (errors.PersonaNotReady("p"), kakao.LEARNING),
        (errors.RateLimited("p"), kakao.BUSY),
        (errors.ModelNotReady("p"), kakao.WAKING),
        (errors.DeploymentNeeded("p"), kakao.FAILED),
        (errors.ModelClosed("p"), kakao.FAILED),
        (errors.ProviderUnavailable("p"), kakao.FAILED),
        (KeyError("p"), kakao.FAILED),
    ],
)
def test_a_chatter_hears_what_to_do_and_nothing_of_the_inside(error: Exception, text: str) -> None:
    assert kakao.said_of(error) == text
    assert "p" not in text
