from __future__ import annotations

import pytest
import torch

from infra.local.finetuning.lora.worker import reason_of


def test_want_of_memory_is_told_as_such(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(RuntimeError) as failed:
        torch.empty(2**50)

    assert reason_of(failed.value).startswith("The training ran out of memory. A smaller batch_size")
    assert reason_of(torch.OutOfMemoryError("CUDA out of memory.")) == reason_of(failed.value)
    assert reason_of(MemoryError()) == reason_of(failed.value)
    assert "test_worker.py" in capsys.readouterr().err


def test_whatever_else_happens_is_told_without_its_words(capsys: pytest.CaptureFixture[str]) -> None:
    reason = reason_of(ValueError("비밀"))

    assert "ValueError" in reason
    assert "비밀" not in reason + capsys.readouterr().err
