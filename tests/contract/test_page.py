"""What a browser may rely on: the page's files, how long they hold, and what they may do."""

from __future__ import annotations

import json
import re
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.handlers import ROOT, Context, load_handler, sample_event

if TYPE_CHECKING:
    from collections.abc import Mapping

STATIC = ROOT / "functions" / "page" / "static"
OURS = [path for path in STATIC.rglob("*.js") if "parts" not in path.parts]
ORIGIN = "https://bucket.s3.eu-west-1.amazonaws.com"
HASHED = re.compile(r"static/[0-9a-f]{16}")


@pytest.fixture(autouse=True)
def _uploads_go_to(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UPLOAD_ORIGINS", ORIGIN)


def get(path: str, *, asked: str | None = None, tag: str | None = None) -> dict[str, Any]:
    """Ask for ``path``, which the browser called ``asked`` where that differs."""
    event = sample_event("page")
    headers: Mapping[str, str] = {"If-None-Match": tag} if tag else {}
    context = {**event["requestContext"], "path": asked or f"/live{path}"}
    answer = load_handler("page")(
        {**event, "path": path, "headers": headers, "requestContext": context}, Context()
    )
    return {**answer, "headers": {name: each[0] for name, each in answer["multiValueHeaders"].items()}}


def release() -> str:
    found = HASHED.search(get("/")["body"])
    assert found
    return f"/{found[0]}"


def test_every_file_that_the_page_names_is_served_and_holds_for_ever() -> None:
    html = get("/")["body"]
    named = re.findall(r'(?:href|src)="([^"]+)"', html)
    assert len(named) > 4
    for address in named:
        answer = get(f"/{address}")
        assert answer["statusCode"] == 200, address
        assert "immutable" in answer["headers"]["Cache-Control"]


def test_every_module_finds_what_it_imports() -> None:
    at = release()
    for path in STATIC.rglob("*.js"):
        text = path.read_text("utf-8")
        for name in re.findall(r"""(?:from|import)\s*\(?["'](\.[^"']+\.js)["']""", text):
            target = (path.parent / name).resolve().relative_to(STATIC)
            assert get(f"{at}/{PurePosixPath(target)}")["statusCode"] == 200, (path.name, name)


def test_every_module_that_the_page_starts_with_is_asked_for_at_once() -> None:
    preloaded = re.findall(r'"modulepreload" href="static/\w+/([^"]+)"', get("/")["body"])
    waiting, needed = ["app.js"], set[str]()
    while waiting:
        path = STATIC / waiting.pop()
        needed.add(path.relative_to(STATIC).as_posix())
        # One that is imported by a call waits until it is wanted.
        names = re.findall(r"""\b(?:from|import)\s*["'](\.[^"']+)["']""", path.read_text("utf-8"))
        found = {(path.parent / name).resolve().relative_to(STATIC).as_posix() for name in names}
        waiting += found - needed
    assert len(needed) > 30
    assert sorted(preloaded) == sorted(needed)


def test_the_style_sheets_are_one_in_the_order_that_they_count_in() -> None:
    (sheet,) = re.findall(r'"stylesheet" href="([^"]+)"', get("/")["body"])
    each = [STATIC / "css" / f"{name}.css" for name in ("base", "layout", "chat", "data")]
    assert get(f"/{sheet}")["body"] == "".join(path.read_text("utf-8") for path in each)
    assert set(each) == set((STATIC / "css").iterdir())


def test_another_releases_files_are_not_mixed_with_this_ones() -> None:
    assert get(f"{release()}/app.js")["statusCode"] == 200
    old = get("/static/0123456789abcdef/app.js")
    assert old["statusCode"] == 404
    assert "Cache-Control" not in old["headers"]


@pytest.mark.parametrize("name", ["../app.py", "..%2fapp.py", "/etc/passwd", "", "app.py"])
def test_nothing_else_is_served(name: str) -> None:
    assert get(f"{release()}/{name}")["statusCode"] == 404


def test_the_page_is_asked_for_again_each_time_and_sent_only_when_it_changed() -> None:
    first = get("/")
    assert first["headers"]["Cache-Control"] == "no-cache"
    # API Gateway weakens the tag of what it compresses.
    for tag in (first["headers"]["ETag"], f"W/{first['headers']['ETag']}"):
        again = get("/", tag=tag)
        assert (again["statusCode"], again["body"]) == (304, "")
    assert get("/", tag='"another"')["statusCode"] == 200


def test_the_stage_without_its_slash_leads_to_the_page() -> None:
    answer = get("/", asked="/live")
    assert answer["statusCode"] == 302
    assert answer["headers"]["Location"] == "live/"


def test_the_browser_is_told_to_load_and_ask_nothing_else() -> None:
    for path in ("/", f"{release()}/app.js", "/static/none"):
        headers = get(path)["headers"]
        policy = dict(
            part.strip().split(" ", 1) for part in headers["Content-Security-Policy"].split(";") if part
        )
        assert policy["default-src"] == "'none'"
        assert policy["script-src"] == policy["style-src"] == policy["img-src"] == "'self'"
        assert policy["connect-src"] == f"'self' {ORIGIN}"
        assert policy["frame-ancestors"] == policy["base-uri"] == policy["form-action"] == "'none'"
        assert policy["require-trusted-types-for"] == "'script'"
        assert "unsafe" not in headers["Content-Security-Policy"]
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "no-referrer"
        assert headers["Strict-Transport-Security"].startswith("max-age=")


def test_nothing_of_the_page_needs_what_the_browser_is_told_to_refuse() -> None:
    for path in [STATIC / "index.html", *OURS]:
        text = path.read_text("utf-8")
        assert not re.search(r"<script(?! type=\"module\" src=)|<style|\sstyle=|\son\w+=[\"']", text), path
        assert not re.search(r"localStorage|document\.cookie|indexedDB|innerHTML|\beval\(|https?://", text), (
            path
        )


def test_the_apis_description_is_served() -> None:
    answer = get("/v1/openapi.json")
    assert answer["headers"]["Content-Type"] == "application/json"
    assert json.loads(answer["body"])["openapi"].startswith("3.1")


def test_the_licences_of_what_is_shipped_are_shipped() -> None:
    text = get(f"{release()}/parts/LICENCES.txt")["body"]
    assert {"Google LLC", "Chart.js Contributors", "Jukka Kurkela"} <= set(
        re.findall(r"Google LLC|Chart\.js Contributors|Jukka Kurkela", text)
    )


def test_the_function_is_small() -> None:
    assert sum(path.stat().st_size for path in (ROOT / "functions" / "page").rglob("*.*")) < 600_000
