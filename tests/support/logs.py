"""What is logged in this process."""

from __future__ import annotations

import json
import logging
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Logger

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    import pytest


@contextmanager
def everything_logged(monkeypatch: pytest.MonkeyPatch) -> Generator[list[str]]:
    """Keep everything that is logged, by whomever and at whatever level, a line a record."""
    lines: list[str] = []
    with _listening(monkeypatch, logging.DEBUG, (None, "maltu")) as heard:
        heard.append(lambda record: lines.append(f"{record.getMessage()} {record.__dict__}"))
        yield lines


@contextmanager
def lines_logged(monkeypatch: pytest.MonkeyPatch) -> Generator[list[dict[str, Any]]]:
    """Keep what the functions log, as CloudWatch gets it."""
    lines: list[dict[str, Any]] = []
    with _listening(monkeypatch, logging.INFO, ("maltu",)) as heard:
        formatter = next(each.formatter for each in logging.getLogger("maltu").handlers if each.formatter)
        heard.append(lambda record: lines.append(json.loads(formatter.format(record))))
        yield lines


@contextmanager
def _listening(
    monkeypatch: pytest.MonkeyPatch, level: int, names: tuple[str | None, ...]
) -> Generator[list[Callable[[logging.LogRecord], None]]]:
    """Show every record from ``level`` on to whoever is appended to what this yields."""
    listeners: list[Callable[[logging.LogRecord], None]] = []
    # The functions' logger is set up by the first that is made, and only where nobody listens yet.
    Logger()

    class Showing(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            for listener in listeners:
                listener(record)

    showing = Showing(level)
    loggers = [logging.getLogger(name) for name in names]
    for logger in loggers:
        monkeypatch.setattr(logger, "level", min(level, logger.level))
        logger.addHandler(showing)
    logging.getLogger("maltu").manager._clear_cache()  # noqa: SLF001 # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType] - levels are remembered there
    try:
        yield listeners
    finally:
        for logger in loggers:
            logger.removeHandler(showing)
