"""Opening a base model: a folder, a GGUF file or a hub id."""

from __future__ import annotations

import os
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

# Before the libraries that read them are imported. Nothing of what is trained here concerns a hub. And a
# thread that waits by spinning, as OpenMP's do, takes the core that the thread it waits for needs: on two
# cores that others use too, a small model's step took 70 times as long.
os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import torch
import transformers

from infra.local.finetuning.engine import TrainingFailed
from infra.local.finetuning.lora.tokens import Encoder

if TYPE_CHECKING:
    from collections.abc import Mapping

# What a CPU must have to gain by it: half the memory, and nearly twice the speed.
_BFLOAT16 = ("avx512_bf16", "amx_bf16")

# peft asks transformers by a name that transformers 6 will not know.
warnings.filterwarnings("ignore", ".*is_gradient_checkpointing. is deprecated", FutureWarning)
transformers.logging.set_verbosity_error()
transformers.logging.disable_progress_bar()


def chosen_device() -> torch.device:
    """The fastest that this machine has."""
    if torch.cuda.is_available():
        return torch.device("cuda")
    return torch.device("mps" if torch.backends.mps.is_available() else "cpu")


def open_encoder(base: str) -> Encoder:
    """The base model's tokenizer.

    Raises:
        TrainingFailed: there is no such model.
    """
    try:
        return Encoder(transformers.AutoTokenizer.from_pretrained(**_source(base)))
    except (OSError, ValueError) as error:
        raise _cannot_be_loaded(base, error) from error


def open_model(base: str, device: torch.device) -> Any:  # noqa: ANN401  every architecture has its own class
    """The base model, ready to be asked: in bfloat16 where the device computes with it, else in float32.

    Raises:
        TrainingFailed: there is no such model.
    """
    options: dict[str, Any] = {"dtype": _precision(device), **_source(base)}
    if "gguf_file" in options:
        options["quantization_config"] = transformers.GgufConfig(dequantize=True)
    try:
        model = transformers.AutoModelForCausalLM.from_pretrained(**options)
    except (OSError, ValueError) as error:
        raise _cannot_be_loaded(base, error) from error
    return cast("Any", model).to(device).eval()


def _precision(device: torch.device) -> torch.dtype:
    if device.type == "cuda":
        halved = torch.cuda.is_bf16_supported()
    else:
        known = torch.cpu.get_capabilities()
        halved = device.type == "cpu" and any(known.get(each) for each in _BFLOAT16)
    return torch.bfloat16 if halved else torch.float32


def _source(base: str) -> Mapping[str, Any]:
    path = Path(base).expanduser()
    if path.suffix == ".gguf":
        return {"pretrained_model_name_or_path": str(path.parent), "gguf_file": path.name}
    if path.exists():
        return {"pretrained_model_name_or_path": str(path), "local_files_only": True}
    return {"pretrained_model_name_or_path": base}


def _cannot_be_loaded(base: str, error: Exception) -> TrainingFailed:
    return TrainingFailed(
        f"The base model '{base}' could not be loaded ({type(error).__name__}): it must be a folder or a "
        "GGUF file of a causal language model that transformers knows, or the id of one on a hub that can be "
        "reached from here."
    )
