"""The shoppers' web app in real headless Chromium: from a phone number to points, with and without a network."""

from __future__ import annotations

from collections.abc import Callable, Generator

import pytest
from playwright.sync_api import Browser, Page, expect

import samples
from infra.db import transaction
from tests import make
from tests.make import browser as browsing
from tests.make import web_app
from tests.make.browser import needs_chromium
from tests.make.signing import PHONE
from workers.receipts import read_and_settle

pytestmark = [needs_chromium, pytest.mark.slow]
expect.set_options(timeout=30_000)


@pytest.fixture(scope="module")
def browser() -> Generator[Browser]:
    with browsing.chromium() as opened:
        yield opened


@pytest.fixture
def address(committed: None, change_settings: Callable[..., None]) -> Generator[str]:
    change_settings(code_provider="http", stream_seconds_max=30)
    with transaction() as session:
        make.make_campaign(session, brands=("Dove", "Comfort"))
    with browsing.serving() as served:
        yield served


@pytest.mark.ocr
def test_a_newcomer_gets_from_a_phone_number_to_points(browser: Browser, address: str) -> None:
    page = web_app.open_phone(browser).new_page()
    faults: list[str] = []
    page.on("console", lambda message: faults.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: faults.append(str(error)))
    web_app.sign_in(page, address, PHONE)
    web_app.agree(page)
    page.screenshot(path="/tmp/home.png")
    page.get_by_role("link", name="Chụp hóa đơn").click()
    page.set_input_files("input[type=file]", samples.photos_dir() / "07-circle-k.jpg")
    expect(page.get_by_text("Ảnh rõ.")).to_be_visible()
    page.screenshot(path="/tmp/capture.png")
    page.get_by_role("button", name="Gửi hóa đơn").click()
    page.wait_for_url("**/app/receipts/*")
    expect(page.get_by_text("Đã nhận")).to_be_visible()
    read_and_settle(page.url.rpartition("/")[2])
    expect(page.locator(".status.approved")).to_be_visible()
    page.screenshot(path="/tmp/receipt.png", full_page=True)
    assert faults == []
