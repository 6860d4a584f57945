"""An admin's CSV file of products: all rows or none, bad rows reported by line."""

from __future__ import annotations

import io

import pytest
from sqlmodel import Session, col, func, select

from domain.catalog import sheets
from domain.catalog.imports import import_products
from domain.catalog.matching import match_lines
from domain.catalog.products import current_catalogue
from domain.catalog.sheets import csv_text
from ocr.types import ReadingLine
from schemas.catalog import Barcode, CatalogState, ImportReport, Product, TillName

HEADER = "brand,name,category,pack,eans,till_names\n"
# Check digits hold; 899 is Indonesia's prefix, none of the packaged products carries them.
EAN, OTHER_EAN = "8991234567891", "8997654321099"


def imported(session: Session, text: str | bytes, *, replace: bool = False) -> ImportReport:
    raw = text if isinstance(text, bytes) else text.encode()
    return import_products(session, csv_text(io.BytesIO(raw)), replace=replace)


def errors(report: ImportReport) -> list[tuple[int, str | None, str]]:
    return [(error.line, error.column, error.code) for error in report.errors]


def product_count(session: Session) -> int:
    return session.exec(select(func.count()).select_from(Product)).one()


def test_new_products_are_matched_by_ean_and_till_name_at_once(session: Session) -> None:
    report = imported(
        session,
        HEADER
        + f"OMO,Nước giặt OMO Thử nghiệm 2kg,laundry,2kg,{EAN},LOTTE Mart=XG THU NGHIEM 2K|NG THU NGHIEM\n",
    )
    assert (report.rows, report.created, report.updated, report.errors) == (1, 1, 0, [])
    catalogue = current_catalogue(session)
    lines = [
        ReadingLine(raw_name="???", barcode=f"0{EAN}", amount_minor=1),
        ReadingLine(raw_name="XG THU NGHIEM 2K", amount_minor=1),
        ReadingLine(raw_name="NG THỬ NGHIỆM", amount_minor=1),
    ]
    at_lotte = match_lines(lines, catalogue, "LOTTE Mart")
    assert [match.method for match in at_lotte] == ["barcode", "till_name", "till_name"]
    assert {match.product.pack for match in at_lotte if match.product} == {"2kg"}
    elsewhere = match_lines(lines, catalogue, "AEON")
    assert [match.method for match in elsewhere] == ["barcode", None, "till_name"]


def test_importing_a_product_again_replaces_its_eans_and_till_names(session: Session) -> None:
    imported(session, HEADER + f"OMO,Thử,laundry,2kg,{EAN},OMO THU\n")
    report = imported(session, HEADER + f"omo,Thử,laundry,3kg,{OTHER_EAN},OMO THU MOI\n")
    assert (report.created, report.updated) == (0, 1)
    product = session.exec(select(Product).where(Product.slug == "omo-thu")).one()
    assert product.pack == "3kg"
    assert session.exec(select(Barcode.ean).where(Barcode.product_id == product.id)).all() == [OTHER_EAN]
    assert session.exec(select(TillName.name).where(TillName.product_id == product.id)).all() == [
        "OMO THU MOI"
    ]


def test_one_bad_row_leaves_everything_as_it_was(session: Session) -> None:
    before = product_count(session)
    version = session.exec(select(CatalogState.version)).one()
    report = imported(session, HEADER + f"OMO,Tốt,laundry,,{EAN},\nNobody,Xấu,laundry,,,\n")
    assert errors(report) == [(3, "brand", "unknown_brand")]
    assert (report.rows, report.created, report.updated) == (2, 0, 0)
    assert product_count(session) == before
    assert session.exec(select(CatalogState.version)).one() == version


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ("OMO,,laundry,,,", [("name", "missing_value")]),
        (",Tên,laundry,,,", [("brand", "missing_value")]),
        ("OMO,Tên,laundry,,8934868162948,", [("eans", "invalid_ean")]),
        ("OMO,Tên,laundry,,2312890000007,", [("eans", "invalid_ean")]),
        ("OMO,Tên,laundry,,8.93487E+12,", [("eans", "invalid_ean")]),
        ("OMO,Tên,laundry,,,Chợ=OMO", [("till_names", "unknown_retailer")]),
        ("OMO,Tên,laundry,,,***", [("till_names", "missing_value")]),
        (f"OMO,{'x' * 201},laundry,,,", [("name", "too_long"), ("name", "too_long")]),
        ("OMO,Tên,laundry", [(None, "wrong_column_count")]),
        ('OMO,"Tên"x,laundry,,,', [(None, "bad_csv")]),
    ],
)
def test_a_bad_cell_is_named(session: Session, row: str, expected: list[tuple[str | None, str]]) -> None:
    report = imported(session, HEADER + row + "\n")
    assert errors(report) == [(2, *error) for error in expected]


