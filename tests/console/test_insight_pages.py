"""Pages about a brand: its home and its measures, what they say, to whom, and while figures are away."""

from __future__ import annotations

import html
import json
import re
from typing import Any

import pytest
import time_machine
from fastapi.testclient import TestClient
from sqlmodel import Session, select

from domain.insights.measures.registry import MEASURES
from infra.columnar.reach import insight_store
from infra.columnar.store import ColumnarAwayError
from infra.words import all_words
from schemas.exports import InsightExport
from schemas.people import StaffMember
from schemas.segments import Segment
from tests import make
from tests.make import console as ground
from tests.make import insight, insight_base, models

pytestmark = pytest.mark.usefixtures("empty_redis")
NOW = f"{insight_base.TODAY}T05:00:00+00:00"
HOME = "/console/insight/omo"


@pytest.fixture
def manager(client: TestClient, session: Session) -> Any:
    """A manager of OMO at the console, with the seeded base behind it."""
    with time_machine.travel(NOW, tick=True):
        member = ground.enrol(session, "brand_manager")
        member.brands = ["omo"]
        session.add(member)
        session.flush()
        client.app.dependency_overrides[insight_store] = insight.filled  # type: ignore[attr-defined]
        assert ground.sign_in(client, session, member).status_code == 303
        client.cookies.set("quetbill_language", "en")
        yield member


def chart_on(page: str) -> Any:
    found = re.search(r"data-chart='([^']+)'", page)
    assert found
    return json.loads(html.unescape(found.group(1)))


def test_the_home_says_what_changed_and_why_in_words_that_add_up(
    client: TestClient, session: Session, manager: StaffMember
) -> None:
    page = client.get(f"{HOME}?period=2026-03").text
    headers = make.bearer(manager)
    asked = {"period": "2026-03"}
    tree = client.get("/v1/brands/omo/insight/sales_tree", params=asked, headers=headers).json()
    total = tree["totals"]["values"]
    word = "more than" if total["after"] > total["before"] else "less than"
    assert re.search(rf"Sales came to [\d,.]+ đ, [\d,.]+ % {word} in Feb 2026", page)
    effects = [
        int(number.replace(",", "").replace("+", ""))
        for number in re.findall(r"made ([+-]?[\d,]+) đ\.", page)
    ]
    assert len(effects) == 5
    assert abs(effects[0]) == max(map(abs, effects)), "the most telling part comes first"
    assert sum(effects) == pytest.approx(total["after"] - total["before"], abs=3)
    assert "The store was never told of purchases" in page


def test_every_measure_has_a_page_with_its_definition_figures_and_chart(
    client: TestClient, manager: StaffMember
) -> None:
    drawn = {}
    for name, measure in MEASURES.items():
        query = {"period": "2026-Q1"}
        if "campaign" in measure.needs:
            assert "Choose what is asked about above." in client.get(f"{HOME}/measures/{name}").text
            continue
        answer = client.get(
            f"{HOME}/measures/{name}", params=query | ({"by": "month"} if measure.splits else {})
        )
        assert answer.status_code == 200, name
        assert html.escape(measure.formula, quote=False) in html.unescape(answer.text) or measure.formula in (
            html.unescape(answer.text)
        )
        drawn[name] = chart_on(answer.text)["kind"]
    assert drawn["sales_tree"] == "tree"
    assert drawn["penetration"] == "trend"
    assert drawn["cohorts"] == "heat"
    assert drawn["stages"] in {"sankey", "bars"}
    assert drawn["affinity"] == "scatter"
    assert drawn["buyer_flow"] == "bars"


def test_what_is_withheld_says_why_and_leads_to_the_nearest_safe_question(
    client: TestClient, manager: StaffMember
) -> None:
    page = client.get(f"{HOME}/measures/penetration?period=2026-Q1&by=week&region=mekong").text
    assert '<tr class="withheld">' in page
    [link] = re.findall(r'<a href="([^"]+)">Ask by month instead\.</a>', page)
    safer = client.get(html.unescape(link))
    assert safer.status_code == 200
    assert "period=2026-Q1" in link
    assert "by=month" in link


def test_a_question_that_can_t_be_asked_is_told_above_the_form_that_asked_it(
    client: TestClient, manager: StaffMember
) -> None:
    page = client.get(f"{HOME}/measures/penetration?period=2027-01")
    assert page.status_code == 422
    assert 'role="alert"' in page.text
    assert "<form" in page.text
    assert client.get(f"{HOME}/measures/no_such").status_code == 404


def test_while_the_store_is_away_pages_say_so_and_purchases_answer(
    client: TestClient, manager: StaffMember
) -> None:
    class Away:
        def query(self, *_: Any, **__: Any) -> Any:
            raise ColumnarAwayError("away")

    client.app.dependency_overrides[insight_store] = Away  # type: ignore[attr-defined]
    for path in (HOME, f"{HOME}/measures/penetration"):
        page = client.get(path)
        assert page.status_code == 503
        assert "Figures can&#39;t be reached" in page.text
        assert 'href="/console/brands"' in page.text
    assert client.get("/console/brands").status_code == 200


def test_a_manager_reads_of_no_other_brand(client: TestClient, manager: StaffMember) -> None:
    assert client.get("/console/insight").url.path == HOME
    assert client.get("/console/insight/surf").status_code == 404
    assert client.get("/console/insight/surf/measures/penetration").status_code == 404


def test_a_file_is_asked_for_on_the_page_of_a_measure(
    client: TestClient, session: Session, manager: StaffMember
) -> None:
    page = f"{HOME}/measures/penetration?period=2026-Q1&by=month&chain=winmart"
    [query] = re.findall(r'name="query" value="([^"]+)"', client.get(page).text)
    sent = {"query": html.unescape(query), "measure": "penetration", "format": "xlsx", "every": ""}
    assert ground.post(client, f"{HOME}/exports", page=page, **sent).status_code == 303
    [export] = session.exec(select(InsightExport)).all()
    assert export.asked == {"period": "2026-Q1", "by": "month", "chain": "winmart"}
    shown = client.get(f"{HOME}/exports").text
    assert "0 of 1" in shown
    assert client.get(f"{HOME}/exports/{export.id}/file").status_code == 409
    assert ground.post(client, f"{HOME}/exports", page=page, **sent | {"every": "month"}).status_code == 303
    assert "next on 01 Aug 2026" in client.get(f"{HOME}/exports").text


def test_a_segment_is_made_of_what_was_chosen_and_the_model_shows_how_it_came_true(
    client: TestClient, session: Session, manager: StaffMember
) -> None:
    page = f"{HOME}/segments"
    sent = {"slug": "loyal", "name": "Loyal", "groups": ["champions", "loyal"], "last_bought_most": "30"}
    assert ground.post(client, page, page=page, **sent).status_code == 303
    [segment] = session.exec(select(Segment)).all()
    assert segment.conditions["of"] == [
        {"kind": "group_in", "groups": ["champions", "loyal"]},
        {"kind": "last_bought", "least": None, "most": 30},
    ]
    nothing = ground.post(client, page, page=page, slug="empty", name="Empty", last_bought_most="")
    assert nothing.status_code == 422
    shown = client.get(page).text
    assert "within minutes" in shown
    assert all_words("en")["verdict"]["not_yet"] in shown
    models.keep_model(session, "omo")
    shown = client.get(page).text
    assert "It came true in the last 13 weeks and is used. Off by -4 %." in shown
    assert chart_on(shown)["series"][0]["data"][0] == 900
    assert ground.post(client, f"{page}/loyal/delete", page=page).status_code == 303
    assert session.exec(select(Segment)).all() == []
