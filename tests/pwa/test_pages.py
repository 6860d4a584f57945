"""Offers, rewards, friends, messages, devices, data and leaving, in real headless Chromium."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Generator
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import update
from sqlmodel import Session, select

from domain import settlement
from domain.membership import referral, tiers
from domain.messages.writer import write_messages
from domain.people.shoppers import join_shopper
from domain.rewards import redemptions
from infra import clock
from infra.db import transaction
from infra.words import LANGUAGES
from schemas.membership import Ladder, ReferralTermsBody, TierStep
from schemas.people import Shopper
from schemas.privacy import PrivacyRequest
from schemas.receipts import Receipt
from schemas.review import ReceiptAppeal
from schemas.rewards import Reward
from schemas.signin import ShopperSession
from tests import make
from tests.make import browser as browsing
from tests.make import web_app
from tests.make.browser import needs_chromium
from tests.make.points import earn
from tests.make.rewards import an_admin, offered_reward
from tests.make.signing import PHONE
from tests.make.things import a_mission
from tests.make.ways_in import add_ways_in
from tests.make.web_app import needs_tools
from workers.privacy import write_export

pytestmark = [needs_chromium, pytest.mark.slow]
expect.set_options(timeout=30_000)
PAGES = (
    *("inbox", "offers", "rewards", "vouchers", "tier", "missions", "friends", "devices", "my-data"),
    "more",
)
FRIEND = "0907777777"
STAMPS = {"kind": "stamp", "card": "card", "full": 9, "points": 5}
PAYS = {"kind": "points_per_amount", "points": 10, "minor": 10_000}


@pytest.fixture(scope="module")
def browser() -> Generator[Browser]:
    with browsing.chromium() as opened:
        yield opened


@pytest.fixture
def address(committed: None, change_settings: Callable[..., None]) -> Generator[str]:
    change_settings(code_provider="http")
    with transaction() as session:
        make.make_campaign(session, rules=[{"name": "spend", "give": [PAYS, STAMPS]}])
        offered_reward(session, words_vi="Một ly cà phê sữa", words_en="A cup of milk coffee")
        offered_reward(session, slug="dear", points=10_000, money_minor=20_000)
        admin = an_admin(session)
        steps = [TierStep(slug="silver", name_vi="Bạc", name_en="Silver", from_points=1_000)]
        tiers.set_ladder(session, Ladder(tiers=steps), staff_id=admin.id)
        since = clock.now() - timedelta(days=1)
        terms = ReferralTermsBody(brand="omo", referrer_points=50, newcomer_points=20, starts_at=since)
        referral.set_terms(session, terms, staff_id=admin.id)
        a_mission(session)
    with browsing.serving() as served:
        yield served


def begin(browser: Browser, address: str, language: str = "vi") -> Page:
    """A phone whose shopper signed in, agreed and has points, a refused receipt and another phone."""
    page = web_app.open_phone(browser, language=language, width=320).new_page()
    web_app.sign_in(page, address, PHONE)
    web_app.agree(page)
    with transaction() as session:
        shopper = join_shopper(session, PHONE)
        earn(session, shopper, 150)
        refused(session, shopper)
        add_ways_in(session, shopper, "Other phone")
        referral.code_of(session, shopper.id)
    # Events are read once all that was under way when they came has ended.
    with transaction() as session:
        write_messages(session, 100)
    return page


def refused(session: Session, shopper: Shopper) -> None:
    for number in range(2):
        receipt = make.make_receipt(session, shopper, image=f"{number}" * 64)
        settlement.settle_receipt(session, receipt.id, make.make_reading())
    assert receipt.status == "rejected"


def open_page(page: Page, address: str, name: str) -> None:
    page.goto(f"{address}/app/{name}")
    expect(page.locator(".waits")).to_have_count(0)
    expect(page.locator("h1")).to_be_visible()


def test_points_become_a_voucher_whose_code_is_shown_and_given_back(browser: Browser, address: str) -> None:
    page = begin(browser, address)
    open_page(page, address, "offers")
    expect(page.get_by_text("1 trên 9 tem")).to_be_visible()
    open_page(page, address, "rewards")
    expect(page.get_by_text("Thiếu", exact=False)).to_be_visible()
    page.get_by_role("button", name="Đổi Cà phê", exact=True).first.click()
    page.get_by_role("button", name="Thôi").click()
    page.get_by_role("button", name="Đổi Cà phê", exact=True).first.click()
    page.get_by_role("button", name="Đổi", exact=True).click()
    code = page.locator(".voucher").inner_text()
    assert len(code) >= 8
    page.get_by_role("link", name="Phiếu của tôi").first.click()
    expect(page.locator(".voucher")).to_have_text(code)
    page.on("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="Trả lại Cà phê").click()
    expect(page.get_by_text("Đã trả lại")).to_be_visible()
    expect(page.locator(".voucher")).to_have_count(0)


def test_messages_friends_an_appeal_and_other_phones(browser: Browser, address: str) -> None:
    page = begin(browser, address)
    page.on("dialog", lambda dialog: dialog.accept())
    with transaction() as session:
        theirs = referral.code_of(session, make.make_shopper(session, FRIEND).id)
        mine = referral.code_of(session, join_shopper(session, PHONE).id)
        refused_id = session.exec(select(Receipt.id).where(Receipt.status == "rejected")).one()
    open_page(page, address, "more")
    expect(page.locator("nav .badge")).to_contain_text("tin chưa đọc")
    page.get_by_role("link", name="Hộp thư").click()
    expect(page.get_by_text("Mới", exact=True).first).to_be_visible()
    expect(page.locator("nav .badge")).to_have_count(0)
    open_page(page, address, "friends")
    expect(page.get_by_text(mine)).to_be_visible()
    page.fill("#friend", "NOBODY22")
    page.press("#friend", "Enter")
    expect(page.get_by_role("alert")).to_contain_text("Không có ai mang mã này.")
    page.fill("#friend", theirs)
    page.press("#friend", "Enter")
    # Who has an approved receipt is no newcomer.
    expect(page.get_by_role("alert")).to_contain_text("Chỉ thành viên mới")
    open_page(page, address, f"receipts/{refused_id}")
    page.fill("#appeal", "Tôi tự mua, giấy bị rách.")
    page.get_by_role("button", name="Gửi", exact=True).click()
    expect(page.get_by_text("Đã gửi. Một người khác sẽ xem lại.")).to_be_visible()
    with transaction() as session:
        assert session.exec(select(ReceiptAppeal.receipt_id)).all() == [refused_id]
    open_page(page, address, "devices")
    # A passkey of that name stays: it is a way in, and nobody who is in.
    other = page.get_by_role("listitem").filter(has_text="Dùng lần cuối").filter(has_text="Other phone")
    expect(other).to_be_visible()
    page.get_by_role("button", name="Đăng xuất mọi thiết bị khác").click()
    expect(page.get_by_text("Đã đăng xuất 1 thiết bị.")).to_be_visible()
    expect(other).to_have_count(0)


def test_a_passkey_made_here_signs_in_until_it_is_removed(
    browser: Browser, address: str, change_settings: Callable[..., None]
) -> None:
    # A passkey is for a name, never for a bare address.
    named = address.replace("127.0.0.1", "localhost")
    change_settings(passkey_domain="localhost", passkey_origins=named)
    phone = web_app.open_phone(browser)
    page = phone.new_page()
    page.on("dialog", lambda dialog: dialog.accept())
    tools = phone.new_cdp_session(page)
    tools.send("WebAuthn.enable")
    knows_owner = {"hasResidentKey": True, "hasUserVerification": True, "isUserVerified": True}
    kind = {"protocol": "ctap2", "transport": "internal", "automaticPresenceSimulation": True}
    tools.send("WebAuthn.addVirtualAuthenticator", {"options": {**kind, **knows_owner}})
    web_app.sign_in(page, named, PHONE)
    web_app.agree(page)
    open_page(page, named, "devices")
    page.get_by_role("button", name="Thêm khóa truy cập").click()
    expect(page.get_by_text("Đã thêm khóa truy cập.")).to_be_visible()
    sign_in_by_passkey(page, named)
    expect(page.locator("nav.tabs")).to_be_visible()
    open_page(page, named, "devices")
    page.get_by_role("button", name="Xóa khóa").click()
    expect(page.get_by_text("Đã xóa khóa truy cập.")).to_be_visible()
    sign_in_by_passkey(page, named)
    expect(page.get_by_role("alert")).to_be_visible()
    expect(page.locator("#phone")).to_be_visible()


def sign_in_by_passkey(page: Page, address: str) -> None:
    open_page(page, address, "more")
    page.get_by_role("button", name="Đăng xuất").click()
    page.get_by_role("button", name="Đăng nhập bằng khóa truy cập").click()


def test_a_copy_of_all_that_is_held_and_leaving(browser: Browser, address: str, tmp_path: Path) -> None:
    page = begin(browser, address)
    began(timedelta(hours=1))
    open_page(page, address, "my-data")
    page.get_by_role("button", name="Xin bản sao").click()
    expect(page.get_by_role("button", name="Đăng nhập lại")).to_be_visible()
    began(timedelta(minutes=1))
    page.get_by_role("button", name="Xin bản sao").click()
    expect(page.get_by_text("Đang chuẩn bị, 0%")).to_be_visible()
    with transaction() as session:
        asked = session.exec(select(PrivacyRequest.id)).one()
    write_export(str(asked))
    page.get_by_role("button", name="Xem lại").click()
    with page.expect_download() as fetched:
        page.get_by_role("button", name="Tải về").click()
    fetched.value.save_as(tmp_path / "copy.zip")
    names = zipfile.ZipFile(io.BytesIO((tmp_path / "copy.zip").read_bytes())).namelist()
    assert any("receipt" in name for name in names)
    leave = page.get_by_role("button", name="Xóa tài khoản của tôi")
    expect(leave).to_be_disabled()
    page.check("#understood")
    leave.click()
    expect(page.get_by_text("Tài khoản đã đóng.", exact=False)).to_be_visible()
    expect(page.locator("#phone")).to_be_visible()
    with transaction() as session:
        assert session.exec(select(Shopper.erased_at)).one() is not None


def began(ago: timedelta) -> None:
    """Let the sign-in have been so long ago."""
    with transaction() as session:
        session.execute(update(ShopperSession).values(began_at=clock.now() - ago))


@needs_tools
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_one_of_these_pages_is_within_reach_of_everybody(
    browser: Browser, address: str, language: str
) -> None:
    """By axe, in light and in dark, at the width of the smallest phones."""
    page = begin(browser, address, language)
    with transaction() as session:
        shown = session.exec(select(Receipt.id).where(Receipt.status == "rejected")).one()
        reward = session.exec(select(Reward.id).where(Reward.slug == "coffee")).one()
        redemptions.redeem(session, join_shopper(session, PHONE).id, reward, "taken before")
    for name in (*PAGES, f"receipts/{shown}"):
        open_page(page, address, name)
        assert browsing.overflow(page) <= 0, name
        # Colours are the same in every language.
        for scheme in ("light", "dark") if language == "vi" else ("light",):
            page.emulate_media(color_scheme=scheme)
            browsing.keep_picture(page, f"app-{name.partition('/')[0]}-{language}-{scheme}")
            assert web_app.serious_findings(page) == [], f"{name} in {scheme}"
