"""How far a training is, on disk, so that it can go on from there with the same result."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import torch

from infra.local.finetuning.engine import Checkpoint
from infra.local.finetuning.lora.tuning import learning

if TYPE_CHECKING:
    from pathlib import Path

_FILE: Final = "resume.pt"


@dataclass(slots=True)
class State:
    """``step`` steps are done; ``metrics`` are the last ones measured."""

    step: int = 0
    trained_tokens: int = 0
    metrics: dict[str, float] = field(default_factory=dict[str, float])
    checkpoints: list[Checkpoint] = field(default_factory=list[Checkpoint])


def save(folder: Path, state: State, model: Any, optimizer: torch.optim.Optimizer) -> None:  # noqa: ANN401  every architecture has its own class
    """Write everything that the next step depends on; whoever is killed here has the earlier one still."""
    kept = {
        "step": state.step,
        "trained_tokens": state.trained_tokens,
        "metrics": state.metrics,
        "checkpoints": [(each.step, dict(each.metrics)) for each in state.checkpoints],
        "weights": [parameter.detach() for parameter in learning(model)],
        "optimizer": optimizer.state_dict(),
        "chance": torch.get_rng_state(),
        "chance_cuda": torch.cuda.get_rng_state_all() if torch.cuda.is_available() else [],
    }
    partial = folder / f"{_FILE}.partial"
    torch.save(kept, partial)
    partial.replace(folder / _FILE)


def restore(folder: Path, model: Any, optimizer: torch.optim.Optimizer) -> State | None:  # noqa: ANN401  see above
    """Take up what ``save`` wrote; ``None`` where there is nothing."""
    path = folder / _FILE
    if not path.exists():
        return None
    kept: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
    with torch.no_grad():
        for parameter, value in zip(learning(model), kept["weights"], strict=True):
            parameter.copy_(value)
    optimizer.load_state_dict(kept["optimizer"])
    torch.set_rng_state(kept["chance"])
    if torch.cuda.is_available():
        torch.cuda.set_rng_state_all(kept["chance_cuda"])
    checkpoints = [Checkpoint(step, metrics) for step, metrics in kept["checkpoints"]]
    return State(kept["step"], kept["trained_tokens"], kept["metrics"], checkpoints)


def forget(folder: Path) -> None:
    """Remove what is of no use after the last step."""
    (folder / _FILE).unlink(missing_ok=True)
