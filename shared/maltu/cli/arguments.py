"""What the command understands."""

from __future__ import annotations

import argparse
import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, get_args

from maltu.errors import InvalidSettings
from maltu.providers.base_models import base_model, default_format
from maltu.settings import Format, PersonaSettings, Recipe, resolve_settings

if TYPE_CHECKING:
    from collections.abc import Sequence

STDIN = Path("-")

# What reads the format; the deployment has its own default.
_BASE_MODELS: dict[Format, str] = {
    "chat": "gpt-4.1-mini-2025-04-14",
    "bedrock": "amazon.nova-micro-v1:0:128k",
    "completions": "maltu-retrieval-1",
}
_SETTINGS = ("speaker", "recipe", "format", "base_model", "silence_minutes", "n_epochs")


class Arguments(argparse.Namespace):
    """What was asked for.

    Attributes:
        command: ``messages``, ``models``, ``prepare`` or ``style``.
        export: the file to print; ``-`` is standard input.
        exports: the files to prepare.
        json: whether the table of models is for programs.
        out: where the dataset or the style report goes.
        settings: for ``prepare``: the file's, with what the command line says instead.
        dataset: for ``style``: the folder that ``prepare`` wrote.
        replies: for ``style``: a model's replies; the next two likewise.
        compare: another version's.
        base: the untuned model's.
    """

    command: str
    export: Path
    exports: list[Path]
    json: bool
    out: Path
    settings: PersonaSettings
    dataset: Path
    replies: Path
    compare: Path | None
    base: Path | None


def parse(argv: Sequence[str] | None) -> Arguments:
    """Understand the arguments.

    Raises:
        SystemExit: they cannot be understood (status 2), or only help was wanted (0).
    """
    parser = argparse.ArgumentParser(
        prog="maltu",
        description="A messenger's export becomes the dataset of a fine-tune that writes like you.",
    )
    commands = parser.add_subparsers(dest="command", required=True)
    messages = commands.add_parser("messages", help="print an export's messages, one JSON object per line")
    messages.add_argument("export", metavar="EXPORT", type=Path, help="the file; - reads standard input")
    models = commands.add_parser("models", help="list the base models, their prices, limits and last days")
    models.add_argument("--json", action="store_true", help="as GET /v1/models/base answers it")
    prepare = commands.add_parser("prepare", help="write the dataset that a drop would make, and its price")
    prepare.add_argument("exports", metavar="EXPORT", type=Path, nargs="+", help="the exports of one persona")
    prepare.add_argument("--speaker", metavar="NAME", help="whose manner of speaking is learned")
    prepare.add_argument("--recipe", choices=get_args(Recipe), help="default: conversation")
    prepare.add_argument("--format", choices=get_args(Format), help="default: what the base model reads")
    prepare.add_argument("--base-model", metavar="ID", help="default: one that reads the format")
    prepare.add_argument(
        "--silence-minutes", metavar="N", type=int, help="a longer pause ends a conversation"
    )
    prepare.add_argument(
        "--epochs", metavar="N", type=int, dest="n_epochs", help="default: the provider's choice"
    )
    prepare.add_argument("--settings", metavar="FILE", type=Path, dest="settings_file", help="a persona.json")
    prepare.add_argument("--out", metavar="DIR", type=Path, required=True, help="where the files are written")
    style = commands.add_parser("style", help="report how alike a model writes")
    _add_style(style)
    arguments = parser.parse_args(argv, namespace=Arguments())
    if arguments.command == "prepare":
        if STDIN in arguments.exports:
            prepare.error("prepare reads its exports twice: save standard input to a file first")
        arguments.settings = _settings(arguments, prepare)
    if arguments.command == "style" and arguments.compare == arguments.replies:
        style.error("--compare is for another version's replies; this is the same file")
    return arguments


def _add_style(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--dataset", metavar="DIR", type=Path, required=True, help="as prepare wrote it")
    parser.add_argument(
        "--replies",
        metavar="FILE",
        type=Path,
        required=True,
        help='lines of {"prompt", "reply"}: what the model answered',
    )
    parser.add_argument("--compare", metavar="FILE", type=Path, help="the same of another version")
    parser.add_argument("--base", metavar="FILE", type=Path, help="the same of the untuned model")
    parser.add_argument(
        "--out", metavar="DIR", type=Path, required=True, help="where style.json and style.html are written"
    )


def _settings(arguments: Arguments, parser: argparse.ArgumentParser) -> PersonaSettings:
    chosen = vars(arguments)
    try:
        stored = chosen["settings_file"].read_bytes() if chosen["settings_file"] else None
        from_file = resolve_settings(stored)
        said = {name: chosen[name] for name in _SETTINGS if chosen[name] is not None}
        settings = dataclasses.replace(from_file, **said)
        tuned = settings.base_model or _BASE_MODELS[settings.format or "chat"]
        written = settings.format or default_format(base_model(tuned), "")
        return dataclasses.replace(settings, base_model=tuned, format=written)
    except OSError as error:
        parser.error(f"{error.filename}: {error.strerror}")
    except InvalidSettings as error:
        parser.error(str(error))
