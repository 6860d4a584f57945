"""The console in real headless Chromium: by mouse, by keyboard, at every width, in both languages."""

from __future__ import annotations

import re
from collections.abc import Generator
from dataclasses import dataclass
from functools import partial
from uuid import UUID

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlmodel import select

import samples
from domain import settlement
from domain.fraud import bands
from domain.fraud.bands import Bands, RuleSetting
from domain.origins.links import link_shoppers
from domain.people.accounts import member_with_address
from domain.review import decisions
from infra import clock, storage
from infra.db import transaction
from infra.words import LANGUAGES
from schemas.campaigns import Campaign
from schemas.people import StaffMember
from schemas.receipts import Receipt
from schemas.review import Corrections
from tests import make
from tests.make import browser as browsing
from tests.make import console
from tests.make.browser import needs_chromium

pytestmark = [needs_chromium, pytest.mark.slow]
# A busy machine is slow, not wrong.
expect.set_options(timeout=30_000)
PAGES = ("review", "clusters", "audit", "rules", "bands", "names")
ADMINS_PAGES = ("liability", "adjustments", "webhooks", "privacy")


@pytest.fixture(scope="module")
def browser() -> Generator[Browser]:
    with browsing.chromium() as opened:
        yield opened


@dataclass
class Scene:
    """A reviewer with cases that wait, and the server that shows them."""

    address: str
    member: StaffMember
    case_ids: list[UUID]


@pytest.fixture
def scene(committed: None) -> Generator[Scene]:
    with transaction() as session:
        make.make_campaign(session)
        member = console.enrol(session, "admin")
        first = settled(session, "0907654321", "05-lotte")
        cases = [
            settled(session, "0901234561", "03-coop", total_minor=200_000, receipt_no="555001"),
            settled(session, "0901234562", "10-lotte-again"),
            settled(
                session,
                "0901234563",
                "07-circle-k",
                chain=None,
                merchant="Tạp hóa Bà Tư",
                receipt_no="777003",
            ),
        ]
        assert first.status == "approved"
        ids = [case.id for case in cases]
    with browsing.serving() as address:
        yield Scene(address, member, ids)


def settled(session, phone: str, photo: str, **reading: object) -> Receipt:  # type: ignore[no-untyped-def] # noqa: ANN001 - a session
    """A receipt with a picture that can be looked at, settled by what was read."""
    [path] = list(samples.photos_dir().glob(f"{photo}*.jpg"))[:1]
    # A byte more makes another picture of it, so that a few photos serve for many cases.
    sha256 = storage.put_photo(path.read_bytes() + phone.encode())
    receipt = make.make_receipt(session, make.make_shopper(session, phone), image=sha256)
    lines = (
        make.make_line(box=(300, 560, 1000, 610)),
        make.make_line("Hạt nêm Knorr thịt thăn 900g", 78_000, box=(300, 640, 1000, 690)),
    )
    given = {"total_minor": 263_000} | reading
    settlement.settle_receipt(session, receipt.id, make.make_reading(*lines, **given))
    return receipt


def open_console(
    browser: Browser, scene: Scene, *, width: int = 1440, language: str = "vi", home: str = "review"
) -> Page:
    """A window at the sign-in page, signed in by typing."""
    page = browsing.new_context(browser, width=width, language=language).new_page()
    page.set_default_timeout(30_000)
    page.goto(f"{scene.address}/console/")
    with transaction() as session:
        code = console.code_of(session, scene.member)
    page.fill("#email", scene.member.email)
    page.fill("#password", console.PASSWORD)
    page.fill("#code", code)
    page.press("#code", "Enter")
    page.wait_for_url(f"**/console/{home}")
    return page


def expect_said(page: Page, words: str) -> None:
    """Wait until a page says something and its scripts listen."""
    expect(page.get_by_role("status")).to_contain_text(words)
    expect(page.locator("html.armed")).to_have_count(1)


def approve_by_keys(page: Page) -> None:
    """Choose the first reason to approve, and approve."""
    for key in ("a", "Space", "Enter"):
        page.keyboard.press(key)


def status_of(receipt_id: UUID) -> str:
    with transaction() as session:
        return session.get_one(Receipt, receipt_id).status


