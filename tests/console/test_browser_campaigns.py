"""The pages of those who sell in real Chromium: a campaign by keyboard, and every page at every width."""

from __future__ import annotations

from collections.abc import Generator

import pytest
from playwright.sync_api import Browser, Page, expect

from domain.campaigns import dry_runs
from domain.rewards import catalogue
from infra.db import transaction
from infra.words import LANGUAGES
from schemas.dry_runs import DryRun
from tests import make
from tests.make import browser as browsing
from tests.make import console
from tests.make.browser import needs_chromium
from tests.make.journeys import a_journey, tell, wait
from tests.make.rewards import offered_reward
from tests.make.settled import sent
from tests.make.stories import a_story
from tests.make.things import a_dry_run, a_mission
from workers.campaigns import try_draft

pytestmark = [needs_chromium, pytest.mark.slow]
# A busy machine is slow, not wrong.
expect.set_options(timeout=30_000)
# Fields whose words are missing show their code; words that are missing show an ellipsis.
CODES = "terms_|kind_|choice_|said_|campaign_|dry_run_|journey_|outcome_"


@pytest.fixture(scope="module")
def browser() -> Generator[Browser]:
    with browsing.chromium() as opened:
        yield opened


@pytest.fixture
def page(browser: Browser, committed: None) -> Generator[Page]:
    """A window at which an admin is signed in, on a programme with a campaign, rewards and receipts."""
    with transaction() as session:
        campaign = make.make_campaign(session, budget={"total": 5000, "daily": 1000}, slug="test")
        campaign.brand_id = make.brand_id(session)
        for number in range(6):
            sent(session, make.make_shopper(session, f"090123456{number}"), number)
        offered_reward(session)
        a_mission(session)
        a_story(session)
        member = console.enrol(session, "admin")
        run_id = a_dry_run(session, campaign)
    try_draft(str(run_id))
    with browsing.serving() as address:
        page = browsing.new_context(browser).new_page()
        page.set_default_timeout(30_000)
        page.goto(f"{address}/console/")
        with transaction() as session:
            code = console.code_of(session, member)
        page.fill("#email", member.email)
        page.fill("#password", console.PASSWORD)
        page.fill("#code", code)
        page.press("#code", "Enter")
        page.wait_for_url("**/console/review")
        yield page


def at(page: Page, path: str) -> None:
    base = page.url.partition("/console")[0]
    page.goto(f"{base}/console/{path}")


def test_every_page_fits_its_window_and_names_its_fields_in_both_languages(page: Page) -> None:
    faults: list[str] = []
    page.on("console", lambda message: faults.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: faults.append(str(error)))
    with transaction() as session:
        run = session.exec(dry_runs.select(DryRun)).one()
        slug = catalogue.managed(session, "omo")[0].slug
        journey = a_journey(
            session, tell("sms"), wait(24), tell("push"), kind="first_receipt", brand="OMO"
        ).slug
    pages = {
        "campaigns": "campaigns",
        "calendar": "calendar",
        "campaign": "campaigns/test",
        "draft": "campaigns/test/draft",
        "dry-run": f"campaigns/test/dry-runs/{run.id}",
        "rewards": "rewards?brand=omo",
        "reward": f"rewards/omo/{slug}",
        "membership": "membership?brand=omo",
        "journeys": "journeys",
        "journey": f"journeys/{journey}",
        "journey-draft": f"journeys/{journey}/draft",
        "stories": "stories?brand=omo",
        "story": "stories/omo/spring",
    }
    for language in LANGUAGES:
        at(page, f"language/{language}")
        for name, path in pages.items():
            at(page, path)
            assert page.locator("main h1").count() == 1, name
            page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
            for width in (360, 1440):
                page.set_viewport_size({"width": width, "height": 900})
                browsing.keep_picture(page, f"{name}-{language}-{width}")
                assert browsing.overflow(page) <= 0, f"{name} overflows at {width} in {language}"
            nameless = page.evaluate(
                "[...document.querySelectorAll('main input:not([type=hidden]), main select, main textarea')]"
                ".filter((one) => !one.labels.length).map((one) => one.name)"
            )
            assert nameless == [], name
            codes = page.evaluate(f"(document.body.innerText.match(/\\b({CODES})[a-z_]+|…[^ ]*{{/g) || [])")
            assert codes == [], name
    assert faults == []


def test_a_campaign_goes_its_whole_way_by_keyboard(page: Page) -> None:
    at(page, "campaigns")
    page.locator("input[name=name]").focus()
    page.keyboard.type("Tết")
    page.locator("input[name=slug]").focus()
    page.keyboard.type("tet")
    page.locator("select[name=brand]").last.select_option("omo")
    page.locator("input[name=slug]").press("Enter")
    page.wait_for_url("**/campaigns/tet/draft")
    expect(page.locator("#example .big")).to_contain_text("10")
    points = page.locator("input[name='rules.0.give.0.points']")
    points.fill("7")
    expect(page.locator("#example .big")).to_contain_text("70")
    page.locator("select[name='rules.0.when.kind']").select_option("units_min")
    page.locator("input[name='rules.0.when.units']").fill("3")
    expect(page.locator("#example")).to_contain_text("cần 3")
    page.locator("input[name='example units 0']").fill("3")
    expect(page.locator("#example .big")).to_contain_text("70")
    page.locator("select[name='kind of rules.0.give']").select_option("fixed")
    page.locator("button[value='add|rules.0.give']").press("Enter")
    page.locator("input[name='rules.0.give.1.points']").fill("0")
    browsing.keep_picture(page, "draft-written")
    page.locator("input[name='starts_on']").press("Enter")
    expect(page.locator("[id='e-rules.0.give.1.points']")).to_be_visible()
    page.locator("input[name='rules.0.give.1.points']").fill("5")
    page.locator("input[name='starts_on']").press("Enter")
    expect(page.get_by_role("status")).to_contain_text("Đã lưu bản nháp.")
    page.get_by_role("button", name="Chạy thử").press("Enter")
    page.wait_for_url("**/dry-runs/*")
    expect(page.locator("#run progress")).to_be_visible()
    try_draft(page.url.rpartition("/")[2])
    expect(page.locator("#run h2")).to_have_text("Xong")
    page.locator(".crumbs a").last.press("Enter")
    for word, said in (("Công bố", "Đã công bố."), ("Tạm dừng", "Đã tạm dừng.")):
        page.locator("summary", has_text=word).focus()
        page.keyboard.press("Enter")
        page.get_by_role("button", name=word, exact=True).press("Enter")
        expect(page.get_by_role("status")).to_contain_text(said)
    at(page, "calendar")
    days = page.locator("[data-day]")
    days.nth(9).focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowLeft")
    expect(days.nth(15)).to_be_focused()
    page.locator(".today [data-day]").press("Enter")
    page.wait_for_url("**day=*")
    expect(page.locator("main")).to_contain_text("Tết")
