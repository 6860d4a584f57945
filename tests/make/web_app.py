"""The shoppers' web app in a browser: opened, signed in, looked at by axe."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
from PIL import ExifTags, Image
from playwright.sync_api import Browser, BrowserContext, Page, expect

from infra.db import transaction
from tests.make.signing import open_code

PWA = Path(__file__).parents[2] / "pwa"
AXE = PWA / "node_modules/axe-core/axe.min.js"
needs_tools = pytest.mark.skipif(
    not AXE.is_file(),
    reason="The web app's tools are not installed: scripts/setup.sh test installs them where npm is",
)
# As a phone says it: what calls itself headless is taken for a script.
PHONE_AGENT = (
    "Mozilla/5.0 (Linux; Android 14; SM-A155F) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/140.0.0.0 Mobile Safari/537.36"
)


def open_phone(
    browser: Browser, *, language: str = "vi", width: int = 360, dark: bool = False
) -> BrowserContext:
    """Open a window as wide as a phone, without cookies, with a camera that may be used."""
    context = browser.new_context(
        viewport={"width": width, "height": 720},
        locale=language,
        user_agent=PHONE_AGENT,
        has_touch=True,
        color_scheme="dark" if dark else "light",
        permissions=["camera"],
    )
    context.set_default_timeout(30_000)
    return context


def sign_in(page: Page, address: str, phone: str) -> None:
    """Sign in by a code, as it is asked for and typed; the page that comes next is open."""
    page.goto(f"{address}/app/")
    page.fill("#phone", phone)
    page.press("#phone", "Enter")
    expect(page.locator("#code")).to_be_focused()
    with transaction() as session:
        code = open_code(session, phone)
    page.fill("#code", code)
    page.press("#code", "Enter")


def agree(page: Page) -> None:
    """Say yes to taking part and to what brands see."""
    page.check("#programme")
    page.check("#brand_insight")
    page.locator("main button.main").click()
    expect(page.locator("nav.tabs")).to_be_visible()


def serious_findings(page: Page, *rules: str) -> list[str]:
    """What axe finds on the page as it is: its rules, WCAG 2.2 AA among them, or some by name."""
    if page.evaluate("typeof axe") == "undefined":
        page.evaluate(AXE.read_text(encoding="utf-8"))
    options: dict[str, Any] = {"resultTypes": ["violations"]}
    if rules:
        options["runOnly"] = list(rules)
    found: dict[str, Any] = page.evaluate("options => axe.run(document, options)", options)
    return [
        f"{rule['id']}: {node['html']}"
        for rule in found["violations"]
        if rule["impact"] in {"serious", "critical"}
        for node in rule["nodes"]
    ]


def exif_of_a_phone() -> Image.Exif:
    """What a phone writes into its photos: itself, the hour, and the place."""
    exif = Image.Exif()
    exif[ExifTags.Base.Make] = "samsung"
    exif[ExifTags.Base.Model] = "SM-A155F"
    exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.DateTimeOriginal] = "2026:11:08 13:27:00"
    exif.get_ifd(ExifTags.IFD.GPSInfo).update({1: "N", 2: (10.0, 46.0, 33.0), 3: "E", 4: (106.0, 42.0, 2.0)})
    return exif


def opened(photo: bytes) -> tuple[Image.Image, dict[str, str]]:
    """A photo, and everything that its file says by name."""
    picture = Image.open(io.BytesIO(photo))
    exif = picture.getexif()
    everything = dict(exif) | exif.get_ifd(ExifTags.IFD.Exif) | exif.get_ifd(ExifTags.IFD.GPSInfo)
    return picture, {ExifTags.TAGS.get(tag, str(tag)): str(value) for tag, value in everything.items()}
