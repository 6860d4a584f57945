"""A brand manager's figures: they add up to the receipts, and give no few shoppers away."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st
from sqlmodel import Session, select

from domain.insights.summary import Group, Groups, total_gives_away
from domain.settlement import settle_receipt
from schemas.receipts import Receipt, ReceiptLine
from tests.make import (
    NOON,
    bearer,
    brand_id,
    make_campaign,
    make_line,
    make_reading,
    make_receipt,
    make_staff,
)
from tests.make.purchases import bought, line_of, shopper_number

MARCH = {"from": "2024-03-01", "to": "2024-03-31"}
FIGURES = ("buyers", "trips", "units", "spend", "spend_minor", "points")


@pytest.fixture
def manager(session: Session) -> dict[str, str]:
    return bearer(make_staff(session, "brand_manager", ("omo",)))


def on(day: int, hour: int = 12) -> datetime:
    return datetime(2024, 3, day, hour)  # noqa: DTZ001 - tills print no zone


def asked(
    client: TestClient, manager: dict[str, str], path: str = "summary", **params: Any
) -> dict[str, Any]:
    response = client.get(f"/v1/brands/omo/{path}", params=MARCH | params, headers=manager)
    assert response.status_code == 200, response.text
    answer: dict[str, Any] = response.json()
    return answer


def by_retailer(answer: dict[str, Any]) -> dict[str | None, dict[str, Any]]:
    return {row["retailer"]: row for row in answer["rows"]}


def many_buy(session: Session, shoppers: range, **values: Any) -> None:
    for number in shoppers:
        bought(session, number, **({"at": on(5)} | values))


def test_figures_add_up_to_the_receipts_lines(
    client: TestClient, session: Session, manager: dict[str, str]
) -> None:
    for number in range(14):
        bought(
            session,
            number % 7,
            line_of(session, amount_minor=12_345 * (number + 1), discount_minor=345, points=number + 1),
            line_of(session, quantity=Decimal(3), amount_minor=30_000),
            line_of(session, "Comfort", amount_minor=999_999, points=99),
            at=on(1 + number % 2),
            retailer="WinMart" if number < 7 else "Co.opmart",
        )
    lines = session.exec(
        select(ReceiptLine, Receipt)
        .where(ReceiptLine.receipt_id == Receipt.id)
        .where(ReceiptLine.brand_id == brand_id(session))
    ).all()

    answer = asked(client, manager)

    totals = answer["totals"]
    assert totals["spend"] == sum(line.amount_minor - line.discount_minor for line, _ in lines)
    assert totals["units"] == sum(line.quantity for line, _ in lines) == 14 * 4
    assert totals["points"] == sum(line.points for line, _ in lines)
    assert totals["trips"] == len({receipt.id for _, receipt in lines}) == 14
    assert totals["buyers"] == 7
    assert answer["withheld_groups"] == 0
    for name in ("trips", "units", "spend", "points"):
        assert sum(row[name] for row in answer["rows"]) == totals[name]
    assert {row["retailer"]: row["buyers"] for row in answer["rows"]} == {"WinMart": 7, "Co.opmart": 7}


def test_settled_receipts_show_in_the_figures_with_their_points(
    client: TestClient, session: Session, manager: dict[str, str]
) -> None:
    make_campaign(session)
    for number in range(5):
        receipt = make_receipt(session, shopper_number(session, number), image=f"{number}" * 64)
        at = NOON - timedelta(minutes=number)
        reading = make_reading(
            make_line(), make_line("Muối", 5_000), purchased_at=at, receipt_no=f"N{number}"
        )
        settle_receipt(session, receipt.id, reading)

    answer = client.get("/v1/brands/omo/summary", headers=manager).json()

    assert answer["totals"] == {
        "buyers": 5,
        "trips": 5,
        "units": 5,
        "spend": 5 * 185_000,
        "spend_minor": 5 * 185_000,
        "points": 5 * 185,
        "withheld": False,
    }


def test_the_summary_agrees_with_the_purchases(
    client: TestClient, session: Session, manager: dict[str, str]
) -> None:
    for number in range(6):
        bought(session, number, line_of(session), line_of(session, points=3), at=on(1 + number))
    bought(session, 0, currency="MYR", at=on(2))
    bought(session, 0, status="reversed", at=on(2))

    totals = asked(client, manager)["totals"]
    rows = asked(client, manager, "purchases", limit=100)["purchases"]

    assert totals["spend"] == sum(row["paid"] for row in rows)
    assert totals["points"] == sum(row["points"] for row in rows)
    assert totals["trips"] == len({row["trip"] for row in rows})
    assert totals["buyers"] == len({row["shopper"] for row in rows})


@pytest.mark.parametrize(
    ("period", "starts"),
    [
        ("day", ["2024-03-01", "2024-03-03", "2024-03-04", "2024-03-31"]),
        # 1 March 2024 was a Friday; weeks start on Monday, whatever day the question starts on.
        ("week", ["2024-02-26", "2024-03-04", "2024-03-25"]),
        ("month", ["2024-03-01"]),
    ],
)
def test_periods_are_those_of_the_printed_day(
    client: TestClient, session: Session, manager: dict[str, str], period: str, starts: list[str]
) -> None:
    for at in (on(1, 0), on(3, 23), on(4, 0), on(31, 23)):
        many_buy(session, range(5), at=at)

    answer = asked(client, manager, period=period)

    assert [row["period_start"] for row in answer["rows"]] == starts
    assert answer["totals"]["trips"] == sum(row["trips"] for row in answer["rows"]) == 20


def test_a_weighed_line_is_one_unit_and_a_return_takes_one_back(
    client: TestClient, session: Session, manager: dict[str, str]
) -> None:
    many_buy(session, range(5))
    bought(
        session,
        0,
        line_of(session, quantity=Decimal("0.282")),
        line_of(session, quantity=Decimal(2), unit="KG"),
        line_of(session, quantity=Decimal(4), unit="Gói"),
        line_of(session, quantity=Decimal(-2), amount_minor=-200_000),
        at=on(5),
    )

    totals = asked(client, manager)["totals"]

    assert totals["units"] == 5 + 1 + 1 + 4 - 2
    assert totals["spend"] == 5 * 100_000 + 100_000


def test_a_group_of_four_is_withheld_and_said_to_be_and_one_of_five_is_shown(
    client: TestClient, session: Session, manager: dict[str, str]
) -> None:
    many_buy(session, range(5), retailer="WinMart")
    many_buy(session, range(4), retailer="Co.opmart")
    bought(session, 0, at=on(5), retailer="Co.opmart")

    answer = asked(client, manager)
    rows = by_retailer(answer)

    assert rows["WinMart"]["buyers"] == 5
    assert rows["WinMart"]["withheld"] is False
    assert rows["Co.opmart"]["withheld"] is True
    assert [rows["Co.opmart"][name] for name in FIGURES] == [None] * 6
    assert (answer["withheld_groups"], answer["shoppers_min"]) == (1, 5)


def test_one_withheld_group_withholds_the_total_that_would_give_it_away(
    client: TestClient, session: Session, manager: dict[str, str]
) -> None:
    many_buy(session, range(20), retailer="WinMart")
    bought(session, 30, at=on(5), retailer="Co.opmart")

    answer = asked(client, manager)

    assert answer["totals"] == dict.fromkeys(FIGURES) | {"withheld": True}


def test_two_withheld_groups_of_the_same_few_shoppers_withhold_the_total_too(
    client: TestClient, session: Session, manager: dict[str, str]
) -> None:
    many_buy(session, range(20), retailer="WinMart")
    many_buy(session, range(4), retailer="Co.opmart")
    many_buy(session, range(4), retailer="AEON")

    answer = asked(client, manager)

    assert answer["withheld_groups"] == 2
    assert answer["totals"]["withheld"] is True


def test_the_total_is_shown_where_the_withheld_groups_together_have_enough_shoppers(
    client: TestClient, session: Session, manager: dict[str, str]
) -> None:
    many_buy(session, range(20), retailer="WinMart")
    many_buy(session, range(3), retailer="Co.opmart")
    many_buy(session, range(3, 6), retailer="AEON")

    answer = asked(client, manager)

    assert answer["withheld_groups"] == 2
    assert (answer["totals"]["buyers"], answer["totals"]["trips"]) == (20, 26)


def test_a_brand_with_few_shoppers_shows_no_figure_at_all(
    client: TestClient, session: Session, manager: dict[str, str]
) -> None:
    many_buy(session, range(4))

    for path in ("summary", "retailers"):
        answer = asked(client, manager, path)
        assert answer["totals"] == dict.fromkeys(FIGURES) | {"withheld": True}
        assert all(row["withheld"] for row in answer["rows"])


def test_a_brand_without_purchases_has_zeros_and_nothing_withheld(
    client: TestClient, manager: dict[str, str]
) -> None:
    answer = asked(client, manager)

    assert answer["rows"] == []
    assert answer["withheld_groups"] == 0
    assert answer["totals"] == dict.fromkeys(FIGURES, 0) | {"withheld": False}


def test_a_chain_that_is_not_known_is_a_group_of_its_own(
    client: TestClient, session: Session, manager: dict[str, str]
) -> None:
    many_buy(session, range(5), retailer=None)
    many_buy(session, range(6))

    rows = by_retailer(asked(client, manager))

    assert (rows[None]["buyers"], rows["WinMart"]["buyers"]) == (5, 6)


def test_a_chain_can_be_asked_for_alone(
    client: TestClient, session: Session, manager: dict[str, str]
) -> None:
    many_buy(session, range(5), retailer="WinMart")
    many_buy(session, range(9), retailer="Co.opmart")

    answer = asked(client, manager, retailer=["winmart"])

    assert list(by_retailer(answer)) == ["WinMart"]
    assert answer["totals"]["buyers"] == 5


def test_shares_of_spend_come_to_one_most_spend_first(
    client: TestClient, session: Session, manager: dict[str, str]
) -> None:
    many_buy(session, range(5), retailer="WinMart")
    many_buy(session, range(15), retailer="Co.opmart")

    answer = asked(client, manager, "retailers")

    assert [(row["retailer"], row["spend_share"]) for row in answer["rows"]] == [
        ("Co.opmart", 0.75),
        ("WinMart", 0.25),
    ]
    assert answer["totals"]["buyers"] == 15


def test_a_share_does_not_tell_a_total_that_is_withheld(
    client: TestClient, session: Session, manager: dict[str, str]
) -> None:
    many_buy(session, range(15), retailer="WinMart")
    many_buy(session, range(2), retailer="Co.opmart")

    answer = asked(client, manager, "retailers")

    assert answer["totals"]["withheld"] is True
    assert [row["spend_share"] for row in answer["rows"]] == [None, None]
    assert by_retailer(answer)["WinMart"]["spend"] == 1_500_000


@given(
    cells=st.lists(st.frozensets(st.integers(0, 30), min_size=1, max_size=12), min_size=1, max_size=6),
    shoppers_min=st.integers(2, 6),
)
def test_what_is_shown_never_isolates_fewer_shoppers_than_the_least(
    cells: list[frozenset[int]], shoppers_min: int
) -> None:
    def group(shoppers: frozenset[int]) -> Group:
        return Group(len(shoppers), 0, 0, 0, 0)

    small = frozenset().union(*[cell for cell in cells if len(cell) < shoppers_min])
    groups = Groups(
        by_key={(date(2024, 3, day + 1), None): group(cell) for day, cell in enumerate(cells)},
        total=group(frozenset().union(*cells)),
        small=group(small) if small else None,
    )

    if not total_gives_away(groups, shoppers_min):
        assert groups.total.buyers >= shoppers_min
        assert not small or len(small) >= shoppers_min
