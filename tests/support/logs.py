"""What is logged in this process."""

from __future__ import annotations

import logging
from contextlib import contextmanager
from typing import TYPE_CHECKING

from aws_lambda_powertools import Logger

if TYPE_CHECKING:
    from collections.abc import Generator

    import pytest


@contextmanager
def everything_logged(monkeypatch: pytest.MonkeyPatch) -> Generator[list[str]]:
    """Keep everything that is logged, by whomever and at whatever level, a line a record."""
    lines: list[str] = []
    # The functions' logger is set up by the first that is made, and only where nobody listens yet.
    Logger()

    class Keeping(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(f"{record.getMessage()} {record.__dict__}")

    keeping = Keeping(logging.DEBUG)
    loggers = [logging.getLogger(name) for name in (None, "maltu")]
    for logger in loggers:
        monkeypatch.setattr(logger, "level", logging.DEBUG)
        logger.addHandler(keeping)
    logging.getLogger("maltu").manager._clear_cache()  # noqa: SLF001 # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType] - levels are remembered there
    try:
        yield lines
    finally:
        for logger in loggers:
            logger.removeHandler(keeping)
