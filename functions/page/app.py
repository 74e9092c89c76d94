"""The web page: its static files, and the API's own description."""

from __future__ import annotations

import hashlib
import os
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.event_handler import APIGatewayRestResolver, Response

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aws_lambda_powertools.utilities.typing import LambdaContext

HERE = Path(__file__).resolve().parent
TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
}
SHEETS = ("css/base.css", "css/layout.css", "css/chat.css", "css/data.css")
# Who loads the others, and what waits until it is wanted.
NOT_PRELOADED = {"start.js", "parts/chart.js"}
FOREVER = "public, max-age=31536000, immutable"
ASK_AGAIN = "no-cache"

logger = Logger()
app = APIGatewayRestResolver()


def read_static(folder: Path) -> Mapping[str, str]:
    """Read every file that is served, by its path below ``folder``."""
    files = sorted(path for path in folder.rglob("*") if path.suffix in TYPES)
    return {path.relative_to(folder).as_posix(): path.read_text("utf-8") for path in files}


def in_one(files: Mapping[str, str]) -> dict[str, str]:
    """Put the style sheets into one, in the order that they are to count in."""
    sheets = "".join(files[name] for name in SHEETS)
    return {name: text for name, text in files.items() if name not in SHEETS} | {"css/page.css": sheets}


def digest_of(files: Mapping[str, str]) -> str:
    """Name what the files hold: another release has another name, so that browsers never mix two."""
    whole = hashlib.sha256()
    for name, text in files.items():
        whole.update(f"{name}\0{text}\0".encode())
    return whole.hexdigest()[:16]


STATIC = in_one(read_static(HERE / "static"))
DIGEST = digest_of(STATIC)
# All at once: a module that is found in another that was found in another waits for each of them.
PRELOADED = "\n    ".join(
    f'<link rel="modulepreload" href="static/{DIGEST}/{name}">'
    for name in STATIC
    if name.endswith(".js") and name not in NOT_PRELOADED
)


@app.get("/")
def page() -> Response[str]:
    """Answer the page; it names its files by their release."""
    # Relative addresses need the slash that API Gateway lets one leave out after the stage.
    asked: str = app.current_event.request_context.path
    if not asked.endswith("/"):
        return _answer(HTTPStatus.FOUND, "", ".txt", {"Location": f"{asked.rpartition('/')[2]}/"})
    html = STATIC["index.html"].replace("{static}", f"static/{DIGEST}").replace("{modules}", PRELOADED)
    return _cached(html, ".html", ASK_AGAIN)


@app.get("/static/.+")
def static() -> Response[str]:
    """Answer one of the page's files, named ``/static/<release>/<path>``."""
    release, _, name = app.current_event.path.removeprefix("/static/").partition("/")
    if release != DIGEST or name not in STATIC:
        return _answer(HTTPStatus.NOT_FOUND, "There is no such file; reload the page.", ".txt", {})
    return _cached(STATIC[name], Path(name).suffix, FOREVER)


@app.get("/v1/openapi.json")
def openapi() -> Response[str]:
    """Answer the API's description, as it was generated from the routes."""
    return _cached((HERE / "openapi.json").read_text("utf-8"), ".json", ASK_AGAIN)


def _cached(text: str, suffix: str, caching: str) -> Response[str]:
    tag = f'"{hashlib.sha256(text.encode()).hexdigest()[:16]}"'
    headers = {"Cache-Control": caching, "ETag": tag}
    # A gateway that compresses weakens the tag it hands on.
    shown = app.current_event.headers.get("if-none-match") or ""
    if tag in shown.replace("W/", "").split(", "):
        return _answer(HTTPStatus.NOT_MODIFIED, "", suffix, headers)
    return _answer(HTTPStatus.OK, text, suffix, headers)


def _answer(status: HTTPStatus, text: str, suffix: str, headers: Mapping[str, str]) -> Response[str]:
    return Response(status, TYPES[suffix], text, headers={**_security(), **headers})


def _security() -> Mapping[str, str]:
    """Give the headers that let the page load its own files, call its own API, upload, and nothing else."""
    policy = {
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": "'self'",
        "img-src": "'self'",
        "connect-src": f"'self' {os.environ['UPLOAD_ORIGINS']}".strip(),
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-ancestors": "'none'",
        "require-trusted-types-for": "'script'",
        "trusted-types": "lit-html",
    }
    return {
        "Content-Security-Policy": "; ".join(f"{name} {allowed}" for name, allowed in policy.items()),
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Strict-Transport-Security": "max-age=31536000",
        "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
        "Cross-Origin-Opener-Policy": "same-origin",
    }


@logger.inject_lambda_context
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Answer API Gateway's proxy event."""
    return app.resolve(event, context)
