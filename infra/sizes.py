"""``python -m infra.sizes [FOLDER]``: what each function brings to Lambda as `sam build` left it; its limits.

A cold start downloads a function and its layers and unpacks them. MB are millions of bytes; packed is what
`sam deploy` uploads.
"""

from __future__ import annotations

import sys
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from infra.template import read_template

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

BUILT: Final = Path(".aws-sam", "build")
MB: Final = 1_000_000


class Size(NamedTuple):
    """Bytes, as they are uploaded and as they lie on Lambda's disk."""

    packed: int
    unpacked: int

    def __str__(self) -> str:
        return f"{self.packed / MB:7.2f}{self.unpacked / MB:9.2f}"


# Of a function with its layers; Lambda itself refuses more than 250 MiB.
LIMITS: Final = {
    "CompletionFunction": Size(12 * MB, 50 * MB),
    "PreprocessFunction": Size(8 * MB, 30 * MB),
}
LAMBDAS_LIMIT: Final = 250 * 1024 * 1024
LIMIT_ALONE: Final = MB


@dataclass(frozen=True, slots=True)
class Function:
    """A built function: its own package, and its layers by name."""

    name: str
    own: Size
    layers: tuple[str, ...]


def functions_of(built: Path) -> tuple[list[Function], dict[str, Size]]:
    """Measure every function in a folder that `sam build` filled, and every layer."""
    template = read_template(built / "template.yaml")
    resources: dict[str, Any] = template["Resources"]
    layers = {
        name: size_of(built / resource["Properties"]["ContentUri"])
        for name, resource in resources.items()
        if resource["Type"] == "AWS::Serverless::LayerVersion"
    }
    for_all: list[dict[str, str]] = template["Globals"]["Function"]["Layers"]
    functions = [
        Function(
            name,
            size_of(built / resource["Properties"]["CodeUri"]),
            tuple(layer["Ref"] for layer in (*for_all, *resource["Properties"].get("Layers", ()))),
        )
        for name, resource in resources.items()
        if resource["Type"] == "AWS::Serverless::Function"
    ]
    return functions, layers


def size_of(folder: Path) -> Size:
    """Measure a folder, packed as `sam deploy` packs it."""
    files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    with tempfile.TemporaryFile() as archive:
        with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as packed:
            for path in files:
                packed.writestr(
                    zipfile.ZipInfo(str(path.relative_to(folder))), path.read_bytes(), zipfile.ZIP_DEFLATED
                )
        archive.seek(0, 2)
        return Size(archive.tell(), sum(path.stat().st_size for path in files))


def whole(function: Function, layers: dict[str, Size]) -> Size:
    """Add a function's layers to its own package."""
    sizes = [function.own, *(layers[name] for name in function.layers)]
    return Size(sum(each.packed for each in sizes), sum(each.unpacked for each in sizes))


def too_large(functions: Iterable[Function], layers: dict[str, Size]) -> Iterator[str]:
    """Say which functions are over a limit."""
    for function in functions:
        if function.own.packed > LIMIT_ALONE:
            yield f"{function.name} alone has {function.own.packed / MB:.2f} MB packed; 1 MB is the limit."
        size = whole(function, layers)
        limit = LIMITS.get(function.name, Size(LAMBDAS_LIMIT, LAMBDAS_LIMIT))
        if size.packed > limit.packed or size.unpacked > limit.unpacked:
            yield f"{function.name} and its layers have{size} MB, packed and unpacked; the limits are{limit}."


def _described(function: Function) -> str:
    limit = LIMITS.get(function.name)
    goal = f"; at most {limit.packed // MB} and {limit.unpacked // MB}" if limit else ""
    return ", ".join(function.layers) + goal


def main() -> None:
    """Print the table; end with an error where a limit is passed."""
    functions, layers = functions_of(Path(sys.argv[1]) if len(sys.argv) > 1 else BUILT)
    print(f"{'MB':28}{'packed':>7}{'unpacked':>9}{'with':>7}{'layers':>9}")  # noqa: T201 - it talks to a person at a terminal
    for name, size in layers.items():
        print(f"{name:28}{size}")  # noqa: T201 - as above
    for function in functions:
        print(f"{function.name:28}{function.own}{whole(function, layers)}  {_described(function)}")  # noqa: T201 - as above
    if problems := list(too_large(functions, layers)):
        sys.exit("\n".join(problems))


if __name__ == "__main__":
    main()
