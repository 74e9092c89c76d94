"""One step of training: examples, their loss, and the weights that learn from it."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import peft
import torch
from torch.nn import functional
from torch.nn.utils.rnn import pad_sequence

from infra.local.finetuning.lora.batches import rows_at_once

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    from infra.local.finetuning.lora.tokens import Sequenced

RANK: Final = 16
RATE: Final = 5e-4
_WARM_UP: Final = 0.05
_LARGEST_NORM: Final = 1.0
# What a pass may hold: tokens, and logits, of which a large vocabulary makes the most of all memory.
_MOST_TOKENS: Final = 4096
_MOST_LOGITS: Final = 2**27


def with_adapter(model: Any, *, seed: int) -> Any:  # noqa: ANN401  every architecture has its own class
    """The model with a new adapter on all of its linear layers, which alone learns."""
    torch.manual_seed(seed)
    config = peft.LoraConfig(
        r=RANK, lora_alpha=2 * RANK, lora_dropout=0.0, target_modules="all-linear", task_type="CAUSAL_LM"
    )
    return peft.get_peft_model(model, config).train()


def optimizer_of(model: Any) -> torch.optim.AdamW:  # noqa: ANN401  see above
    """AdamW for what learns."""
    return torch.optim.AdamW(learning(model), lr=RATE, weight_decay=0.0, fused=True)


def learning(model: Any) -> list[torch.nn.Parameter]:  # noqa: ANN401  see above
    """What learns, in a stable order."""
    return [parameter for parameter in model.parameters() if parameter.requires_grad]


def rate_at(step: int, steps: int) -> float:
    """Which part of the learning rate holds in step 0, 1, …: it rises for a twentieth, then falls to zero."""
    warm_up = max(1, round(_WARM_UP * steps))
    return min((step + 1) / warm_up, (steps - step) / max(1, steps - warm_up))


@dataclass(frozen=True, slots=True)
class Loss:
    """A sum over ``tokens`` learned tokens; ``hits`` of them were the likeliest."""

    total: float
    tokens: int
    hits: int

    @property
    def mean(self) -> float:
        """Nats a token."""
        return self.total / self.tokens

    @property
    def accuracy(self) -> float:
        """The part that was the likeliest token."""
        return self.hits / self.tokens

    def __add__(self, other: Loss) -> Loss:
        return Loss(self.total + other.total, self.tokens + other.tokens, self.hits + other.hits)


NONE: Final = Loss(0.0, 0, 0)


def step(
    model: Any,  # noqa: ANN401  see above
    optimizer: torch.optim.Optimizer,
    examples: Sequence[Sequenced],
    batch: Sequence[int],
    rate: float,
) -> Loss:
    """Learn from a batch: every learned token of it counts the same."""
    weight = sum(examples[at].weight for at in batch)
    loss = NONE
    for part in _parts(model, examples, batch):
        total, found = _loss(model, part)
        (total / weight).backward()
        loss += found
    torch.nn.utils.clip_grad_norm_(learning(model), _LARGEST_NORM)
    for group in optimizer.param_groups:
        group["lr"] = RATE * rate
    optimizer.step()
    optimizer.zero_grad()
    return loss


def measure(model: Any, examples: Sequence[Sequenced]) -> Loss:  # noqa: ANN401  see above
    """The loss on examples, from which nothing is learned."""
    model.eval()
    with torch.inference_mode():
        parts = _parts(model, examples, range(len(examples)))
        loss = sum((_loss(model, part)[1] for part in parts), NONE)
    model.train()
    return loss


def _parts(model: Any, examples: Sequence[Sequenced], batch: Sequence[int]) -> list[list[Sequenced]]:  # noqa: ANN401  see above
    costs = [(len(one.ids), one.weight) for one in examples]
    most = (_MOST_TOKENS, _MOST_LOGITS // model.config.vocab_size)
    return [[examples[at] for at in part] for part in rows_at_once(batch, costs, most=most)]


def _loss(model: Any, examples: Sequence[Sequenced]) -> tuple[torch.Tensor, Loss]:  # noqa: ANN401  see above
    ids = pad_sequence([torch.tensor(one.ids) for one in examples], batch_first=True).to(model.device)
    learned = pad_sequence([torch.tensor(one.learned) for one in examples], batch_first=True).to(model.device)
    lengths = torch.tensor([len(one.ids) for one in examples])
    mask = (torch.arange(ids.shape[1])[None, :] < lengths[:, None]).to(model.device)
    padded = not bool(mask.all())
    # A token is foretold where the one before it stands.
    with _logits_only_at(model, learned[:, 1:]):
        logits = model(
            input_ids=ids[:, :-1], attention_mask=mask[:, :-1].long() if padded else None, use_cache=False
        ).logits
    targets = ids[:, 1:][learned[:, 1:]]
    total = functional.cross_entropy(logits.float(), targets, reduction="sum")
    hits = int((logits.detach().argmax(-1) == targets).sum())
    return total, Loss(float(total.detach()), len(targets), hits)


@contextmanager
def _logits_only_at(model: Any, places: torch.Tensor) -> Generator[None]:  # noqa: ANN401  see above
    """Logits for ``places`` only, in shape ``(places, vocabulary)``: for all, they would fill the memory."""
    head: torch.nn.Module = model.get_output_embeddings()
    hook = head.register_forward_pre_hook(lambda _, inputs: (inputs[0][places],))
    try:
        yield
    finally:
        hook.remove()
