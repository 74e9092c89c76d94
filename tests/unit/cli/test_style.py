"""``maltu style`` on the sample export, as ``maltu prepare`` wrote it."""

from __future__ import annotations

import json
import random
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from maltu.cli import main

if TYPE_CHECKING:
    from collections.abc import Iterable

ROOT = Path(__file__).parents[3]
POLITE = (
    "네, 말씀해 주셔서 감사합니다. 무엇을 도와드릴까요?",
    "좋은 질문이에요! 몇 가지 방법을 안내해 드릴게요.",
    "죄송하지만 해당 내용은 확인이 어렵습니다.",
)


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sample")
    settings = folder / "persona.json"
    settings.write_text(json.dumps({"speaker": "하준", "validation_share": 0.3}), "utf-8")
    (sample,) = (ROOT / "infra" / "local" / "sample").glob("*.csv")
    assert main(["prepare", str(sample), "--settings", str(settings), "--out", str(folder / "dataset")]) == 0
    return folder / "dataset"


def dialogues(dataset: Path, name: str) -> list[tuple[str, str]]:
    lines = (dataset / name).read_text("utf-8").splitlines()
    return [
        (asked["content"], said["content"])
        for line in lines
        for messages in [json.loads(line)["messages"][1:]]
        for asked, said in zip(messages[::2], messages[1::2], strict=True)
    ]


def write(path: Path, replies: Iterable[tuple[str, str]]) -> str:
    lines = [json.dumps({"prompt": asked, "reply": said}, ensure_ascii=False) for asked, said in replies]
    path.write_text("\n".join(lines), "utf-8")
    return str(path)


@pytest.fixture(scope="module")
def replies(dataset: Path) -> dict[str, str]:
    drawing = random.Random(1)  # noqa: S311 - nothing secret is drawn
    held_out = dialogues(dataset, "validation.jsonl")
    trained = [said for _, said in dialogues(dataset, "train.jsonl")]
    sets = {
        "real": held_out,
        # Half of the persona's own, half of an assistant's: a weak fine-tune.
        "half": [
            (asked, said if at % 2 else drawing.choice(POLITE)) for at, (asked, said) in enumerate(held_out)
        ],
        "copied": [(asked, drawing.choice(trained)) for asked, _ in held_out],
        "polite": [(asked, drawing.choice(POLITE)) for asked, _ in held_out],
    }
    return {name: write(dataset.parent / f"{name}.jsonl", said) for name, said in sets.items()}


def style(dataset: Path, out: Path, *arguments: str) -> dict[str, Any]:
    assert main(["style", "--dataset", str(dataset), "--out", str(out), *arguments]) == 0
    return json.loads((out / "style.json").read_text("utf-8"))


def test_the_sample_is_ranked_as_it_must_be(dataset: Path, replies: dict[str, str], tmp_path: Path) -> None:
    found = {name: style(dataset, tmp_path, "--replies", path) for name, path in replies.items()}
    assert not any(report["void"] for report in found.values())
    overall = {name: report["overall"] for name, report in found.items()}
    assert overall["real"] > 0.9 > overall["half"] > overall["polite"] == 0
    assert found["copied"]["copy_rate"] > 0.9
    assert overall["copied"] < 0.1


