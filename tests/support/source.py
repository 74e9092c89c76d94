"""What the source says, where no import would tell."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from maltu.providers.base_models import base_models

if TYPE_CHECKING:
    from pathlib import Path


def assigned(source: Path, name: str) -> ast.Tuple:
    """Find the tuple that a module assigns to ``name``."""
    (value,) = (
        node.value
        for node in ast.parse(source.read_text("utf-8")).body
        if isinstance(node, ast.AnnAssign) and ast.unparse(node.target) == name
    )
    assert isinstance(value, ast.Tuple)
    return value


def texts_in(node: ast.AST) -> set[str]:
    """Find every text that stands in a piece of source."""
    constants = (each.value for each in ast.walk(node) if isinstance(each, ast.Constant))
    return {value for value in constants if isinstance(value, str)}


def argument_of(source: Path, function: str, place: int) -> set[str]:
    """Find the texts that calls of ``function`` give as their argument at ``place``; -1 is the last."""
    given = [
        node.args[place]
        for node in ast.walk(ast.parse(source.read_text("utf-8")))
        if isinstance(node, ast.Call)
        and ast.unparse(node.func).rpartition(".")[2] == function
        and len(node.args) > place
    ]
    # Of a choice between two, both are given.
    each_way = [
        way for each in given for way in ([each.body, each.orelse] if isinstance(each, ast.IfExp) else [each])
    ]
    return {each.value for each in each_way if isinstance(each, ast.Constant) and isinstance(each.value, str)}


def known_models() -> set[str]:
    """Name every base model of the table."""
    return {model.id for model in base_models()}
