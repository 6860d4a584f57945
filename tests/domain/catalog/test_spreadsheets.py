"""What spreadsheets make of a CSV file is taken by every importer, or told in the reader's language."""

from __future__ import annotations

import codecs
import io
import unicodedata
from datetime import date, timedelta
from typing import Any

import pytest
from sqlmodel import Session, select

from domain.campaigns.conditions import RetailerIn
from domain.campaigns.imports import import_campaigns
from domain.campaigns.programme import live_at
from domain.campaigns.terms import PointsPerAmount
from domain.catalog.imports import import_products
from domain.catalog.names import import_brands, import_chains
from domain.catalog.products import current_catalogue, seed
from domain.catalog.sheets import Sheet, csv_text
from domain.catalog.stores import import_stores
from infra import clock
from infra.words import LANGUAGES, all_words
from schemas.campaigns import Campaign, CampaignVersion
from schemas.catalog import Brand, ImportReport, Product, Retailer, Store
from tests import make

PRODUCTS = "brand;name;category;pack;eans;till_names\nOMO;Bột giặt thử 4kg;Bột giặt;4kg;;OMO BG THU\n"
SHOPS = "retailer;name;address;opens;closes;first_day;last_day\nWinMart;WM Thử;;8:00;22:00;01/03/2020;\n"
BRANDS = "name;owner;category;aliases\nThử Một;Tập đoàn Thử;Bột giặt;THU MOT|T1\n"
CHAINS = "name;slug\nSiêu thị Thử;\n"
CAMPAIGNS = (
    "campaign;name;first_day;last_day;brand;points_per_10000;retailers\n"
    "Tết 2027;Tết;01/12/26;31/01/2027;OMO;20;WinMart|AEON\n"
    "Tết 2027;Tết;01/12/26;31/01/2027;Knorr;5;\n"
)
FILES = {
    "products": (import_products, PRODUCTS),
    "stores": (import_stores, SHOPS),
    "brands": (import_brands, BRANDS),
    "chains": (import_chains, CHAINS),
    "campaigns": (import_campaigns, CAMPAIGNS),
}
EVERY = pytest.mark.parametrize("kind", FILES)


def bring_in(session: Session, kind: str, data: bytes | str, **said: Any) -> ImportReport:
    raw = data.encode() if isinstance(data, str) else data
    return FILES[kind][0](session, csv_text(io.BytesIO(raw)), **said)  # type: ignore[operator] # one of several


def windows_1258(text: str) -> bytes:
    """As Excel saves it on a Vietnamese machine: tones apart where the page has no whole letter."""
    written = b""
    for letter in text:
        for spelt in (letter, unicodedata.normalize("NFD", letter)):
            try:
                written += spelt.encode("cp1258")
                break
            except UnicodeEncodeError:
                continue
        else:
            base, *tones = unicodedata.normalize("NFD", letter)
            hat = next((mark for mark in tones if mark in "\u0302\u0306\u031b"), "")
            rest = [mark for mark in tones if mark != hat]
            written += (unicodedata.normalize("NFC", base + hat) + "".join(rest)).encode("cp1258")
    return written


SAVED_AS = {
    "UTF-8 with a mark": lambda text: codecs.BOM_UTF8 + text.encode(),
    "sep= line": lambda text: "sep=;\r\n" + text.replace("\n", "\r\n"),
    "sep= line with a mark": lambda text: "\ufeffsep=;\n" + text,
    "trailing delimiters": lambda text: text.replace("\n", ";;\n"),
    "UTF-16 little-endian": lambda text: codecs.BOM_UTF16_LE + text.replace(";", "\t").encode("utf-16-le"),
    "UTF-16 big-endian": lambda text: codecs.BOM_UTF16_BE + text.encode("utf-16-be"),
    "Windows-1258": windows_1258,
    "missing last cells": lambda text: "\n".join(line.rstrip(";") for line in text.split("\n")),
}


