"""``python -m tests.load.big_one EXPORT FOLDER SPEAKER``: make a dataset, and tell what it took as JSON."""

from __future__ import annotations

import json
import sys
import time
from contextlib import redirect_stdout
from pathlib import Path

from maltu.cli import main as maltu
from tests.load.big import peak_megabytes


def main() -> None:
    """Prepare, and print."""
    export, folder, speaker = sys.argv[1:]
    for optional in ("maltu.dataset._words", "rs_bpe.bpe"):
        # As in the functions, which have neither.
        sys.modules[optional] = None  # pyright: ignore[reportArgumentType] - how Python writes what is not there
    Path(folder).mkdir(exist_ok=True)
    began = time.process_time()
    with redirect_stdout(sys.stderr):
        # Above its model's limits, a dataset is written nevertheless.
        maltu(["prepare", export, "--speaker", speaker, "--out", folder])
    print(json.dumps({"cpu": time.process_time() - began, "peak": peak_megabytes()}))


if __name__ == "__main__":
    main()
