"""The ``maltu`` command: see what an export holds, and its dataset and price, before anything is dropped."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from maltu.cli.arguments import parse
from maltu.cli.messages import print_messages
from maltu.cli.prepare import prepare
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
        if arguments.command == "messages":
            print_messages(arguments.export)
        else:
            prepare(arguments)
        sys.stdout.flush()
    except BrokenPipeError:
        # Python flushes once more when it exits, and must not fail then.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return PIPE_CLOSED
    except KeyboardInterrupt:
        return INTERRUPTED
    except UnreadableExport as error:
        _tell(str(error), *(f"    {line}" for line in error.excerpt))
        return UNUSABLE
    except UnknownSpeaker as error:
        _tell(str(error), "Here that is: --speaker NAME")
        return UNUSABLE
    except (MaltuError, RanksMissing) as error:
        _tell(str(error))
        return UNUSABLE
    except OSError as error:
        _tell(f"{error.filename}: {error.strerror}" if error.filename else str(error))
        return UNUSABLE
    return 0


def _tell(*lines: str) -> None:
    sys.stderr.write("maltu: " + "\n".join(lines) + "\n")
