"""The same work done several ways; each prints its CPU seconds and peak memory as JSON.

Imports and the loading of the encoding are not counted: they are paid once, and elsewhere.
"""

from __future__ import annotations

import csv
import gc
import importlib
import json
import resource
import sys
import tempfile
import time
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from maltu.dataset import (
    Listener,
    Room,
    build_dataset,
    conversations_of,
    default_system_prompt,
    open_tokenizer,
)
from maltu.dataset.tokenizer import tiktoken_counter
from maltu.dataset.words import ByWords, in_python
from maltu.exports import read_export
from maltu.masking import Masker
from maltu.settings import PersonaSettings
from tests.bench.generate import PERSONA

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from maltu.dataset.build import Masking


class Unmasked:
    """Leaves personal data alone, as the plain scripts do."""

    def __init__(self) -> None:
        self.counts: dict[str, int] = {}

    def mask_all(self, texts: Sequence[str]) -> Sequence[str]:
        """Give the texts back."""
        return texts


SILENCE = timedelta(minutes=PersonaSettings().silence_minutes)
SYSTEM = default_system_prompt(PERSONA)


def csv_reader(path: Path) -> Callable[[], object]:
    """The standard library's reader, its rows thrown away."""

    def work() -> None:
        with path.open(encoding="utf-8", newline="") as file:
            for _ in csv.reader(file):
                pass

    return work


def tiktoken_loop(path: Path) -> Callable[[], object]:
    """Every turn's text through tiktoken, one call each."""
    with path.open("rb") as stream:
        reading = read_export(stream, name=path.name)
        conversations = conversations_of(reading, Listener(speaker=PERSONA), silence=SILENCE)
        texts = [text for turns in conversations for text in turns.texts]
    count = tiktoken_counter("o200k_base")
    count("warm")

    def work() -> None:
        for text in texts:
            count(text)

    return work


def read_only(path: Path) -> Callable[[], object]:
    """Our reader, its messages thrown away."""

    def work() -> None:
        with path.open("rb") as stream:
            for _ in read_export(stream, name=path.name).columns():
                pass

    return work


def dataset_without_tokens(path: Path) -> Callable[[], object]:
    """Export to dataset, characters for tokens, nothing masked."""
    return _dataset(path, len, Unmasked())


def dataset(path: Path) -> Callable[[], object]:
    """Export to dataset as it is deployed: exact tokens, masking and the report."""
    count = ByWords(tiktoken_counter("o200k_base"), adding=in_python)
    count("warm")
    return _dataset(path, count, Masker())


def dataset_counted_faster(path: Path) -> Callable[[], object]:
    """The same with what is optional: rs-bpe, and words added up in C."""
    count = open_tokenizer("o200k_base")
    count("warm")
    return _dataset(path, count, Masker())


def _dataset(path: Path, count: Callable[[str], int], masking: Masking) -> Callable[[], object]:
    def work() -> None:
        with tempfile.TemporaryDirectory() as folder, path.open("rb") as stream:
            build_dataset(
                [Room(messages=read_export(stream, name=path.name))],
                speaker=PERSONA,
                settings=PersonaSettings(),
                count_tokens=count,
                masking=masking,
                directory=Path(folder),
            )

    return work


def plain_script(path: Path) -> Callable[[], object]:
    """What one writes first: DictReader, strptime, tiktoken an example, json.dumps; no masking."""
    count = tiktoken_counter("o200k_base")
    count("warm")

    def work() -> None:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file))
        examples: list[list[dict[str, str]]] = []
        before: datetime | None = None
        for row in rows:
            sent_at = datetime.strptime(row["Date"], "%Y-%m-%d %H:%M:%S")  # noqa: DTZ007 - as it would be
            role = "assistant" if row["User"] == PERSONA else "user"
            if before is None or sent_at - before > SILENCE:
                examples.append([{"role": "system", "content": SYSTEM}])
            if examples[-1][-1]["role"] == role:
                examples[-1][-1]["content"] += "\n" + row["Message"]
            else:
                examples[-1].append({"role": role, "content": row["Message"]})
            before = sent_at
        with tempfile.TemporaryFile("w", encoding="utf-8") as out:
            for example in examples:
                sum(count(message["content"]) for message in example)
                out.write(json.dumps({"messages": example}, ensure_ascii=False) + "\n")

    return work


def pandas_cookbook(path: Path) -> Callable[[], object]:
    """The script found in the wild: pandas, iterrows, and the cookbook's checks and counts afterwards."""
    import numpy as np  # noqa: PLC0415 - only this variant has it

    pd: Any = importlib.import_module("pandas")  # no stubs, and only `make bench` installs it
    count = tiktoken_counter("o200k_base")
    count("warm")

    def tokens(messages: list[dict[str, str]]) -> int:
        return 3 + sum(3 + sum(count(value) for value in message.values()) for message in messages)

    def work() -> None:
        frame = pd.read_csv(path, keep_default_na=False, dtype=str)
        frame["Date"] = pd.to_datetime(frame["Date"])
        examples: list[list[dict[str, str]]] = []
        before = None
        for _, row in frame.iterrows():
            role = "assistant" if row["User"] == PERSONA else "user"
            if before is None or row["Date"] - before > SILENCE:
                examples.append([{"role": "system", "content": SYSTEM}])
            if examples[-1][-1]["role"] == role:
                examples[-1][-1]["content"] += "\n" + row["Message"]
            else:
                examples[-1].append({"role": role, "content": row["Message"]})
            before = row["Date"]
        lengths = [tokens(example) for example in examples]
        spoken = [
            sum(count(message["content"]) for message in example if message["role"] == "assistant")
            for example in examples
        ]
        np.quantile(lengths, [0.1, 0.5, 0.9])
        np.quantile(spoken, [0.1, 0.5, 0.9])
        with tempfile.TemporaryFile("w", encoding="utf-8") as out:
            for example in examples:
                out.write(json.dumps({"messages": example}, ensure_ascii=False) + "\n")

    return work


VARIANTS = {
    each.__name__: each
    for each in (
        csv_reader, tiktoken_loop, read_only, dataset_without_tokens, dataset, dataset_counted_faster,
        plain_script, pandas_cookbook,
    )
}  # fmt: skip


def main(name: str, path: str) -> None:
    """Do one variant's work once."""
    work = VARIANTS[name](Path(path))
    gc.collect()
    started = time.process_time()
    work()
    cpu = time.process_time() - started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(json.dumps({"cpu": cpu, "peak": peak}))


if __name__ == "__main__":
    main(*sys.argv[1:])
