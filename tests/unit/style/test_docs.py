"""docs/style.md says what the code does."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from maltu.cli.arguments import parse
from maltu.interview import SECONDS
from maltu.providers.estimates import EVALUATION_ANSWER_TOKENS
from maltu.settings import PersonaSettings
from maltu.style import read_dataset, read_replies
from maltu.style.assess import assess
from maltu.style.authorship import FEWEST_BLOCKS
from maltu.style.cautions import FEW_COMPARED, FEWEST_AUC, FEWEST_COMPARED
from maltu.style.copying import LONG_CHARACTERS
from maltu.style.grading import REPETITION_TOLERATED
from maltu.style.scaling import CONFIDENCE, DRAWS
from maltu.style.turns import BLOCK_MESSAGES
from tests.unit.style.people import DRY, LEANING, bot, replies, talk

if TYPE_CHECKING:
    from maltu.style import StyleReport

PAGE = (Path(__file__).parents[3] / "docs" / "style.md").read_text("utf-8")
# The first of each kind.
BLOCKS = dict(reversed(re.findall(r"^```(\w+)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)))


def table(heading: str) -> list[str]:
    (section,) = re.findall(rf"^## {heading}\n(.*?)(?=^## )", PAGE, re.MULTILINE | re.DOTALL)
    return re.findall(r"^\| `(\w+)`", section, re.MULTILINE)


@pytest.fixture(scope="module")
def report() -> StyleReport:
    material = talk(500)
    versions = {"new": replies(material, DRY.answer), "old": replies(material, LEANING.answer)}
    return assess(material, versions, base=replies(material, bot))


def test_every_measure_stands_there(report: StyleReport) -> None:
    assert table("The measures") == list(report.standings["new"].scores)


def test_every_field_stands_there(report: StyleReport) -> None:
    assert table("The report") == list(report.as_json())


def test_the_numbers_are_the_codes() -> None:
    plain = " ".join(PAGE.split())
    assert REPETITION_TOLERATED == 0.8
    for said in (
        f"a block of {BLOCK_MESSAGES} messages",
        f"replies of {LONG_CHARACTERS} characters or more",
        f"AUC, by cross-validation over stretches of time, is under {FEWEST_AUC}",
        f"fewer than {FEWEST_BLOCKS} blocks of {BLOCK_MESSAGES} messages of one side to learn from",
        f"fewer than {FEWEST_COMPARED} of any set to compare",
        f"{CONFIDENCE * 100:.0f} % intervals from {DRAWS} resamples",
        f"Under {FEW_COMPARED} blocks, a warning",
        "where four fifths of the persona's own variety are enough",
        f"An answer has at most {EVALUATION_ANSWER_TOKENS} tokens.",
        f"{EVALUATION_ANSWER_TOKENS} × the price of output",
        f"is asked for {SECONDS:.0f} seconds",
        f"With {PersonaSettings().style_prompts} prompts",
    ):
        assert said in plain, said


def test_the_command_is_understood() -> None:
    (line,) = (line for line in BLOCKS["bash"].splitlines() if line.startswith("maltu "))
    arguments = parse(shlex.split(line)[1:])
    assert arguments.command == "style"
    assert arguments.replies == Path("replies.jsonl")
    assert set(json.loads(BLOCKS["json"])) == {"prompt", "reply"}


def test_the_script_asks_every_held_out_turn_with_the_dialogue_so_far(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dataset = tmp_path / "build" / "dataset"
    dataset.mkdir(parents=True)
    system = {"role": "system", "content": "너는 하준."}
    said = [{"role": role, "content": text} for role, text in (("user", "왔어?"), ("assistant", "ㅇㅇ"))]
    again = [said[0], {**said[1], "weight": 0}]
    more = [{"role": "user", "content": "뭐 먹지\n배고파"}, {"role": "assistant", "content": "라면"}]
    lines = [{"messages": [system, *said]}, {"messages": [system, *again, *more]}]
    for name in ("train.jsonl", "validation.jsonl"):
        (dataset / name).write_text("\n".join(json.dumps(line) for line in lines), "utf-8")
    (dataset / "report.json").write_text('{"speaker": "하준", "speakers": {"하준": 2, "서연": 2}}', "utf-8")
    asked: list[Any] = []

    def create(*, model: str, messages: list[Any]) -> Any:  # noqa: ANN401 - stands in for a client
        asked.append((model, [message["role"] for message in messages]))
        return SimpleNamespace(choices=[SimpleNamespace(message=SimpleNamespace(content="응\n라면"))])

    def client(*, base_url: str, api_key: str) -> SimpleNamespace:
        assert (base_url, api_key) == ("", "")
        return SimpleNamespace(chat=SimpleNamespace(completions=SimpleNamespace(create=create)))

    monkeypatch.setattr("openai.OpenAI", client)
    monkeypatch.chdir(tmp_path)
    exec(BLOCKS["python"], {"BASE_URL": "", "API_KEY": ""})  # noqa: S102 - our own page

    assert asked == [("하준", ["user"]), ("하준", ["user", "assistant", "user"])]
    replied = [turn.prompt for turn in read_replies(tmp_path / "replies.jsonl")]
    assert replied == ["왔어?", "뭐 먹지\n배고파"]
    assert replied == [turn.prompt for turn in read_dataset(dataset).persona.held_out]