@EVERY
@pytest.mark.parametrize("how", SAVED_AS)
def test_every_importer_takes_what_spreadsheets_save(session: Session, kind: str, how: str) -> None:
    make.make_campaign(session)
    report = bring_in(session, kind, SAVED_AS[how](FILES[kind][1]))
    assert report.errors == []
    assert report.created == report.rows > 0
    if kind == "brands":
        assert session.exec(select(Brand.owner).where(Brand.name == "Thử Một")).one() == "Tập đoàn Thử"
    if kind == "products":
        assert session.exec(select(Product.category).where(Product.name == "Bột giặt thử 4kg")).one()


@EVERY
def test_what_is_no_text_is_refused_and_told_how_to_save(session: Session, kind: str) -> None:
    for data in (b"PK\x03\x04\x14\x00\x06\x00", FILES[kind][1].encode() + b"\xa4\xfe\x80\x8f"):
        report = bring_in(session, kind, data, language="en")
        assert [error.code for error in report.errors] == ["bad_encoding"]
        assert "CSV UTF-8" in report.errors[0].message


@EVERY
def test_faults_are_told_in_the_readers_language(session: Session, kind: str) -> None:
    said = {
        language: bring_in(session, kind, "brand;owner\nOMO;x;y;z\n", language=language).errors
        for language in LANGUAGES
    }
    assert {error.message.split()[0] for error in said["vi"]} <= {"Thiếu", "Các"}
    assert {error.message.split()[0] for error in said["en"]} <= {"The"}
    assert [error.code for error in said["vi"]] == [error.code for error in said["en"]]


def test_both_languages_have_words_for_every_fault() -> None:
    vi, en = (all_words(language)["import"] for language in LANGUAGES)
    assert vi.keys() == en.keys()


@pytest.mark.parametrize(
    ("written", "day"),
    [
        ("2026-12-01", date(2026, 12, 1)),
        ("01/12/2026", date(2026, 12, 1)),
        ("1/12/26", date(2026, 12, 1)),
        ("01-12-2026", date(2026, 12, 1)),
        ("1.12.2026", date(2026, 12, 1)),
        ("12/31/2026", None),
        ("hôm qua", None),
        ("46000", None),
        ("31/12/9999", None),
        ("0001-01-01", None),
    ],
)
def test_days_are_read_as_vietnamese_spreadsheets_write_them(written: str, day: date | None) -> None:
    sheet = Sheet(("day",), ("day",), "en")
    assert sheet.day(2, "day", {"day": written}) == day
    assert [error.code for error in sheet.errors] == ([] if day else ["invalid_day"])


def test_lines_are_counted_from_the_file_s_own_first_line(session: Session) -> None:
    report = bring_in(session, "products", "sep=;\n" + PRODUCTS + "Nobody;x;y\n")
    assert [(error.line, error.column) for error in report.errors] == [(4, "brand")]


def test_a_shop_s_days_and_hours_are_kept(session: Session) -> None:
    bring_in(session, "stores", SHOPS)
    shop = session.exec(select(Store).where(Store.name == "WM Thử")).one()
    assert (shop.first_on, shop.last_on, str(shop.opens_at)) == (date(2020, 3, 1), None, "08:00:00")


# --- a second group joins


def test_a_second_group_joins_without_touching_the_database(session: Session) -> None:
    bring_in(session, "chains", CHAINS)
    bring_in(session, "brands", BRANDS)
    bring_in(session, "products", "brand;name;category;till_names\nThử Một;Gói 1kg;Bột giặt;THU MOT 1KG\n")
    last_day = make.TODAY + timedelta(days=90)
    rows = f"g2;Nhóm hai;{make.TODAY};{last_day};Thử Một;30;Siêu thị Thử\n"
    report = bring_in(session, "campaigns", CAMPAIGNS.splitlines()[0] + "\n" + rows)
    assert report.errors == []
    [campaign] = session.exec(select(Campaign)).all()
    [rule] = make.published_terms(session, campaign).rules
    assert rule.when == RetailerIn(kind="retailer_in", retailers=("sieu-thi-thu",))
    assert [effect.points for effect in rule.give if isinstance(effect, PointsPerAmount)] == [30]
    [live] = live_at(session, clock.now()).versions
    assert live.id == session.exec(select(CampaignVersion.id)).one()
    catalogue = current_catalogue(session)
    assert "Siêu thị Thử" in catalogue.retailers


