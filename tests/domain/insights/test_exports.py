"""Files of figures: what they hold in each format, whose they are, how long, and what survives a fault."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Generator
from datetime import date, timedelta
from pathlib import Path
from uuid import UUID

import pytest
import time_machine
from sqlmodel import Session, select

from domain.errors import NotFoundError
from domain.insights.exports import asking
from domain.insights.exports.asking import Wanted
from domain.insights.exports.files import table_file
from domain.people import staff
from domain.people.holdout import held_out
from domain.people.shoppers import join_staff, pseudonym
from domain.privacy.errors import ExportNotReadyError
from domain.segments import saved
from domain.segments.errors import SegmentTooSmallError
from domain.segments.members import put_members
from infra import clock, db, storage
from infra.columnar.reach import AwayStore
from infra.db import transaction
from schemas.exports import ExportFormat, InsightExport
from schemas.insight import InsightQuery
from schemas.people import Shopper
from tests import make
from tests.make import columnar, insight, insight_base
from tests.make.segments import a_segment, agree_to_offers
from tests.make.surveys import agree
from workers.exports import look_after_insight_exports, write_insight_export

NOW = f"{insight_base.TODAY}T05:00:00+00:00"
EMAIL = "lan@example.vn"


@pytest.fixture
def moment(committed: None) -> Generator[time_machine.Traveller]:
    with time_machine.travel(NOW, tick=True) as traveller:
        yield traveller


def ask(measure: str = "penetration", form: ExportFormat = "csv", **asked: str) -> UUID:
    with transaction() as session:
        member = join_staff(session, EMAIL, "brand_manager", ("omo",))
        return asking.ask(session, member.id, "omo", Wanted(measure, InsightQuery(**asked), form, "en")).id


def row(export_id: UUID) -> InsightExport:
    with Session(db.engine()) as session:
        return session.get_one(InsightExport, export_id)


def fetched(export_id: UUID) -> zipfile.ZipFile:
    with transaction() as session:
        names = asking.fetch(session, row(export_id).staff_id, "omo", export_id)
    return zipfile.ZipFile(io.BytesIO(b"".join(storage.get_object(name) for name in names)))


def test_every_format_holds_the_same_figures(tmp_path: Path) -> None:
    columns = (("at", "text"), ("buyers", "count"), ("share", "share"))
    rows = [["=1+1", 12_345, 0.25], [None, None, None]]
    store = insight.empty()
    comma, semicolon = (
        table_file(store, form, columns, rows).decode("utf-8-sig").splitlines()
        for form in ("csv", "csv_semicolon")
    )
    assert comma == ["at,buyers,share", "'=1+1,12345,0.25", ",,"]
    assert semicolon == ["at;buyers;share", "'=1+1;12345;0,25", ";;"]
    book = zipfile.ZipFile(io.BytesIO(table_file(store, "xlsx", columns, rows)))
    sheet = book.read("xl/worksheets/sheet1.xml").decode()
    assert "<v>12345</v>" in sheet
    assert "<v>0.25</v>" in sheet
    assert "<f>" not in sheet, "text that looks like a formula stays text"
    assert "=1+1" in sheet
    path = tmp_path / "table.parquet"
    path.write_bytes(table_file(store, "parquet", columns, rows))
    back = columnar.new_database().query(f"SELECT * FROM file('{path}', Parquet)")
    assert back == [
        {"at": "=1+1", "buyers": 12_345, "share": 0.25},
        {"at": None, "buyers": None, "share": None},
    ]


def test_a_file_holds_what_the_question_answers_and_says_what_each_column_is(
    moment: time_machine.Traveller,
) -> None:
    wanted = ask(period="2026-Q1", by="week", region="mekong")
    write_insight_export(str(wanted), insight.filled())
    archive = fetched(wanted)
    table = list(csv.DictReader(io.StringIO(archive.read("penetration.csv").decode("utf-8-sig"))))
    assert [table[0]["at"], table[-2]["at"], table[-1]["at"]] == ["2026-W01", "2026-W14", ""]
    assert [one["is_total"] for one in table] == ["0"] * 14 + ["1"]
    withheld = [one for one in table if one["withheld"]]
    assert withheld, "a region of few shoppers has weeks that are withheld"
    assert {one["buyers"] for one in withheld} == {""}
    words = list(csv.DictReader(io.StringIO(archive.read("dictionary.csv").decode("utf-8-sig"))))
    assert [one["column"] for one in words] == ["at", "buyers", "active", "penetration"]
    assert words[3]["unit"] == "share"
    assert words[3]["formula"] == "buyers(B, P) / active(P)"
    assert words[3]["shoppers_min"] == "5"
    assert "agreed" in words[3]["consent"]


def test_written_twice_it_is_one_file_and_a_store_that_is_away_only_puts_it_off(
    moment: time_machine.Traveller,
) -> None:
    wanted = ask()
    write_insight_export(str(wanted), AwayStore())
    assert (row(wanted).failed, row(wanted).written_at) == (None, None)
    moment.shift(asking.RING_AGAIN + timedelta(seconds=1))
    with transaction() as session:
        assert asking.to_ring(session, 10) == [wanted]
        assert asking.to_ring(session, 10) == []
    write_insight_export(str(wanted), insight.filled())
    first = row(wanted)
    write_insight_export(str(wanted), insight.filled())
    assert row(wanted) == first
    assert first.done == first.total == 1


def test_who_lost_the_brand_gets_no_file_of_it(moment: time_machine.Traveller) -> None:
    wanted = ask()
    with transaction() as session:
        staff.end_access(session, EMAIL)
    write_insight_export(str(wanted), insight.filled())
    assert row(wanted).failed == "not_found"
    assert row(wanted).size_bytes == 0


def test_each_fetching_is_noted_and_after_a_week_nothing_is_left(moment: time_machine.Traveller) -> None:
    wanted = ask()
    with transaction() as session, pytest.raises(ExportNotReadyError):
        asking.fetch(session, row(wanted).staff_id, "omo", wanted)
    write_insight_export(str(wanted), insight.filled())
    fetched(wanted)
    with transaction() as session, pytest.raises(NotFoundError):
        asking.fetch(session, row(wanted).staff_id, "surf", wanted)
    with Session(db.engine()) as session:
        [(_, by, times)] = asking.exports_of(session, "omo")
    assert by == EMAIL
    assert [who for who, _ in times] == [EMAIL]
    assert list(storage.objects_of(wanted))
    moment.shift(asking.KEPT + timedelta(seconds=1))
    look_after_insight_exports()
    assert list(storage.objects_of(wanted)) == []
    with transaction() as session, pytest.raises(ExportNotReadyError):
        asking.fetch(session, row(wanted).staff_id, "omo", wanted)


def test_a_schedule_asks_once_for_each_period_that_is_over(moment: time_machine.Traveller) -> None:
    with transaction() as session:
        member = join_staff(session, EMAIL, "brand_manager", ("omo",))
        wanted = Wanted("units", InsightQuery(period="2026-01", chain="winmart"), "xlsx", "vi")
        asking.schedule(session, member.id, "omo", wanted, "month")
    with transaction() as session:
        assert asking.ask_scheduled(session, 10) == []
    moment.move_to(f"{date(2026, 8, 1)}T01:00:00+00:00")
    asked = []
    for _ in range(2):
        with transaction() as session:
            asked += asking.ask_scheduled(session, 10)
    [export] = [row(one) for one in asked]
    assert export.asked == {"period": "2026-07", "chain": "winmart"}
    with transaction() as session:
        [standing] = asking.schedules_of(session, "omo")
        asking.end_schedule(session, member.id, "omo", standing.id)
    moment.shift(timedelta(days=31))
    with transaction() as session:
        assert asking.ask_scheduled(session, 10) == []
        assert len(session.exec(select(InsightExport)).all()) == 1
    assert clock.till_today() == date(2026, 9, 1)


def members(count: int) -> list[UUID]:
    """A segment of OMO's of so many."""
    with transaction() as session:
        shoppers = [
            agree_to_offers(session, make.make_shopper(session, f"09055{no:05d}")) for no in range(count)
        ]
        a_segment(session, shoppers)
        return [shopper.id for shopper in shoppers]


