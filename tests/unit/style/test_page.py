from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import TYPE_CHECKING

import pytest

from maltu.style import Turn, render_page
from maltu.style.assess import assess
from maltu.style.markers import MARKERS
from tests.unit.style.people import DRY, LEANING, bot, replies, talk

if TYPE_CHECKING:
    from maltu.style import StyleReport

VOID = {"meta", "line", "circle", "rect", "br"}


class Reader(HTMLParser):
    """Holds that every tag is closed, and collects what stands in which."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.attributes: set[str] = set()
        self.text: dict[str, list[str]] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes |= {name for name, _ in attrs}
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text.setdefault(self.open[-1] if self.open else "", []).append(data)


def read(page: str) -> Reader:
    reader = Reader()
    reader.feed(page)
    reader.close()
    assert reader.open == []
    return reader


@pytest.fixture(scope="module")
def report() -> StyleReport:
    material = talk(500)
    hostile = Turn('<script>alert("ㅋ")</script> & <b>', material.persona.held_out[0].prompt)
    tuned = [hostile, *replies(material, LEANING.answer)[1:]]
    return assess(
        material,
        {"new <v2>": tuned, "old": replies(material, DRY.answer)},
        base=replies(material, bot),
    )


def test_the_page_is_whole_and_asks_nobody_for_anything(report: StyleReport) -> None:
    page = render_page(report)
    reader = read(page)
    assert page.startswith("<!DOCTYPE html>")
    assert {"script", "link", "img", "iframe"}.isdisjoint(reader.tags)
    assert {"src", "href", "onclick"}.isdisjoint(reader.attributes)
    assert not re.search(r"https?:|//|@import|url\(", page)


def test_it_shows_everything_that_was_measured(report: StyleReport) -> None:
    reader = read(render_page(report))
    for name in report.standings["old"].scores:
        assert name in reader.text["td"], name
        assert name in reader.text["text"], name
    assert reader.text["h3"] == list(MARKERS)
    assert reader.tags.count("svg") == 1 + len(MARKERS)
    for label, standing in report.standings.items():
        assert f"{standing.overall:.2f} " in reader.text["p"]
        assert any(label in said for said in reader.text["small"])
    for column in ("Prompt", "하준 really answered", "new <v2>", "old", "base model"):
        assert column in reader.text["th"]


def test_bins_that_are_numbers_stand_in_their_order(report: StyleReport) -> None:
    numbers = [
        int(re.findall(r"\d+", name)[0]) for name in report.distributions["length"].names if name != "…"
    ]
    assert len(numbers) > 5
    assert numbers == sorted(numbers)
    for bins in report.distributions.values():
        for shares in bins.shares.values():
            assert sum(shares) <= 1 + 1e-9


def test_what_was_said_is_shown_to_the_letter_and_is_no_markup(report: StyleReport) -> None:
    reader = read(render_page(report))
    assert "".join(reader.text["td"]).count('<script>alert("ㅋ")</script> & <b>') == 1
    (sample, *_) = report.samples
    for said in (sample.prompt, sample.real, *sample.replies.values()):
        assert said in reader.text["td"]
    assert set(sample.replies) == {"new <v2>", "old", "base model"}
    assert len(report.samples) == 24


def test_a_void_page_shows_why_and_no_grade() -> None:
    material = talk(300, other=DRY)
    reader = read(render_page(assess(material, {"model": replies(material, DRY.answer)})))
    assert any(said.startswith("Void: the two speakers cannot be told apart") for said in reader.text["p"])
    assert not any("95 % between" in said for said in reader.text.get("small", []))
    few = read(render_page(assess(talk(40), {"model": [Turn("ㅇㅇ", "뭐해")]})))
    assert "svg" not in few.tags
    assert any("blocks of 20 messages" in said for said in few.text["p"])
