"""In real Chromium: no slip of a finger decides, what was done is taken back there, nothing overflows."""

from __future__ import annotations

from uuid import UUID

import pytest
from playwright.sync_api import Browser, Page, expect

from infra.db import transaction
from infra.words import LANGUAGES
from tests import make
from tests.console.test_browser import (
    Scene,
    browser,
    expect_said,
    open_console,
    scene,
    settled,
    status_of,
)
from tests.make import browser as browsing
from tests.make import console as ground
from tests.make.browser import needs_chromium

__all__ = ["browser", "scene"]
pytestmark = [needs_chromium, pytest.mark.slow]
expect.set_options(timeout=30_000)


def statuses(scene: Scene) -> list[str]:
    return [status_of(case) for case in scene.case_ids]


def open_case(page: Page, scene: Scene, number: int = 0) -> None:
    page.goto(f"{scene.address}/console/review/{scene.case_ids[number]}")
    expect(page.locator("html.scripted")).to_have_count(1)


def test_the_key_a_twice_decides_nothing_at_all(browser: Browser, scene: Scene) -> None:
    page = open_console(browser, scene)
    for pause_ms in (0, 80, 120, 180, 250, 400):
        open_case(page, scene)
        page.keyboard.press("a")
        page.wait_for_timeout(pause_ms)
        page.keyboard.press("a")
        page.wait_for_timeout(300)
        assert statuses(scene) == ["in_review"] * 3


def test_an_approval_typed_twice_decides_one_case(browser: Browser, scene: Scene) -> None:
    page = open_console(browser, scene)
    for pause_ms in (0, 80, 180, 400):
        open_case(page, scene)
        for key in ("a", "Space", "Enter"):
            page.keyboard.press(key)
        page.wait_for_timeout(pause_ms)
        for key in ("a", "Enter", "Enter"):
            page.keyboard.press(key)
        page.wait_for_timeout(300)
        expect_said(page, "Đã duyệt.")
        assert statuses(scene) == ["approved", "in_review", "in_review"]
        page.keyboard.press("u")
        expect_said(page, "Đã hoàn tác.")


def test_a_button_pressed_twice_decides_one_case(browser: Browser, scene: Scene) -> None:
    page = open_console(browser, scene)
    open_case(page, scene)
    page.locator("form[data-decision=approve] .chip").first.click()
    page.locator("form[data-decision=approve] button").click(click_count=3, delay=5)
    expect_said(page, "Đã duyệt.")
    assert statuses(scene) == ["approved", "in_review", "in_review"]


def test_a_key_held_down_acts_once(browser: Browser, scene: Scene) -> None:
    page = open_console(browser, scene)
    open_case(page, scene)
    expect(page.locator("html.armed")).to_have_count(1)
    page.evaluate("window.clicked = 0")
    page.evaluate(
        "document.querySelector('button[data-key=n]').addEventListener('click', (event) => {"
        " event.preventDefault(); window.clicked += 1; })"
    )
    for _ in range(5):  # Chromium marks every press after the first as a repeat.
        page.keyboard.down("n")
    page.keyboard.up("n")
    assert page.evaluate("window.clicked") == 1


def test_nothing_is_chosen_before_a_person_chooses(browser: Browser, scene: Scene) -> None:
    page = open_console(browser, scene)
    for number in range(3):
        open_case(page, scene, number)
        assert page.locator("input[type=radio]:checked").count() == 0


def test_decided_together_is_shown_and_taken_back_there(browser: Browser, scene: Scene) -> None:
    page = open_console(browser, scene)
    page.locator("[data-choose-all]").check()
    page.locator("select[name=preset]").select_option(label="Không phải bản gốc")
    page.locator("button[value=reject]").click()
    expect_said(page, "Đã quyết định 3")
    expect(page.locator("tbody tr")).to_have_count(3)
    page.locator("tbody tr").first.get_by_role("button", name="Hoàn tác").click()
    page.wait_for_url("**/many/**said=undone*")
    assert statuses(scene).count("in_review") == 1
    page.get_by_role("button", name="Hoàn tác tất cả").click()
    page.wait_for_url("**/many/**said=undone_many*")
    assert statuses(scene) == ["in_review"] * 3
    expect(page.get_by_role("button", name="Hoàn tác", exact=True)).to_have_count(0)


