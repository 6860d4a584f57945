"""A real browser on a real server, for tests of pages.

`--pictures` keeps what pages look like in .artifacts/: drawing them whole takes longer than what is tested.
"""

from __future__ import annotations

import shutil
import socket
import threading
import time
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from app import create_app
from tests.make import kept

ARTIFACTS = Path(__file__).parents[2] / ".artifacts"
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
needs_chromium = pytest.mark.skipif(
    CHROMIUM is None, reason="Chromium is not installed: scripts/setup.sh test installs it"
)


@contextmanager
def serving(overrides: Mapping[Callable[..., Any], Callable[..., Any]] | None = None) -> Generator[str]:
    """Serve the application on a free port of this machine, some dependencies replaced; yield where."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        app = create_app()
        app.dependency_overrides.update(overrides or {})
        config = uvicorn.Config(app, log_config=None, access_log=False, lifespan="off")
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        while not server.started:
            time.sleep(0.01)
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()


@contextmanager
def chromium(*flags: str) -> Generator[Browser]:
    """Start the machine's Chromium with a profile of its own, and with flags of a test's own."""
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=[*FLAGS, *flags])
        try:
            yield browser
        finally:
            browser.close()


def new_context(browser: Browser, *, width: int = 1440, language: str = "vi") -> BrowserContext:
    """Open a window of a width for a reader of a language, without cookies."""
    return browser.new_context(viewport={"width": width, "height": 900}, locale=language)


def keep_picture(page: Page, name: str) -> None:
    """Keep what the page looks like, whole, where pictures are asked for."""
    if not kept.pictures:
        return
    ARTIFACTS.mkdir(exist_ok=True)
    page.screenshot(path=str(ARTIFACTS / f"{name}.png"), full_page=True)


def overflow(page: Page) -> int:
    """Return by how many pixels the page is wider than its window, once it has been drawn for it."""
    return int(page.evaluate(_OVERFLOW_ONCE_DRAWN))


# What follows the window's width is laid out between one frame and the next.
_OVERFLOW_ONCE_DRAWN = """() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => {
    const root = document.documentElement;
    done(root.scrollWidth - root.clientWidth);
})))"""
