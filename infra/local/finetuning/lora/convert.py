"""``python -m infra.local.finetuning.lora.convert model.gguf folder``: a GGUF file as transformers likes it.

transformers takes a minute to unpack Gemma 3 270M each time it opens the file, and seconds for the folder.
"""

from __future__ import annotations

import sys
from pathlib import Path

import torch

from infra.local.finetuning.lora.loading import open_encoder, open_model


def main() -> None:
    """Write the folder, in bfloat16: finer than what was quantised."""
    source, target = sys.argv[1:]
    model = open_model(source, torch.device("cpu")).to(torch.bfloat16)
    # Otherwise the folder would claim to be a quantised model still.
    model.config.__dict__.pop("quantization_config", None)
    model.save_pretrained(Path(target))
    open_encoder(source).tokenizer.save_pretrained(Path(target))


if __name__ == "__main__":
    main()
