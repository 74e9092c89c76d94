"""``python -m tests.load.big``: one enormous export through both passes, format by format.

Each runs in a process of its own, as ``maltu prepare`` does it and preprocessing does: CPU seconds count, and
the most memory that it held. A Lambda of 1,769 MB has one processor.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.bench.generate import PERSONA, write_export
from tests.support.handlers import ROOT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    Rows = Iterable[tuple[datetime, str, str]]

BYTES_PER_MESSAGE = 67
ENORMOUS = 5e9


def whatsapp(rows: Rows, path: Path) -> None:
    """WhatsApp on an iPhone."""
    with path.open("w", encoding="utf-8") as file:
        for sent_at, sender, text in rows:
            file.write(f"[{sent_at:%d/%m/%Y, %H:%M:%S}] {sender}: {text}\n")


def telegram(rows: Rows, path: Path) -> None:
    """Telegram's desktop app: a line for every field, and a text twice."""
    with path.open("w", encoding="utf-8") as file:
        file.write('{\n "name": "chat",\n "type": "personal_chat",\n "id": 1,\n "messages": [')
        for number, (sent_at, sender, text) in enumerate(rows):
            message: dict[str, Any] = {
                "id": number,
                "type": "message",
                "date": sent_at.isoformat(),
                "date_unixtime": str(int(sent_at.timestamp())),
                "from": sender,
                "from_id": f"user{sum(map(ord, sender))}",
                "text": text,
                "text_entities": [{"type": "plain", "text": text}],
            }
            lines = json.dumps(message, ensure_ascii=False, indent=1).replace("\n", "\n  ")
            file.write(f"{',' if number else ''}\n  {lines}")
        file.write("\n ]\n}")


# The source is KakaoTalk's CSV itself.
FORMATS: dict[str, tuple[str, Callable[[Rows, Path], None] | None]] = {
    "kakaotalk-csv": ("source.csv", None),
    "whatsapp": ("_chat.txt", whatsapp),
    "telegram": ("result.json", telegram),
}


def main() -> None:
    """Print a line for each format."""
    parser = argparse.ArgumentParser(prog="python -m tests.load.big", description=__doc__)
    parser.add_argument("formats", nargs="*", default=list(FORMATS))
    parser.add_argument(
        "--megabytes", type=int, default=100, help="of the CSV; the others tell the same chat"
    )
    asked = parser.parse_args()
    print(f"{platform.platform()}, Python {platform.python_version()}, {os.cpu_count()} cores\n")
    titles = ("format", "MB", "dataset MB", "CPU s", "MB/s", "peak MB", "5 GB in s")
    print(f"{titles[0]:16}" + "".join(f"{title:>12}" for title in titles[1:]))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        source = folder / "source.csv"
        write_export(source, asked.megabytes * 1_000_000 // BYTES_PER_MESSAGE)
        for chosen in asked.formats:
            file, write = FORMATS[chosen]
            path = folder / file
            if write is not None:
                with source.open(encoding="utf-8", newline="") as stream:
                    rows = csv.reader(stream)
                    next(rows)
                    write(((datetime.fromisoformat(at), sender, text) for at, sender, text in rows), path)
            print(_line(chosen, path, folder / "dataset"), flush=True)
            if path != source:
                path.unlink()


def _line(chosen: str, path: Path, out: Path) -> str:
    command = [sys.executable, "-m", "tests.load.big_one", str(path), str(out), PERSONA]
    env = {**os.environ, "PYTHONPATH": f"{ROOT / 'shared'}{os.pathsep}{ROOT}"}
    done = subprocess.run(command, check=True, capture_output=True, text=True, env=env, cwd=ROOT)
    told: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    size, rate = path.stat().st_size, path.stat().st_size / told["cpu"]
    made = sum(file.stat().st_size for file in out.iterdir())
    for file in out.iterdir():
        file.unlink()
    figures = (size / 1e6, made / 1e6, told["cpu"], rate / 1e6, told["peak"], ENORMOUS / rate)
    shown = (f"{figure:12,.{digits}f}" for figure, digits in zip(figures, (0, 0, 1, 1, 0, 0), strict=True))
    return f"{chosen:16}" + "".join(shown)


def peak_megabytes() -> float:
    """The most that this process has held in memory."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    # Linux counts in kibibytes, macOS in bytes.
    return peak / 1e6 if sys.platform == "darwin" else peak * 1024 / 1e6


if __name__ == "__main__":
    main()
