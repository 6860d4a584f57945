"""What the web app sends in parts: large receipts, and those that failed before; by real Chromium."""

from __future__ import annotations

import io
from collections.abc import Callable, Generator

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, Route, expect
from sqlmodel import Session, col, select

from infra import storage
from infra.db import transaction
from schemas.receipts import Receipt, ReceiptPage
from tests import make
from tests.make import browser as browsing
from tests.make import web_app
from tests.make.browser import needs_chromium
from tests.make.signing import PHONE

pytestmark = [needs_chromium, pytest.mark.slow]
expect.set_options(timeout=30_000)


@pytest.fixture(scope="module")
def browser() -> Generator[Browser]:
    with browsing.chromium() as opened:
        yield opened


@pytest.fixture
def address(committed: None, change_settings: Callable[..., None]) -> Generator[str]:
    change_settings(code_provider="http")
    with browsing.serving() as served:
        yield served


@pytest.fixture
def page(browser: Browser, address: str) -> Page:
    opened = web_app.open_phone(browser).new_page()
    web_app.sign_in(opened, address, PHONE)
    web_app.agree(opened)
    return opened


def noise(seed: int) -> bytes:
    """A picture that no encoder makes small: more than a megabyte."""
    pixels = np.random.default_rng(seed).integers(0, 256, (1500, 2000, 3), dtype=np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "JPEG", quality=95)
    return buffer.getvalue()


def send(page: Page, address: str, *photos: bytes) -> None:
    page.goto(f"{address}/app/capture")
    files = [{"name": "a.jpg", "mimeType": "image/jpeg", "buffer": photo} for photo in photos]
    page.set_input_files("input[type=file]:not([capture])", files)  # type: ignore[arg-type]
    page.locator("main button.main").last.click()


def the_receipt(session: Session) -> tuple[Receipt, list[ReceiptPage]]:
    receipt = session.exec(select(Receipt)).one()
    mine = select(ReceiptPage).where(ReceiptPage.receipt_id == receipt.id)
    return receipt, list(session.exec(mine.order_by(col(ReceiptPage.position))))


def test_a_large_receipt_that_is_cut_off_goes_on_where_it_was(page: Page, address: str) -> None:
    offsets: list[int] = []

    def part(route: Route) -> None:
        offsets.append(int(route.request.headers["upload-offset"]))
        # The second part reaches nobody, as when a tunnel begins.
        if len(offsets) == 2:
            route.abort()
        else:
            route.continue_()

    page.route("**/v1/uploads/*", part)
    whole: list[str] = []
    page.on(
        "request", lambda asked: whole.append(asked.method) if asked.url.endswith("/v1/receipts") else None
    )
    photos = [noise(1), noise(2)]
    with page.expect_event("requestfailed", lambda asked: "/v1/uploads/" in asked.url):
        send(page, address, *photos)
    page.evaluate("dispatchEvent(new Event('online'))")
    page.wait_for_url("**/app/receipts/*")
    assert offsets == sorted(offsets)
    assert offsets[0] == 0
    assert offsets[1] == offsets[2] == 512_000
    assert "POST" not in whole
    with transaction() as session:
        _, pages = the_receipt(session)
        assert len(pages) == 2
        assert all(storage.get_photo(one.object_name) for one in pages)


def test_what_failed_at_once_goes_on_in_parts_and_counts_once(page: Page, address: str) -> None:
    asked: list[str] = []

    def at_once(route: Route) -> None:
        if route.request.method != "POST":
            route.continue_()
            return
        asked.append(route.request.headers["idempotency-key"])
        # It arrives, and its answer does not.
        assert route.fetch().status == 202
        route.abort()

    page.route("**/v1/receipts", at_once)
    photo = make.make_photo(size=(900, 1200), mark="small")
    send(page, address, photo)
    page.goto(f"{address}/app/queue")
    expect(page.get_by_text("Không có ảnh nào chờ gửi.")).to_be_visible()
    assert len(asked) == 1
    with transaction() as session:
        receipt, _ = the_receipt(session)
        assert receipt.idempotency_key == asked[0]


def test_what_is_being_sent_says_how_far_it_is_and_stops_until_it_is_let_go_on(
    page: Page, address: str
) -> None:
    offsets: list[int] = []

    def part(route: Route) -> None:
        offsets.append(int(route.request.headers["upload-offset"]))
        # The second part is on its way until it is broken off.
        if len(offsets) != 2:
            route.continue_()

    page.route("**/v1/uploads/*", part)
    send(page, address, noise(3), noise(4))
    expect(page.locator("progress")).to_have_attribute("max", "100")
    expect(page.get_by_text("Đã gửi", exact=False)).not_to_have_text("Đã gửi 0%")
    page.get_by_role("button", name="Tạm dừng").click()
    # It is written down by then.
    expect(page.get_by_role("button", name="Gửi tiếp")).to_be_visible()
    page.goto(f"{address}/app/queue")
    expect(page.get_by_text("Đã tạm dừng")).to_be_visible()
    page.get_by_role("button", name="Gửi ngay").click()
    expect(page.get_by_text("Đã tạm dừng")).to_be_visible()
    assert offsets == [0, 512_000]
    page.get_by_role("button", name="Gửi tiếp").click()
    expect(page.get_by_text("Không có ảnh nào chờ gửi.")).to_be_visible()
    # What had arrived is not sent again.
    assert offsets[2] == 512_000
    with transaction() as session:
        _, pages = the_receipt(session)
        assert len(pages) == 2