def test_it_writes_the_report_and_says_what_it_found(
    dataset: Path, replies: dict[str, str], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "new" / "folder"
    report = style(
        dataset, out, "--replies", replies["real"], "--compare", replies["half"], "--base", replies["polite"]
    )

    assert sorted(path.name for path in out.iterdir()) == ["style.html", "style.json"]
    assert set(report) >= {"void", "overall", "copy_rate", "scores", "auc", "warnings", "compare", "beside"}
    for score in report["scores"].values():
        assert set(score) == {"value", "floor", "ceiling", "scaled", "low", "high", "floor_is"}
    assert report["label"] == "real"
    assert report["compare"]["label"] == "half"
    assert set(report["beside"]) == {"other speaker", "base model"}
    printed, err = capfd.readouterr()
    assert err == ""
    said = dict(line.split(maxsplit=1) for line in printed.splitlines())
    assert said["Persona"] == "하준"
    assert said["real"].startswith(f"{report['overall']:.2f} of 1 ({report['low']:.2f} to ")
    assert said["half"].startswith(f"{report['compare']['overall']:.2f} of 1")
    assert said["Difference"].startswith(f"+{report['compare']['difference']['value']:.2f} (")
    assert said["Written"] == f"to     {out}"
    assert "! Only" in printed


def test_the_numbers_hold_no_chat_text(dataset: Path, replies: dict[str, str], tmp_path: Path) -> None:
    style(dataset, tmp_path, "--replies", replies["real"])
    numbers = (tmp_path / "style.json").read_text("utf-8")
    page = (tmp_path / "style.html").read_text("utf-8")
    long = [said for _, said in dialogues(dataset, "validation.jsonl") if len(said) > 8 and "\n" not in said]
    assert len(long) > 10
    assert any(said in page for said in long)
    assert not any(said in numbers for said in long)


def test_a_void_report_is_written_too_and_has_no_grade(
    dataset: Path, replies: dict[str, str], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    few = tmp_path / "few.jsonl"
    few.write_text("\n".join(Path(replies["real"]).read_text("utf-8").splitlines()[:3]), "utf-8")
    report = style(dataset, tmp_path / "out", "--replies", str(few))
    assert report["void"]
    assert report["overall"] is None
    printed = capfd.readouterr().out
    assert "Void           few has 0 blocks of 20 messages, and 2 are needed." in printed


def test_two_files_of_one_name_are_told_apart(dataset: Path, replies: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "old").mkdir()
    old = tmp_path / "old" / "real.jsonl"
    old.write_bytes(Path(replies["half"]).read_bytes())
    report = style(dataset, tmp_path / "out", "--replies", replies["real"], "--compare", str(old))
    assert (report["label"], report["compare"]["label"]) == (f"{dataset.parent.name}/real", "old/real")
    named = tmp_path / "base model.jsonl"
    named.write_bytes(old.read_bytes())
    assert style(dataset, tmp_path / "out", "--replies", str(named))["label"].endswith("/base model")


def test_what_cannot_be_read_is_told_and_nothing_is_written(
    dataset: Path, replies: dict[str, str], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    broken = tmp_path / "broken.jsonl"
    broken.write_text('{"prompt": "뭐해"}', "utf-8")
    out = tmp_path / "out"
    for arguments, said in (
        (("--dataset", str(dataset), "--replies", str(broken)), f"maltu: {broken}, line 1: it must be"),
        (("--dataset", str(dataset), "--replies", "none.jsonl"), "maltu: none.jsonl: No such file"),
        (("--dataset", str(tmp_path), "--replies", replies["real"]), "has no train.jsonl: it is no dataset"),
    ):
        assert main(["style", *arguments, "--out", str(out)]) == 1
        captured = capfd.readouterr()
        assert said in captured.err
        assert captured.out == ""
        assert not out.exists()


def test_the_arguments_are_needed(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as raised:
        main(["style", "--dataset", "x"])
    assert raised.value.code == 2
    assert "--replies, --out" in capfd.readouterr().err
    with pytest.raises(SystemExit):
        main(["style", "--dataset", "x", "--replies", "a", "--compare", "a", "--out", "y"])
    assert "this is the same file" in capfd.readouterr().err


def test_without_the_extra_it_says_how_to_get_it(
    dataset: Path,
    replies: dict[str, str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setitem(sys.modules, "sacrebleu", None)
    arguments = ("--dataset", str(dataset), "--replies", replies["real"], "--out", str(tmp_path / "out"))
    assert main(["style", *arguments]) == 1
    err = capfd.readouterr().err
    assert "needs sacrebleu" in err
    assert "pip install '.[style]'" in err