def test_lines_are_counted_through_cells_of_several_lines_and_empty_rows(session: Session) -> None:
    report = imported(session, HEADER + '"OMO","Hai\ndòng",laundry,,,\n\n,,,,,\nNobody,Tên,laundry,,,\n')
    assert errors(report) == [(6, "brand", "unknown_brand")]


def test_the_same_product_code_or_name_twice_is_refused(session: Session) -> None:
    rows = f"OMO,Một,laundry,,{EAN},OMO MOT\nOMO,MỘT,laundry,,,\nOMO,Hai,laundry,,{EAN},omo mốt\n"
    assert errors(imported(session, HEADER + rows)) == [
        (3, "name", "duplicate"),
        (4, "eans", "duplicate"),
        (4, "till_names", "duplicate"),
    ]


def test_an_ean_of_another_product_is_refused_unless_that_product_is_replaced(session: Session) -> None:
    imported(session, HEADER + f"OMO,Cũ,laundry,,{EAN},OMO CU\n")
    new = HEADER + f"OMO,Mới,laundry,,{EAN},OMO CU\n"
    assert errors(imported(session, new)) == [(2, "eans", "duplicate"), (2, "till_names", "duplicate")]
    report = imported(session, new, replace=True)
    assert (report.created, report.errors) == (1, [])
    assert report.retired > 1
    living = session.exec(select(Product.slug).where(col(Product.retired_at).is_(None))).all()
    assert living == ["omo-moi"]


def test_a_retired_product_comes_back_when_it_is_imported_again(session: Session) -> None:
    row = HEADER + f"OMO,Cũ,laundry,,{EAN},\n"
    imported(session, row)
    imported(session, HEADER + "OMO,Khác,laundry,,,\n", replace=True)
    assert EAN not in current_catalogue(session).product_by_ean
    assert imported(session, row).updated == 1
    assert current_catalogue(session).product_by_ean[EAN].slug == "omo-cu"


def test_spreadsheets_semicolons_and_byte_order_mark_are_read(session: Session) -> None:
    text = "\ufeffBrand;Name;Category\r\nOMO;Chấm, phẩy;laundry\r\n"
    assert imported(session, text).created == 1


def test_columns_that_are_missing_or_unknown_are_named(session: Session) -> None:
    assert errors(imported(session, "brand,title,category\n")) == [
        (1, "name", "missing_column"),
        (1, "title", "unknown_column"),
    ]
    assert errors(imported(session, "")) == [
        (1, column, "missing_column") for column in ("brand", "name", "category")
    ]


def test_bytes_that_are_no_text_are_found_by_line(session: Session) -> None:
    latin = HEADER.encode() + b"OMO,Ten,laundry,,,\nOMO,Nescaf\xe9,laundry,,,\n"
    assert errors(imported(session, latin)) == [(3, None, "bad_encoding")]
    assert errors(imported(session, HEADER + "OMO,\0,laundry,,,\n")) == [(2, None, "bad_encoding")]


def test_files_beyond_the_limits_are_refused(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sheets, "ROWS_MAX", 2)
    rows = "".join(f"OMO,Tên {n},laundry,,,\n" for n in range(3))
    assert errors(imported(session, HEADER + rows)) == [(4, None, "too_many_rows")]
    monkeypatch.setattr(sheets, "CHARACTERS_MAX", 60)
    assert errors(imported(session, HEADER + rows)) == [(1, None, "file_too_large")]