def test_a_paid_paper_is_said_and_needs_a_button_of_its_own(browser: Browser, scene: Scene) -> None:
    page = open_console(browser, scene)
    open_case(page, scene, 1)
    expect(page.locator(".already-paid")).to_contain_text("Đã trả điểm")
    [other] = page.locator(".already-paid a").all()
    browsing.keep_picture(page, "already-paid")
    assert page.locator("form[data-decision=approve] [data-key], [data-focus=a]").count() == 0
    page.get_by_label("Vì sao đây là hai lần mua").fill("Hai lần mua giống nhau, khác máy tính tiền")
    page.get_by_role("button", name="Vẫn trả điểm lần nữa").click()
    expect_said(page, "người thứ hai")
    assert status_of(scene.case_ids[1]) == "in_review"
    page.get_by_role("button", name="Rút lại đề xuất").click()
    expect_said(page, "Đã rút đề xuất")
    open_case(page, scene, 1)
    other = page.locator(".already-paid a").first
    other.click()
    expect(page.locator(".status-approved").first).to_be_visible()


def test_two_receipts_side_by_side_fit_a_small_window_whatever_is_printed_on_them(
    browser: Browser, scene: Scene
) -> None:
    long = {
        "receipt_no": "HD-0000123456789012345678901234567890",
        "store": "SIEUTHICO.OPMARTNGUYENDINHCHIEUQUANBA 168NGUYENDINHCHIEU",
        "payment": "transfer",
    }
    with transaction() as session:
        settled(session, "0905550001", "05-lotte", purchased_at=make.NOON.replace(hour=9), **long)
        copy = settled(
            session, "0905550002", "10-lotte-again", purchased_at=make.NOON.replace(hour=9), **long
        )
        assert copy.status == "in_review"
        copy_id: UUID = copy.id
    page = open_console(browser, scene, width=360)
    for language in LANGUAGES:
        page.goto(f"{scene.address}/console/language/{language}")
        page.goto(f"{scene.address}/console/review/{copy_id}")
        expect(page.locator("table.compare")).to_have_count(1)
        browsing.keep_picture(page, f"compare-{language}-360")
        assert browsing.overflow(page) <= 0
        wide = page.locator("table.compare").evaluate(
            "table => table.scrollWidth - table.parentElement.clientWidth"
        )
        assert wide <= 0
        said = "chuyển khoản" if language == "vi" else "bank transfer"
        expect(page.locator("table.compare")).to_contain_text(said)


def test_every_picture_button_shows_a_drawn_sign(browser: Browser, scene: Scene) -> None:
    page = open_console(browser, scene)
    open_case(page, scene)
    buttons = page.locator(".case-picture .tools button")
    expect(buttons).to_have_count(4)
    for button in buttons.all():
        assert button.locator("svg path").count() == 1
        assert not button.inner_text().strip()


def test_a_brand_manager_has_a_home_that_fits(browser: Browser, scene: Scene) -> None:
    with transaction() as session:
        manager = ground.enrol(session, "brand_manager")
        manager.brands = ["omo", "knorr"]
        session.add(manager)
    page = open_console(browser, Scene(scene.address, manager, []), width=360, home="brands")
    expect(page.get_by_role("heading", name="OMO")).to_be_visible()
    for language in LANGUAGES:
        page.goto(f"{scene.address}/console/language/{language}")
        page.goto(f"{scene.address}/console/brands?days=90")
        browsing.keep_picture(page, f"brands-{language}-360")
        assert browsing.overflow(page) <= 0
