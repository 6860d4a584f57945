"""Questions about a brand over HTTP: who may ask, what is answered, and what is not."""

from __future__ import annotations

from typing import Any

import pytest
import time_machine
from fastapi.testclient import TestClient
from sqlmodel import Session, select

from infra.columnar.reach import AwayStore, insight_store
from infra.columnar.store import ColumnarAwayError, ColumnarLimitError
from schemas.insight import InsightAccess
from tests import make
from tests.make import insight, insight_base

NOW = f"{insight_base.TODAY}T05:00:00+00:00"


class Asker:
    """A manager of OMO with the seeded base behind the API."""

    def __init__(self, client: TestClient, session: Session) -> None:
        self.client = client
        self.headers = make.bearer(make.make_staff(session, "brand_manager", brands=("omo",)))
        client.app.dependency_overrides[insight_store] = insight.filled  # type: ignore[attr-defined]

    def get(self, path: str, language: str = "en", **query: Any) -> Any:
        headers = self.headers | {"Accept-Language": language}
        return self.client.get(f"/v1/brands/omo/insight{path}", params=query, headers=headers)


@pytest.fixture
def asker(client: TestClient, session: Session) -> Any:
    # Tokens are of the day on which they are asked with.
    with time_machine.travel(NOW, tick=True):
        yield Asker(client, session)


def test_the_list_says_what_each_measure_means_in_the_callers_language(asker: Asker) -> None:
    english, vietnamese = (asker.get("", language).json()["measures"] for language in ("en", "vi"))
    assert [one["name"] for one in english] == [one["name"] for one in vietnamese]
    for one, other in zip(english, vietnamese, strict=True):
        assert one["title"] != other["title"]
        assert one["means"] != other["means"]
        assert one["formula"]
        assert not any(column["label"].startswith("column_") for column in one["columns"] + other["columns"])


def test_an_answer_carries_its_definition_freshness_and_the_lines_it_rests_on(asker: Asker) -> None:
    answer = asker.get("/penetration", period="2026-Q1", by="month").json()
    assert [row["values"]["at"] for row in answer["rows"]] == ["2026-01", "2026-02", "2026-03"]
    assert answer["totals"]["values"]["penetration"] == pytest.approx(
        answer["totals"]["values"]["buyers"] / answer["totals"]["values"]["active"]
    )
    assert answer["definition"]["formula"] == "buyers(B, P) / active(P)"
    assert answer["rows_used"] > 0
    # Nothing was ever fed into this store by the clock.
    assert answer["freshness"] == {"as_of": None, "behind": True}


def test_what_is_withheld_says_why_and_what_to_ask_instead(asker: Asker) -> None:
    # Few shop in the one region, so by week and chain hardly anything of it can be told.
    answer = asker.get("/frequency", period="2026-02", by="week", chain="winmart", region="mekong").json()
    withheld = [row for row in answer["rows"] if row["withheld"]]
    assert len(withheld) == answer["withheld"] > 0
    assert {value for row in withheld for name, value in row["values"].items() if name != "at"} == {None}
    assert answer["safer"] == {
        "period": "2026-02",
        "by": "week",
        "without": ["region"],
        "words": "Ask without choosing a region.",
    }


def test_a_measure_that_shares_buyers_out_tells_the_lines_it_rests_on_too(asker: Asker) -> None:
    weight, lines = (asker.get(path, period="2026-Q1").json() for path in ("/buyer_weight", "/promotion"))
    assert weight["rows_used"] == lines["rows"][0]["values"]["lines"] > 0


def test_who_asked_what_is_kept(asker: Asker, session: Session) -> None:
    asker.get("/frequency", period="2026-Q1", chain="winmart")
    (kept,) = session.exec(select(InsightAccess)).all()
    assert (kept.brand, kept.measure, kept.asked) == (
        "omo",
        "frequency",
        {"period": "2026-Q1", "chain": "winmart"},
    )


@pytest.mark.parametrize(
    ("path", "query", "code"),
    [
        ("/penetration", {"period": "2025-W53"}, "unknown_period"),
        ("/penetration", {"period": "2027"}, "period_not_begun"),
        ("/sales_tree", {"period": "2026-Q1", "compare": "2025"}, "periods_differ"),
        ("/penetration", {"chain": "no-such"}, "unknown_filter_value"),
        ("/penetration", {"region": "no-such"}, "unknown_filter_value"),
        ("/penetration", {"product": "no-such"}, "unknown_filter_value"),
        ("/penetration", {"chain": "winmart", "region": "hanoi", "by": "product"}, "too_many_filters"),
        ("/cohorts", {"chain": "winmart"}, "parameter_not_taken"),
        ("/cohorts", {"by": "month"}, "parameter_not_taken"),
        ("/campaign_effect", {}, "parameter_missing"),
        ("/campaign_effect", {"campaign": "no-such"}, "unknown_filter_value"),
        ("/affinity", {"period": "2026-W20"}, "parameter_not_taken"),
        ("/switching", {"category": "cheese"}, "unknown_filter_value"),
        ("/penetration", {"period": "2026-13"}, "invalid_request"),
        ("/penetration", {"from": "2026-01-01"}, "invalid_request"),
    ],
)
def test_what_can_t_be_asked_is_told_in_both_languages(
    asker: Asker, path: str, query: dict[str, str], code: str
) -> None:
    answers = [asker.get(path, language, **query) for language in ("en", "vi")]
    assert [(answer.status_code, answer.json()["code"]) for answer in answers] == [(422, code)] * 2
    english, vietnamese = (answer.json()["detail"] for answer in answers)
    assert english != vietnamese


def test_no_other_measure_or_brand_is_there(asker: Asker) -> None:
    assert asker.get("/no_such").json()["code"] == "unknown_measure"
    answer = asker.client.get("/v1/brands/surf/insight/penetration", headers=asker.headers)
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


@pytest.mark.parametrize("path", ["insight", "insight/units", "segments", "surveys", "model", "summary"])
def test_a_brand_that_is_not_there_is_not_found_by_admins_either(
    client: TestClient, session: Session, path: str
) -> None:
    headers = make.bearer(make.make_staff(session, "admin"))
    client.app.dependency_overrides[insight_store] = AwayStore  # type: ignore[attr-defined]
    answer = client.get(f"/v1/brands/no-such/{path}", headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


@pytest.mark.parametrize(
    ("fault", "status", "code"),
    [(ColumnarAwayError, 503, "insight_away"), (ColumnarLimitError, 422, "insight_too_large")],
)
def test_a_store_that_does_not_answer_is_said_to_be_away(
    asker: Asker, fault: type[Exception], status: int, code: str
) -> None:
    class Away:
        def query(self, *_: Any, **__: Any) -> Any:
            raise fault("away")

    asker.client.app.dependency_overrides[insight_store] = Away  # type: ignore[attr-defined]
    answer = asker.get("/penetration")
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert ("retry-after" in answer.headers) == (status == 503)
