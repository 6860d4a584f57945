"""The shoppers' web app in real headless Chromium: from a phone number to points, and without a network."""

from __future__ import annotations

from collections.abc import Callable, Generator

import cv2
import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Locator, Page, Route, expect
from sqlmodel import Session, select

import samples
from domain import settlement
from domain.people.shoppers import join_shopper
from infra import storage
from infra.db import transaction
from infra.words import LANGUAGES
from schemas.people import Shopper
from schemas.receipts import Receipt
from tests import make
from tests.make import browser as browsing
from tests.make import web_app
from tests.make.browser import needs_chromium
from tests.make.signing import PHONE
from tests.make.web_app import needs_tools
from workers.receipts import read_and_settle

pytestmark = [needs_chromium, pytest.mark.slow]
# A busy machine is slow, not wrong.
expect.set_options(timeout=30_000)
# What a phone's camera gives for a film of one picture.
FILM_SIZE = (1080, 1440)
PAGES = ("", "capture", "queue", "receipts", "wallet", "consents", "more", "nowhere")
# The keys of what the phone keeps.
QUEUED = """new Promise((done) => {
    const opening = indexedDB.open("quetbill");
    opening.onsuccess = () => {
        const keys = opening.result.transaction("receipts").objectStore("receipts").getAllKeys();
        keys.onsuccess = () => { opening.result.close(); done(keys.result); };
    };
})"""


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Generator[Browser]:
    film = tmp_path_factory.mktemp("film") / "receipt.mjpeg"
    photo = cv2.imread(str(samples.photos_dir() / "07-circle-k.jpg"))
    assert photo is not None
    film.write_bytes(
        cv2.imencode(".jpg", cv2.resize(photo, FILM_SIZE, interpolation=cv2.INTER_AREA))[1].tobytes()
    )
    camera = ("--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream")
    with browsing.chromium(*camera, f"--use-file-for-fake-video-capture={film}") as opened:
        yield opened


@pytest.fixture
def address(committed: None, change_settings: Callable[..., None]) -> Generator[str]:
    change_settings(code_provider="http", stream_seconds_max=30)
    with transaction() as session:
        make.make_campaign(session, brands=("Dove", "Comfort"))
    with browsing.serving() as served:
        yield served


def faults_of(page: Page) -> list[str]:
    """What the page complains of, as it comes; a network that is off is no fault of the page's."""
    faults: list[str] = []

    def heard(message: ConsoleMessage) -> None:
        if message.type == "error" and "ERR_INTERNET_DISCONNECTED" not in message.text:
            faults.append(message.text)

    page.on("console", heard)
    page.on("pageerror", lambda error: faults.append(str(error)))
    return faults


def receipts_of(session: Session) -> list[Receipt]:
    return list(session.exec(select(Receipt)))


@pytest.mark.ocr
def test_a_newcomer_gets_from_a_phone_number_by_the_camera_to_points(browser: Browser, address: str) -> None:
    page = web_app.open_phone(browser).new_page()
    faults = faults_of(page)
    web_app.sign_in(page, address, PHONE)
    web_app.agree(page)
    # By keys alone, as who can't point does.
    press(page, page.get_by_role("link", name="Chụp hóa đơn"))
    with page.expect_file_chooser():
        press(page, page.get_by_label("Chọn ảnh có sẵn"))
    press(page, page.get_by_role("button", name="Mở máy ảnh"))
    press(page, page.get_by_role("button", name="Chụp", exact=True))
    expect(page.get_by_text("Ảnh rõ.")).to_be_visible()
    press(page, page.get_by_role("button", name="Gửi hóa đơn"))
    page.wait_for_url("**/app/receipts/*")
    # The page follows what happens, by itself.
    expect(page.locator(".status.received")).to_be_visible()
    read_and_settle(page.url.rpartition("/")[2])
    expect(page.locator(".status.approved")).to_be_visible()
    expect(page.get_by_text("+314 điểm")).to_be_visible()
    page.get_by_role("link", name="Ví điểm").click()
    expect(page.get_by_text("218 điểm", exact=True)).to_be_visible()
    assert faults == []


def press(page: Page, target: Locator) -> None:
    """Go to something by the tabulator, on over the page's end, and press Enter."""
    expect(target).to_be_enabled()
    for _ in range(40):
        if target.evaluate("element => element === document.activeElement"):
            page.keyboard.press("Enter")
            return
        page.keyboard.press("Tab")
    pytest.fail("It can't be reached by keys.")