def test_a_case_is_decided_by_mouse(browser: Browser, scene: Scene) -> None:
    page = open_console(browser, scene)
    page.locator("tr[data-row]").first.get_by_role("link").click()
    page.locator("tr[data-hover='line-0']").hover()
    expect(page.locator(".case-picture rect.lit")).to_have_count(1)
    browsing.keep_picture(page, "case-by-mouse")
    page.get_by_text("Bị chỉnh sửa").click()
    page.get_by_role("button", name="Từ chối").click()
    expect_said(page, "Đã từ chối.")
    assert status_of(scene.case_ids[0]) == "rejected"
    assert page.url.split("/")[-1].startswith(str(scene.case_ids[1])), "the next case follows"


def test_cases_are_decided_by_keyboard_alone(browser: Browser, scene: Scene) -> None:
    page = open_console(browser, scene)
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("k")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/{scene.case_ids[0]}*")
    browsing.keep_picture(page, "case-by-keyboard")
    approve_by_keys(page)
    expect_said(page, "Đã duyệt.")
    assert status_of(scene.case_ids[0]) == "approved"
    page.keyboard.press("r")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    expect_said(page, "Đã từ chối.")
    assert status_of(scene.case_ids[1]) == "rejected"


def test_a_decision_is_taken_back_by_keyboard(browser: Browser, scene: Scene) -> None:
    page = open_console(browser, scene)
    page.keyboard.press("n")
    page.wait_for_url(f"**/{scene.case_ids[0]}*")
    approve_by_keys(page)
    expect_said(page, "Đã duyệt.")
    page.keyboard.press("u")
    expect_said(page, "Đã hoàn tác.")
    assert status_of(scene.case_ids[0]) == "in_review"


def test_a_misread_total_is_corrected_by_keyboard(browser: Browser, scene: Scene) -> None:
    page = open_console(browser, scene)
    page.goto(f"{scene.address}/console/review/{scene.case_ids[0]}")
    page.keyboard.press("c")
    page.locator("input[name=total]").fill("263.000")
    browsing.keep_picture(page, "case-corrected")
    page.locator("form[data-decision=approve] .chip").first.click()
    page.locator("input[name=total]").press("Enter")
    expect_said(page, "Đã duyệt.")
    with transaction() as session:
        assert session.get_one(Receipt, scene.case_ids[0]).total_minor == 263_000


def test_rows_are_chosen_and_decided_together(browser: Browser, scene: Scene) -> None:
    page = open_console(browser, scene)
    page.keyboard.press("j")
    page.keyboard.press("x")
    page.keyboard.press("j")
    page.keyboard.press("x")
    page.locator("select[name=preset]").select_option(label="Không phải bản gốc")
    expect(page.locator("button[value=approve]")).to_be_disabled()
    browsing.keep_picture(page, "queue-chosen")
    page.locator("button[value=reject]").click()
    expect_said(page, "Đã quyết định 2")
    browsing.keep_picture(page, "decided-together")
    assert [status_of(case) for case in scene.case_ids] == ["rejected", "rejected", "in_review"]


def test_a_filter_narrows_the_list_without_a_new_page(browser: Browser, scene: Scene) -> None:
    page = open_console(browser, scene)
    page.evaluate("window.stillHere = true")
    page.locator("select[name=reason]").select_option("unknown_retailer")
    expect(page.locator("tr[data-row]")).to_have_count(1)
    assert page.evaluate("window.stillHere")
    assert "reason=unknown_retailer" in page.url


def test_bands_are_tried_on_the_past_and_then_saved(browser: Browser, scene: Scene) -> None:
    page = open_console(browser, scene)
    page.goto(f"{scene.address}/console/bands")
    page.locator("input[name=review_from]").first.fill("80")
    page.get_by_role("button", name="Thử trên hóa đơn cũ").first.click()
    expect(page.locator("#replay")).to_contain_text("có kết quả khác")
    browsing.keep_picture(page, "bands-tried")
    page.get_by_role("button", name="Lưu").first.click()
    expect_said(page, "Đã lưu.")
    expect(page.locator("input[name=review_from]").first).to_have_value("80")


def test_a_rule_is_tried_and_put_in_shadow(browser: Browser, scene: Scene) -> None:
    page = open_console(browser, scene)
    page.goto(f"{scene.address}/console/rules")
    page.locator("details.edit summary").first.click()
    page.locator("select[name=mode]").first.select_option("shadow")
    page.get_by_role("button", name="Thử trên hóa đơn cũ").first.click()
    expect(page.locator("#replay")).to_contain_text("có kết quả khác")
    browsing.keep_picture(page, "rule-tried")
    page.get_by_role("button", name="Lưu").first.click()
    expect_said(page, "Đã lưu.")
    expect(page.locator("tbody tr").first.locator(".mode-shadow")).to_have_count(1)


