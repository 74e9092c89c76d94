"""Does dialogue-shaped training sound more like the person than pairs of question and answer?

Both recipes and, where the engine answers untuned, its base model are trained and asked through the local
fine-tuning server, on the sample and on a larger chat of two people who do not exist, and measured as
``maltu style`` measures. Run it with ``PYTHONPATH=shared:. .venv/bin/python -m tests.bench.recipes``;
``--engine`` names another engine.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import random
import sys
import tempfile
import time
from contextlib import redirect_stdout
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import openai

from infra.local.finetuning import create_app, serve
from infra.local.finetuning.engines import open_engine
from maltu.cli import main as maltu
from maltu.providers.estimates import EVALUATION_ANSWER_TOKENS
from maltu.style import Turn, read_dataset
from maltu.style.assess import assess
from maltu.style.grading import VIEWS
from tests.bench.generate import OTHER, PERSONA, SAMPLE
from tests.support.dialogues import START, as_csv
from tests.unit.style.people import DRY, WARM

if TYPE_CHECKING:
    from collections.abc import Sequence

    from maltu.style import Material, Question, Standing

RECIPES = ("conversation", "pair")
CHATS = ("sample", "generated")
SHARE = 0.2
TURNS = 6_000
MOST_ASKED = 400


@dataclass(frozen=True)
class Chat:
    """A chat whose newest conversations are kept from training, by both recipes the same ones."""

    name: str
    material: Material
    system: str
    train: dict[str, Path]

    @property
    def questions(self) -> Sequence[Question]:
        """What is asked of every model."""
        asked = self.material.questions
        return asked[:: max(1, len(asked) // MOST_ASKED)][:MOST_ASKED]


def main() -> None:
    """Train, ask, measure, and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--engine", default="retrieval")
    parser.add_argument("--base-model", help="a folder, a GGUF file or a hub id, for the engine lora")
    parser.add_argument("--chats", nargs="+", choices=CHATS, default=CHATS)
    parser.add_argument("--turns", type=int, default=TURNS)
    chosen = parser.parse_args()
    about = f"Python {platform.python_version()}, {os.cpu_count()} cores"
    print(f"{datetime.now(UTC):%Y-%m-%d}, {about}, engine {chosen.engine}\n")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        generated = folder / "generated.csv"
        generated.write_text(invented(chosen.turns), "utf-8")
        exports = {"sample": SAMPLE, "generated": generated}
        chats = [prepared(chat, exports[chat], folder) for chat in chosen.chats]
        app = create_app(
            folder / "provider", engine=open_engine(chosen.engine, chosen.base_model), api_key="local"
        )
        with (
            serve(app) as url,
            openai.OpenAI(base_url=url, api_key="local", timeout=3600) as client,
        ):
            for chat in chats:
                compare(chat, client, chosen.engine)


