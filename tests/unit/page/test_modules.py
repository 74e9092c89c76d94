"""The page's modules that need no browser: its words, its names for personas, its reading of streams."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maltu import errors
from maltu.naming import is_persona
from maltu.registry import UNFINISHED
from tests.support.handlers import ROOT
from tests.unit.page.modules import OURS, run


def test_both_languages_say_the_same_things_with_the_same_values(words: dict[str, dict[str, str]]) -> None:
    korean, english = words["ko"], words["en"]
    assert korean.keys() == english.keys()
    for key, text in korean.items():
        assert text.strip(), key
        assert set(re.findall(r"\{\w+\}", text)) == set(re.findall(r"\{\w+\}", english[key])), key
        if key != "language" and not key.startswith("format."):
            assert re.search("[가-힣]", text), key


def test_there_are_words_for_all_that_is_said_and_no_others(words: dict[str, dict[str, str]]) -> None:
    code = "\n".join(path.read_text("utf-8") for path in OURS if path.parent.name != "words")
    said = set(re.findall(r"\bt\(\s*\"([^\"]+)\"", code))
    assert len(said) > 100
    assert said <= words["ko"].keys()
    built = set(re.findall(r"`([a-z]+)\.\$\{", code))
    quoted = set(re.findall(r"\"([\w.]+)\"", code))
    unsaid = {key for key in words["ko"] if key not in said | quoted and key.split(".")[0] not in built}
    assert not unsaid


def test_every_way_to_be_refused_and_to_fail_has_words(words: dict[str, dict[str, str]]) -> None:
    envelope = (ROOT / "functions" / "common" / "envelope.py").read_text("utf-8")
    codes = set(re.findall(r', "(\w+)"\),$', envelope, re.MULTILINE))
    assert len(codes) > 10
    assert {f"error.{code}" for code in codes} <= words["ko"].keys()
    failures = {key.removeprefix("failure.") for key in words["ko"] if key.startswith("failure.")}
    known = {name for name, each in vars(errors).items() if isinstance(each, type)}
    assert failures - {"InternalError"} <= known


def test_every_status_and_measure_has_words(words: dict[str, dict[str, str]]) -> None:
    assert {f"doing.{status}" for status in UNFINISHED} <= words["ko"].keys()
    assert {f"status.{status}" for status in UNFINISHED} <= words["ko"].keys()
    style = (ROOT / "shared" / "maltu" / "style" / "page.py").read_text("utf-8")
    measures = re.findall(r'^    "(\w+)": "', style, re.MULTILINE)
    assert len(measures) > 10
    assert {f"measure.{name}" for name in measures} <= words["ko"].keys()


def test_the_page_names_personas_as_the_endpoint_takes_them() -> None:
    names = [
        "하준",
        "김 철수 (회사)",
        "O'Brien ☀",
        "\u1112\u1161\u110c\u116e\u11ab",
        "--",
        "",
        "🙂",
        "가" * 80,
        "a_b.c/d",
    ]
    made = run("const {asPersona} = await import('./naming.js'); answer(given.map(asPersona))", names)
    assert made[:4] == ["하준", "김-철수-회사", "O-Brien", "하준"]
    assert made[4:7] == ["", "", ""]
    assert all(is_persona(name) for name in made if name)


@settings(max_examples=1, deadline=None)
@given(st.lists(st.text(max_size=80), min_size=200, max_size=200))
def test_any_speaker_has_a_name_that_the_endpoint_takes(names: list[str]) -> None:
    plain = [name.encode("utf-16", "surrogatepass").decode("utf-16", "replace") for name in names]
    made = run("const {asPersona} = await import('./naming.js'); answer(given.map(asPersona))", plain)
    assert [name for name in made if name and not is_persona(name)] == []


def test_an_address_leads_where_it_was_written_to_and_a_cut_one_home() -> None:
    script = "const {readRoute, to} = await import('./router.js'); answer(given.map((it) => readRoute(it)))"
    written = run("const {to} = await import('./router.js'); answer(to('p', '하준/%', 'versions'))")
    assert run(script, [written, "", "#/p/%ED%9", "#/new", "#/p/a"]) == [
        {"name": "versions", "persona": "하준/%"},
        {"name": "home"},
        {"name": "home"},
        {"name": "drop", "persona": None},
        {"name": "chat", "persona": "a"},
    ]


def test_a_key_gets_to_what_it_is_for_and_nowhere_else() -> None:
    owner = {"chats": True, "manages": True, "reached": None}
    bound = owner | {"reached": ["하준"]}
    manager = owner | {"chats": False}
    guest = owner | {"manages": False}
    names = ["home", "chat", "versions", "drop", "erased", "keys"]
    reached = run(
        "const {allowed} = await import('./router.js');"
        "answer(given.keys.map((key) => given.names.map((name) => allowed({name}, key).name)))",
        {"keys": [owner, bound, manager, guest], "names": names},
    )
    assert reached == [
        names,
        [*names[:-1], "home"],
        ["home", "versions", *names[2:]],
        ["home", "chat", "home", "home", "home", "home"],
    ]


STREAM = (
    'data: {"choices":[{"delta":{"role":"assistant"}}]}\n\n: a comment\n\n'
    'data: {"choices":[{"delta":{"content":"라면 먹었지롱\\n"}}]}\r\n\r\n'
    'data: {"choices":[{"delta":{"content":"두 개 먹음ㅋㅋ"}}]}\n\n'
    'data: {"choices":[{"delta":{},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n'
)


@pytest.mark.parametrize("size", [1, 7, 10_000])
def test_a_stream_is_read_however_it_is_cut(size: int) -> None:
    raw = list(STREAM.encode())
    script = """
        const {streamed} = await import('./stream.js');
        const cuts = [];
        const {raw, size} = given;
        for (let at = 0; at < raw.length; at += size) cuts.push(raw.slice(at, at + size));
        const body = new ReadableStream({start(to) {
            for (const cut of cuts) to.enqueue(new Uint8Array(cut));
            to.close();
        }});
        const texts = [];
        for await (const text of streamed({body})) texts.push(text);
        answer(texts);"""
    assert run(script, {"raw": raw, "size": size}) == ["라면 먹었지롱\n", "두 개 먹음ㅋㅋ"]


def test_modules_stay_small() -> None:
    for path in OURS:
        assert len(path.read_text("utf-8").splitlines()) < 250, path