def test_the_picture_is_enlarged_and_turned(browser: Browser, scene: Scene) -> None:
    page = open_console(browser, scene)
    page.goto(f"{scene.address}/console/review/{scene.case_ids[0]}")
    sheet = page.locator(".case-picture .sheet")
    expect(sheet).to_have_attribute("style", re.compile("rotate\\(0deg\\)"))
    fitted = sheet.bounding_box()
    page.keyboard.press("+")
    larger = sheet.bounding_box()
    assert fitted
    assert larger
    assert larger["width"] > fitted["width"] * 1.3
    page.keyboard.press("t")
    turned = sheet.bounding_box()
    assert turned
    assert turned["width"] > turned["height"]
    browsing.keep_picture(page, "case-turned")


def add_a_busy_day(scene: Scene) -> dict[str, UUID]:
    """More cases, one of each kind that shows something of its own; return them by that kind."""
    with transaction() as session:
        campaign = session.exec(select(Campaign)).one()
        bands.change_bands(session, campaign.id, Bands(0.5, 0.97, 250_000), scene.member.id)
        bands.change_rule(session, "missing_field", RuleSetting("shadow"), scene.member.id)
        colleague = make.make_staff(session)
        decide = partial(decisions.settle_review, session, reviewer_id=colleague.id, reason="Bị chỉnh sửa")
        odd = {"total_minor": 300_000}
        for number, decision in enumerate(("reject", "reject", "reject", "approve")):
            done = settled(
                session, f"090999000{number}", f"0{number + 1}", receipt_no=f"3344{number}00", **odd
            )
            decide(done.id, decision=decision)
        long_name = make.make_line("GIO TRE DAN TAY CO NAP DAY LOAI LON MAU TU NHIEN CAO 45CM")
        small = {"total_minor": 200_000, "lines": (long_name,)}
        unlinked = settled(session, "0907000001", "08", receipt_no="88001122", **small)
        decide(unlinked.id, decision="approve")
        appealed = settled(session, "0908000001", "06-go", receipt_no="66012233", **odd)
        decide(appealed.id, decision="reject", refusal="not_original")
        words = "Hóa đơn bị rách một góc, tôi mua ở siêu thị gần nhà và còn giữ bản giấy."
        decisions.appeal(session, appealed.id, shopper_id=appealed.shopper_id, words=words)
        proposed = settled(session, "0908000002", "02-winmart-plus", receipt_no="66014455", **odd)
        corrections = Corrections(total_minor=263_000, store="WM Bình Thạnh")
        decide(proposed.id, decision="approve", corrections=corrections)
        linked = [
            settled(session, f"09081000{n:02}", "04-bach-hoa-xanh", receipt_no=f"{n}" * 8, **odd)
            for n in range(1, 8)
        ]
        shoppers = [receipt.shopper_id for receipt in linked]
        note_link = partial(link_shoppers, session, at=clock.now())
        note_link("device", "d" * 32, shoppers[:4])
        note_link("device", "e" * 32, shoppers[3:6])
        note_link("payout", "p" * 32, shoppers[4:])
        note_link("paper", "q" * 32, shoppers[:2])
        return {"appeal": appealed.id, "proposal": proposed.id, "cluster": linked[3].id}


def test_no_page_is_wider_than_its_window_in_either_language(browser: Browser, scene: Scene) -> None:
    cases = add_a_busy_day(scene)
    page = open_console(browser, scene)
    faults: list[str] = []
    page.on("console", lambda message: faults.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: faults.append(str(error)))
    pages = {name: name for name in (*PAGES, *ADMINS_PAGES)} | {"empty": "review?overdue=1"}
    pages |= {"cluster-cases": f"review?linked={cases['cluster']}"}
    pages |= {"staff": "staff", "member": f"staff/{scene.member.id}", "account": "account"}
    pages |= {f"case-{number}": f"review/{case}" for number, case in enumerate(scene.case_ids)}
    pages |= {f"case-{kind}": f"review/{case}" for kind, case in cases.items()}
    for language in LANGUAGES:
        page.goto(f"{scene.address}/console/language/{language}")
        for name, path in pages.items():
            page.goto(f"{scene.address}/console/{path}")
            assert page.locator("html").get_attribute("lang") == language
            assert name != "names" or page.get_by_text("GIO TRE DAN TAY").count()
            for width in (360, 1440):
                page.set_viewport_size({"width": width, "height": 900})
                browsing.keep_picture(page, f"{name}-{language}-{width}")
                assert browsing.overflow(page) <= 0, f"{name} overflows at {width} in {language}"
    assert faults == []