def invented(turns: int, *, seed: int = 20261122) -> str:
    """Two people answer each other; the topic stays for a while, and a conversation is a day's."""
    draw = random.Random(seed)  # noqa: S311 - nothing secret
    rows: list[tuple[str, str, str]] = []
    at, said = START, ""
    for turn in range(turns):
        at = START + timedelta(days=turn // 8) if turn % 8 == 0 else at
        asked = WARM.answer(said if turn % 8 else "", draw)
        said = DRY.answer(asked, draw)
        for who, text in ((OTHER, asked), (PERSONA, said)):
            for line in text.split("\n"):
                at += timedelta(seconds=20)
                rows.append((str(at), who, line))
    return as_csv(rows)


def prepared(name: str, export: Path, folder: Path) -> Chat:
    """Make both recipes' datasets, and cut them at the same turn."""
    datasets: dict[str, Path] = {}
    for recipe in RECIPES:
        out = folder / f"{name}-{recipe}"
        settings = folder / f"{recipe}.json"
        settings.write_text(json.dumps({"recipe": recipe, "validation_share": SHARE}), "utf-8")
        with redirect_stdout(sys.stderr):
            status = maltu(
                ["prepare", str(export), "--speaker", PERSONA, "--settings", str(settings), "--out", str(out)]
            )
        assert not status
        datasets[recipe] = out
    material = read_dataset(datasets["conversation"])
    # A pair has a question: what the persona began by itself is in the conversations alone.
    answered = [turn.text for turn in material.persona.train if turn.prompt.strip()]
    pairs = datasets["pair"]
    lines = [
        line
        for part in ("train", "validation")
        for line in (pairs / f"{part}.jsonl").read_text("utf-8").splitlines()
    ]
    kept = lines[: len(answered)]
    same = [json.loads(line)["messages"][-1]["content"] for line in kept] == answered
    assert same, "the recipes do not teach the same turns"
    (pairs / "train.jsonl").write_text("\n".join(kept) + "\n", "utf-8")
    (first, *_) = json.loads(lines[0])["messages"]
    train = {recipe: path / "train.jsonl" for recipe, path in datasets.items()}
    return Chat(name, material, first["content"], train)


def compare(chat: Chat, client: openai.OpenAI, engine: str) -> None:
    """Print one chat's table."""
    replies: dict[str, list[Turn]] = {}
    for recipe, path in chat.train.items():
        began = time.process_time()
        model = tuned(path, client, engine)
        print(
            f"{chat.name}, {recipe}: trained in {time.process_time() - began:.1f} s of CPU", file=sys.stderr
        )
        replies[recipe] = answers(chat, model, client, alone=recipe == "pair")
    base: list[Turn] = []
    try:
        base = answers(chat, base_of(client), client, alone=False)
    except openai.APIStatusError:
        print(f"{engine} does not answer untuned.", file=sys.stderr)
    report = assess(chat.material, replies, base=base)
    trained, asked = len(chat.material.persona.train), len(chat.questions)
    print(
        f"{chat.name}: {trained:,} turns trained, {asked:,} asked, AUC {report.auc}, {report.blocks} blocks"
    )
    print("".join(f"! {why}\n" for why in report.void_because), end="")
    print("| Asked | Overall | Authorship | Bits | Markers | Copied | chrF |\n|---|---|---|---|---|---|---|")
    for name, standing in {**report.standings, **report.beside}.items():
        print(row(name, standing))
    if difference := report.difference:
        low, high = difference.low, difference.high
        print(f"conversation less pair: {difference.value:+.3f} ({low:+.3f} to {high:+.3f})")
    views = [
        f"{name} {a:+.3f}"
        for name, a in ((view, gain(report.standings, view)) for view in ("authorship", "bits_per_character"))
    ]
    print(f"scaled views, conversation less pair: {', '.join(views)}\n")


def tuned(path: Path, client: openai.OpenAI, engine: str) -> str:
    """Fine-tune as any client does; give the model's name."""
    with path.open("rb") as content:
        file = client.files.create(file=content, purpose="fine-tune")
    job = client.fine_tuning.jobs.create(model=base_of(client), training_file=file.id, seed=1)
    while job.status not in {"succeeded", "failed", "cancelled"}:
        time.sleep(0.05)
        job = client.fine_tuning.jobs.retrieve(job.id)
    assert job.fine_tuned_model, f"{engine}: {job.error}"
    return job.fine_tuned_model


def base_of(client: openai.OpenAI) -> str:
    """The one model that the server tunes."""
    return next(model.id for model in client.models.list() if not model.id.startswith("ft:"))


def answers(chat: Chat, model: str, client: openai.OpenAI, *, alone: bool) -> list[Turn]:
    """Ask every question as the model was trained: with the dialogue so far, or ``alone``."""
    said: list[Turn] = []
    for question in chat.questions:
        shown = question.dialogue[-1:] if alone else question.dialogue
        messages: Any = [{"role": "system", "content": chat.system}, *shown]
        answer = client.chat.completions.create(
            model=model, messages=messages, seed=1, max_tokens=EVALUATION_ANSWER_TOKENS
        )
        said.append(Turn(answer.choices[0].message.content or "", question.asked))
    return said


def row(name: str, standing: Standing) -> str:
    """One line of the table."""
    scores = standing.scores
    markers = [scores[marker].scaled for marker in VIEWS[2]]
    known = [each for each in markers if each is not None]
    shown = [scores["authorship"].scaled, scores["bits_per_character"].scaled, sum(known) / len(known)]
    cells = [f"{standing.overall:.2f} ({standing.low:.2f}–{standing.high:.2f})"]
    cells += ["–" if each is None else f"{each:.2f}" for each in shown]
    return f"| {name} | {' | '.join(cells)} | {standing.copy_rate:.0%} | {scores['chrf'].value:.1f} |"


def gain(standings: Any, view: str) -> float:  # noqa: ANN401 - by label
    """How much higher the first recipe stands in one view."""
    first, second = ((standings[recipe].scores[view].scaled or 0.0) for recipe in RECIPES)
    return first - second


if __name__ == "__main__":
    main()
