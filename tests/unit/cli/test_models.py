from __future__ import annotations

import json
from datetime import date
from typing import TYPE_CHECKING

import pytest

from maltu.catalogue import list_base_models
from maltu.cli import main
from maltu.providers.base_models import base_models

if TYPE_CHECKING:
    from collections.abc import Mapping


def rows(capsys: pytest.CaptureFixture[str]) -> Mapping[str, str]:
    assert main(["models"]) == 0
    table, _, notes = capsys.readouterr().out.partition("\n\n")
    assert "no source was found" in notes
    return {line.split()[0]: line for line in table.splitlines()[1:]}


def test_people_see_every_model_and_which_figures_are_doubtful(capsys: pytest.CaptureFixture[str]) -> None:
    shown = rows(capsys)
    assert shown.keys() == {model.id for model in base_models()}
    assert shown["gpt-4.1-mini-2025-04-14"].split()[1:] == [
        "openai", "chat", "5.00*", "0.80", "3.20", "10+", "2027-01-06", "2027-01-14",
    ]  # fmt: skip
    assert shown["amazon.nova-micro-v1:0:128k"].split()[1:] == [
        "bedrock", "bedrock", "1.00*", "0.035", "0.14", "8-20,000", "-", "-",
    ]  # fmt: skip
    assert shown["amazon.nova-2-lite-v1:0:256k"].split()[3] == "-"
    assert shown["davinci-002"].split()[1] == "x"


def test_columns_stand_under_their_headings(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models"]) == 0
    heading, *lines = capsys.readouterr().out.partition("\n\n")[0].splitlines()
    for name in ("Host", "Format", "Train", "Jobs until"):
        at = heading.index(name)
        assert all(line[at - 1] == " " != line[at] for line in lines)


def test_it_is_plain_ascii_for_any_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models"]) == 0
    assert capsys.readouterr().out.isascii()


def test_programs_get_what_the_endpoint_answers(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models", "--json"]) == 0
    listed = json.loads(capsys.readouterr().out)
    assert listed == list_base_models(today=date.today())  # noqa: DTZ011 - the command's own day


@pytest.mark.parametrize(("day", "is_open"), [(date(2027, 1, 5), True), (date(2027, 1, 6), False)])
def test_a_model_closes_on_its_day(day: date, is_open: bool) -> None:  # noqa: FBT001 - the case
    mini = next(
        model for model in list_base_models(today=day)["data"] if model["id"].startswith("gpt-4.1-mini")
    )
    assert mini["open"] == is_open
    assert bool(mini["alternatives"]) != is_open