def test_a_change_that_is_tried_fits_a_small_window(browser: Browser, scene: Scene) -> None:
    add_a_busy_day(scene)
    page = open_console(browser, scene, width=360)
    page.goto(f"{scene.address}/console/rules")
    page.locator("details.edit summary").first.click()
    page.locator("select[name=mode]").first.select_option("shadow")
    page.get_by_role("button", name="Thử trên hóa đơn cũ").first.click()
    expect(page.locator("#replay")).to_contain_text("có kết quả khác")
    browsing.keep_picture(page, "rule-tried-vi-360")
    assert browsing.overflow(page) <= 0
    page.locator("[data-closes]").click()
    expect(page.locator("#replay")).to_be_empty()


def test_a_row_opens_its_case_wherever_it_is_clicked(browser: Browser, scene: Scene) -> None:
    page = open_console(browser, scene)
    page.locator("tr[data-row]").first.locator(".shop").click()
    page.wait_for_url(f"**/{scene.case_ids[0]}*")


def test_no_word_of_a_table_is_broken_where_there_is_room(browser: Browser, scene: Scene) -> None:
    page = open_console(browser, scene)
    page.goto(f"{scene.address}/console/review/{scene.case_ids[1]}")
    brand = page.locator("table.lines tbody td:nth-child(2)").first
    height = brand.evaluate("cell => cell.clientHeight / parseFloat(getComputedStyle(cell).lineHeight)")
    assert height < 2.5, "a brand of one word stands on one line"


def test_the_shortcuts_are_shown_by_one(browser: Browser, scene: Scene) -> None:
    page = open_console(browser, scene)
    page.keyboard.press("?")
    expect(page.locator("dialog#shortcuts")).to_be_visible()
    browsing.keep_picture(page, "shortcuts-vi-1440")
    page.keyboard.press("Escape")
    expect(page.locator("dialog#shortcuts")).to_be_hidden()


def test_the_sign_in_page_fits_and_refuses_in_words(browser: Browser, scene: Scene) -> None:
    page = browsing.new_context(browser, width=360, language="en").new_page()
    page.goto(f"{scene.address}/console/")
    page.fill("#email", scene.member.email)
    page.fill("#password", "a wrong password")
    page.fill("#code", "000000")
    page.press("#code", "Enter")
    expect(page.get_by_role("alert")).to_contain_text("That did not work.")
    browsing.keep_picture(page, "sign-in-en-360")
    assert browsing.overflow(page) <= 0


def test_a_colleague_is_invited_by_keyboard_and_sets_a_way_in(browser: Browser, scene: Scene) -> None:
    page = open_console(browser, scene)
    page.goto(f"{scene.address}/console/staff")
    page.locator("input[name=email]").focus()
    page.keyboard.type("lan@example.vn")
    page.keyboard.press("Enter")
    link = page.locator("#link").input_value()
    browsing.keep_picture(page, "link-vi-1440")
    joining = browsing.new_context(browser, width=360).new_page()
    faults: list[str] = []
    joining.on("console", lambda message: faults.append(message.text) if message.type == "error" else None)
    joining.goto(link)
    browsing.keep_picture(joining, "join-vi-360")
    assert browsing.overflow(joining) <= 0
    assert joining.locator("img.qr").evaluate("picture => picture.naturalWidth") > 0
    with transaction() as session:
        code = console.code_of(session, member_with_address(session, "lan@example.vn"))
    joining.fill("#password", "another correct horse")
    joining.fill("#again", "another correct horse")
    joining.fill("#code", code)
    joining.press("#code", "Enter")
    expect(joining.locator("ol.recovery li")).to_have_count(10)
    browsing.keep_picture(joining, "recovery-vi-360")
    assert browsing.overflow(joining) <= 0
    recovery = joining.locator("ol.recovery li").first.inner_text()
    joining.get_by_role("link", name="Tiếp tục").click()
    joining.fill("#email", "lan@example.vn")
    joining.fill("#password", "another correct horse")
    joining.fill("#code", recovery)
    joining.press("#code", "Enter")
    joining.wait_for_url("**/console/review")
    assert faults == []
