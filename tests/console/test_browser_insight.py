"""Pages about brands in real headless Chromium: one walk through all, in both languages and widths."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from playwright.sync_api import expect

from domain.insights.measures.registry import MEASURES
from infra.columnar.reach import insight_store
from infra.db import transaction
from infra.words import LANGUAGES
from tests import make
from tests.make import browser as browsing
from tests.make import console, insight, models
from tests.make.browser import needs_chromium

pytestmark = [needs_chromium, pytest.mark.slow]
expect.set_options(timeout=30_000)
# What shows something of the seeded base, which ends before today.
ASKED = {
    "price_paid": "period=2026-Q2",
    "stages": "period=2026-06",
    "affinity": "period=2026-Q2",
    "cohorts": "period=2026",
    "objectives": "campaign=omo-spring",
}
# Needs a campaign to be chosen; is a list.
WITHOUT_CHART = {"campaign_effect", "exports"}


def test_every_page_about_a_brand_fits_and_draws_its_chart(committed: None) -> None:
    with transaction() as session:
        member = console.enrol(session, "brand_manager")
        member.brands = ["omo"]
        session.add(member)
        session.flush()
        models.keep_model(session, "omo")
        objective = {"event": "joined", "target": 100, "period": "2026-06"}
        make.make_campaign(session, slug="omo-spring", measuring={"objectives": [objective]})
        code = console.code_of(session, member)
    faults: list[str] = []
    overrides = {insight_store: insight.filled}
    with browsing.serving(overrides) as address, browsing.chromium() as browser:
        page = browsing.new_context(browser).new_page()
        page.set_default_timeout(60_000)
        page.on("console", lambda message: faults.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.goto(f"{address}/console/")
        page.fill("#email", member.email)
        page.fill("#password", console.PASSWORD)
        page.fill("#code", code)
        page.press("#code", "Enter")
        page.wait_for_url("**/console/brands")
        pages = {"insight-home": "insight/omo?period=2026-06"}
        for name, measure in MEASURES.items():
            by = "&by=month" if measure.splits else ""
            query = ASKED.get(name, f"period=2026-Q2{by}")
            pages[f"insight-{name}"] = f"insight/omo/measures/{name}?{query}"
        pages |= {"insight-segments": "insight/omo/segments", "insight-exports": "insight/omo/exports"}
        # Each page once in each language; both widths of one load, since charts follow the window.
        for number, (name, path) in enumerate(pages.items()):
            for language in LANGUAGES if number < 2 else LANGUAGES[number % 2 :][:1]:
                page.goto(f"{address}/console/language/{language}?next={quote(f'/console/{path}')}")
                assert page.locator("html").get_attribute("lang") == language
                drawn = page.locator(".plot.drawn svg")
                if name.removeprefix("insight-") not in WITHOUT_CHART:
                    expect(drawn.first).to_be_visible()
                for width in (1440, 360):
                    page.set_viewport_size({"width": width, "height": 900})
                    browsing.keep_picture(page, f"{name}-{language}-{width}")
                    assert browsing.overflow(page) <= 0, f"{name} overflows at {width} in {language}"
        page.goto(f"{address}/console/insight/omo/measures/units?period=2026-Q2")
        # By keyboard: what a figure rests on opens from where it stands.
        proof = page.locator("details.proof summary").last
        proof.focus()
        page.keyboard.press("Enter")
        expect(page.locator("details.proof[open] dl").last).to_be_visible()
        page.emulate_media(media="print")
        expect(page.locator("form.filters").first).to_be_hidden()
    assert faults == []
