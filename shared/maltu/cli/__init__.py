"""The ``maltu`` command: what an export holds, its dataset and price, and how alike a model writes."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from maltu.cli.arguments import parse
from maltu.cli.messages import print_messages
from maltu.cli.models import print_models
from maltu.cli.prepare import prepare
from maltu.cli.style import style
from maltu.dataset import RanksMissing
from maltu.errors import MaltuError, UnknownSpeaker, UnreadableExport

if TYPE_CHECKING:
    from collections.abc import Sequence

UNUSABLE = 1
# As a shell reports a process that a signal has ended.
INTERRUPTED = 130
PIPE_CLOSED = 141


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; ``argv`` are its arguments, by default the process's.

    Returns:
        The exit status: 0, 1 where the input cannot be used, 130 after Ctrl-C, 141 where nobody reads the
        output any more. A mistake in the arguments exits with 2.
    """
    arguments = parse(argv)
    try:
        match arguments.command:
            case "messages":
                print_messages(arguments.export)
            case "models":
                print_models(as_json=arguments.json)
            case "style":
                style(arguments)
            case _:
                prepare(arguments)
        sys.stdout.flush()
    except BrokenPipeError:
        # Python flushes once more when it exits, and must not fail then.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return PIPE_CLOSED
    except KeyboardInterrupt:
        return INTERRUPTED
    except (MaltuError, RanksMissing, OSError) as error:
        sys.stderr.write(f"maltu: {_explained(error)}\n")
        return UNUSABLE
    return 0


def _explained(error: Exception) -> str:
    match error:
        case UnreadableExport():
            return "\n".join([str(error), *(f"    {line}" for line in error.excerpt)])
        case UnknownSpeaker():
            return f"{error}\nHere that is: --speaker NAME"
        case OSError(filename=str() | bytes() as name, strerror=str() as reason):
            return f"{name!s}: {reason}"
        case _:
            return str(error)