def test_a_brand_is_changed_and_renamed_by_its_key_and_a_new_seed_leaves_it(session: Session) -> None:
    bring_in(session, "brands", "slug;name;owner;category\nomo;OMO Mới;Chủ mới;laundry\n")
    brand = session.exec(
        select(Brand).where(Brand.slug == "omo").execution_options(populate_existing=True)
    ).one()
    assert (brand.name, brand.owner) == ("OMO Mới", "Chủ mới")
    assert brand.cues, "what the file does not speak of stays"
    seed(session)
    session.expire_all()
    assert session.exec(select(Brand.owner).where(Brand.slug == "omo")).one() == "Chủ mới"


def test_a_name_of_another_brand_is_refused(session: Session) -> None:
    report = bring_in(session, "brands", "slug;name;owner;category\nnew;OMO;x;y\n")
    assert [(error.column, error.code) for error in report.errors] == [("name", "duplicate")]


def test_a_chain_is_known_by_the_name_that_stands(session: Session) -> None:
    report = bring_in(session, "chains", "name\nCo.opmart\nChuỗi Mới\n")
    assert (report.created, report.updated) == (1, 1)
    assert session.exec(select(Retailer.slug).where(Retailer.name == "Co.opmart")).one() == "coopmart"


def test_a_campaign_is_changed_and_rules_that_are_gone_are_taken_out_when_asked(session: Session) -> None:
    bring_in(session, "campaigns", CAMPAIGNS)
    changed = "\n".join(CAMPAIGNS.replace(";20;WinMart|AEON", ";40;").splitlines()[:2]) + "\n"
    report = bring_in(session, "campaigns", changed, replace=True)
    assert (report.created, report.updated, report.retired) == (0, 1, 1)
    [campaign] = session.exec(select(Campaign)).all()
    [rule] = make.published_terms(session, campaign).rules
    [pays] = rule.give
    assert isinstance(pays, PointsPerAmount)
    assert (campaign.starts_on, pays.points, rule.when) == (date(2026, 12, 1), 40, None)


def test_a_campaign_that_a_file_says_nothing_new_of_keeps_its_version(session: Session) -> None:
    bring_in(session, "campaigns", CAMPAIGNS)
    report = bring_in(session, "campaigns", CAMPAIGNS)
    assert (report.created, report.updated, report.retired) == (0, 2, 0)
    assert len(session.exec(select(CampaignVersion)).all()) == 1


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        ("c;n;01/12/2026;01/11/2026;OMO;5", ("last_day", "invalid_day")),
        ("c;n;01/12/2026;01/01/2027;Không có;5", ("brand", "unknown_brand")),
        ("c;n;01/12/2026;01/01/2027;OMO;0", ("points_per_10000", "invalid_number")),
        ("c;n;01/12/2026;01/01/2027;OMO;1e9", ("points_per_10000", "invalid_number")),
        ("c;n;01/12/2026;01/01/2027;OMO;5;Chợ", ("retailers", "unknown_retailer")),
        ("c;;01/12/2026;01/01/2027;OMO;5", ("name", "missing_value")),
        (
            "c;n;01/12/2026;01/01/2027;OMO;5\nc;n;02/12/2026;01/01/2027;Knorr;5",
            ("campaign", "duplicate"),
        ),
    ],
)
def test_a_bad_cell_of_a_campaign_is_named_and_nothing_changes(
    session: Session, cells: str, expected: tuple[str, str]
) -> None:
    report = bring_in(session, "campaigns", CAMPAIGNS.splitlines()[0] + f"\n{cells}\n")
    assert [(error.column, error.code) for error in report.errors] == [expected]
    assert session.exec(select(Campaign)).all() == []