def ask_segment(form: ExportFormat = "csv") -> UUID:
    with transaction() as session:
        member = join_staff(session, EMAIL, "brand_manager", ("omo",))
        return asking.ask_segment(session, member.id, "omo", "regulars", form, "en").id


def test_a_segment_is_taken_along_under_the_brands_pseudonyms_without_who_is_held_out(
    moment: time_machine.Traveller,
) -> None:
    ids = members(60)
    wanted = ask_segment()
    with transaction() as session:
        # Withdrawn since it was asked for.
        agree(session, session.get_one(Shopper, ids[0]), "personal_offers", given=False)
    write_insight_export(str(wanted), insight.empty())
    lines = fetched(wanted).read("segment-regulars.csv").decode("utf-8-sig").split()
    year = clock.till_today().year
    expected = {pseudonym(id_, "brand:omo") for id_ in ids[1:] if not held_out(id_, year)}
    assert lines[0] == "shopper"
    assert set(lines[1:]) == expected
    assert lines[1:] == sorted(lines[1:])


def test_of_a_segment_of_few_there_is_no_file(moment: time_machine.Traveller) -> None:
    ids = members(50)
    # Fifty may be asked for; that some are held out is seen as it is written.
    wanted = ask_segment()
    year = clock.till_today().year
    with transaction() as session:
        agree(session, session.get_one(Shopper, ids[0]), "personal_offers", given=False)
        assert sum(not held_out(id_, year) for id_ in ids[1:]) < 50
    write_insight_export(str(wanted), insight.empty())
    assert row(wanted).failed == "segment_too_small"
    with transaction() as session:
        put_members(session, saved.one(session, "omo", "regulars"), ids[:20])
    with pytest.raises(SegmentTooSmallError):
        ask_segment()