def test_receipts_of_a_phone_without_network_arrive_once_though_the_tab_was_closed(
    browser: Browser, address: str
) -> None:
    phone = web_app.open_phone(browser)
    page = phone.new_page()
    web_app.sign_in(page, address, PHONE)
    web_app.agree(page)
    page.evaluate("navigator.serviceWorker.ready")
    phone.set_offline(offline=True)
    queue_offline(phone, address, 3)
    page.close()
    with transaction() as session:
        assert receipts_of(session) == []
    lost = lose_the_first_answer(phone)
    phone.set_offline(offline=False)
    page = phone.new_page()
    page.goto(f"{address}/app/queue")
    expect(page.get_by_text("sẽ thử lại").first).to_be_visible()
    page.get_by_role("button", name="Gửi ngay").click()
    expect(page.get_by_text("Không có ảnh nào chờ gửi.")).to_be_visible()
    assert page.evaluate(QUEUED) == []
    with transaction() as session:
        arrived = receipts_of(session)
        assert len({receipt.idempotency_key for receipt in arrived}) == len(arrived) == 3
        assert {str(receipt.id) for receipt in arrived} > set(lost) != set()


def queue_offline(phone: BrowserContext, address: str, count: int) -> None:
    """Take pictures of receipts in a page that opens without a network, and close it."""
    page = phone.new_page()
    faults = faults_of(page)
    page.goto(f"{address}/app/capture")
    for number in range(count):
        photo = make.make_photo(size=(900, 1200), mark=f"receipt {number}")
        page.set_input_files("input[type=file]", {"name": "a.jpg", "mimeType": "image/jpeg", "buffer": photo})
        page.locator("main button.main").last.click()
        expect(page.get_by_text("Đã lưu trên máy này.")).to_be_visible()
        page.get_by_role("button", name="Chụp hóa đơn khác").click()
    page.get_by_role("link", name="Trang chủ").click()
    expect(page.get_by_text(f"{count} hóa đơn chờ gửi")).to_be_visible()
    assert faults == []
    page.close()


def lose_the_first_answer(phone: BrowserContext) -> list[str]:
    """Let the first upload reach the server whole, and its answer nobody; return which that was."""
    lost: list[str] = []

    def upload(route: Route) -> None:
        if route.request.method != "PATCH" or lost:
            route.continue_()
            return
        arrived = route.fetch()
        lost.append(arrived.headers["quetbill-receipt"])
        route.abort()

    phone.route("**/v1/uploads/*", upload)
    return lost


@needs_tools
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_page_is_within_reach_of_everybody(browser: Browser, address: str, language: str) -> None:
    """By axe, in light and in dark, at the width of the smallest phones."""
    phone = web_app.open_phone(browser, language=language, width=320)
    page = phone.new_page()
    faults = faults_of(page)
    page.goto(f"{address}/app/")
    look_at(page, f"sign-in-{language}")
    web_app.sign_in(page, address, PHONE)
    expect(page.locator("#programme")).to_be_visible()
    look_at(page, f"welcome-{language}")
    web_app.agree(page)
    with transaction() as session:
        shown = settled(session, join_shopper(session, PHONE))
    for name in (*PAGES, f"receipts/{shown}"):
        page.goto(f"{address}/app/{name}")
        expect(page.locator(".waits")).to_have_count(0)
        look_at(page, f"{name.partition('/')[0] or 'home'}-{language}")
    assert faults == []


def settled(session: Session, shopper: Shopper) -> str:
    """A receipt that earned, with a line that did not."""
    photo = (samples.photos_dir() / "07-circle-k.jpg").read_bytes()
    receipt = make.make_receipt(session, shopper, image=storage.put_photo(photo))
    lines = (make.make_line("Dove DX Ngan gay rung 320g", 96_000), make.make_line("Mi ly trung 300g", 32_000))
    settlement.settle_receipt(session, receipt.id, make.make_reading(*lines))
    return str(receipt.id)


def look_at(page: Page, name: str) -> None:
    """Keep a picture of the page; find what keeps people out of it, and what does not fit."""
    assert browsing.overflow(page) <= 0, name
    browsing.keep_picture(page, f"app-{name}-light")
    assert web_app.serious_findings(page) == [], name
    # In the dark nothing but colours is another.
    page.emulate_media(color_scheme="dark")
    browsing.keep_picture(page, f"app-{name}-dark")
    assert web_app.serious_findings(page, "color-contrast") == [], f"{name} in the dark"
    page.emulate_media(color_scheme="light")
