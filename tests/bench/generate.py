"""A synthetic export of any length, from the sample's own sentences; the same seed gives the same file."""

from __future__ import annotations

import csv
import random
from datetime import datetime, timedelta
from pathlib import Path

from maltu.exports import read_export

PERSONA, OTHER = "하준", "서연"
SAMPLE = next((Path(__file__).parents[2] / "infra" / "local" / "sample").glob("*.csv"))


def write_export(path: Path, messages: int, *, seed: int = 20261122) -> None:
    """Write ``messages`` messages of two people: bursts, silences, quotes, line breaks, numbers."""
    with SAMPLE.open("rb") as stream:
        said = [(m.sender, m.text) for m in read_export(stream, name=SAMPLE.name) if m.kind == "text"]
    by = {name: [text for sender, text in said if sender == name] for name in (PERSONA, OTHER)}
    draw = random.Random(seed)  # noqa: S311 - nothing secret
    sent_at, sender = datetime(2016, 1, 1, 9), PERSONA  # noqa: DTZ001 - exports know no zone
    with path.open("w", encoding="utf-8", newline="") as file:
        file.write("Date,User,Message\n")
        writer = csv.writer(file, quoting=csv.QUOTE_ALL, lineterminator="\n")
        for _ in range(messages):
            chance = draw.random()
            if chance < 0.45:
                sender = OTHER if sender == PERSONA else PERSONA
            sent_at += timedelta(
                seconds=draw.randrange(6 * 3600, 20 * 3600) if chance > 0.99 else draw.randrange(2, 90)
            )
            words = draw.choice(by[sender]).split(" ") + draw.choice(by[sender]).split(" ")
            text = " ".join(words[: draw.randrange(1, len(words) + 1)])
            if chance < 0.05:
                text += f" {draw.randrange(1, 3000)}"
            file.write(f"{sent_at:%Y-%m-%d %H:%M:%S},")
            writer.writerow((sender, text))
