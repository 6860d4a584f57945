"""The web app as the API serves it: what was built and nothing else, under a strict policy."""

from __future__ import annotations

import gzip
import shutil
import subprocess
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from api.web_app import BUILT
from app import create_app
from tests.make.web_app import PWA, needs_tools

NPM = shutil.which("npm")
FIRST_SCREEN_BYTES_MAX = 200_000


@pytest.fixture(scope="module")
def client() -> TestClient:
    return TestClient(create_app(), follow_redirects=False)


def test_each_address_of_a_page_is_the_page_and_the_bare_address_leads_there(client: TestClient) -> None:
    page = client.get("/app/")
    assert page.headers["content-type"] == "text/html"
    assert client.get("/app/receipts/019b").content == page.content
    for path in ("/", "/app"):
        assert client.get(path).headers["location"] == "/app/"


@pytest.mark.parametrize(
    "path",
    [
        "/app/gone.js",
        "/app/assets/gone.js",
        "/app/../app.py",
        "/app/%2e%2e/docs.css",
        "/app/assets/..%2f..%2fdocs.css",
    ],
)
def test_nothing_but_what_was_built_is_served(client: TestClient, path: str) -> None:
    assert client.get(path).status_code == 404


def test_only_scripts_and_styles_of_ours_run(client: TestClient) -> None:
    for path in ("/app/", "/app/sw.js", "/app/gone.js"):
        headers = client.get(path).headers
        policy = headers["content-security-policy"]
        assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self';"), path
        assert "unsafe" not in policy
        assert headers["permissions-policy"].startswith("camera=(self)")


def test_what_never_changes_is_kept_and_what_may_is_asked_for_anew(client: TestClient) -> None:
    for path in sorted(BUILT.rglob("*")):
        if path.is_dir():
            continue
        answer = client.get(f"/app/{path.relative_to(BUILT).as_posix()}")
        assert answer.content == path.read_bytes()
        kept = "immutable" in answer.headers["cache-control"]
        assert kept == (path.parent.name == "assets"), path
    page = client.get("/app/sw.js")
    assert page.headers["cache-control"] == "no-cache"
    assert client.get("/app/sw.js", headers={"If-None-Match": page.headers["etag"]}).status_code == 304


def test_it_is_only_read(client: TestClient) -> None:
    assert client.post("/app/").status_code == 405
    assert client.head("/app/").status_code == 200


def test_the_whole_app_is_smaller_than_a_first_screen_may_be(client: TestClient) -> None:
    pressed = [gzip.compress(path.read_bytes()) for path in BUILT.rglob("*") if path.is_file()]
    assert sum(map(len, pressed)) < FIRST_SCREEN_BYTES_MAX


@needs_tools
def test_what_is_served_is_what_its_source_builds(tmp_path: Path) -> None:
    """Of types that the API's description gives: a page that calls what is not there does not compile."""
    assert NPM
    check = subprocess.run(
        [NPM, "run", "--silent", "check"], cwd=PWA, capture_output=True, text=True, check=False
    )
    assert check.returncode == 0, check.stdout
    into = ["--outDir", str(tmp_path / "app"), "--logLevel", "error"]
    subprocess.run([NPM, "run", "--silent", "build", "--", *into], cwd=PWA, check=True)
    assert files_of(tmp_path / "app") == files_of(BUILT), "build anew and commit: npm run build"


def files_of(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
