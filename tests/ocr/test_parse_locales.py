"""Tills of other countries, by locale data; and any text at all without a fault."""

# ruff: noqa: DTZ001 - tills print local time without a zone
from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

import ocr
from domain.money import major
from ocr.receipt import parse_receipt
from ocr.types import TextLine, Word
from tests.make.paper import make_paper


def test_a_german_receipt_is_read():
    reading = parse_receipt(
        make_paper("""
BACKHAUS SONNE GMBH
Lindenstr. 12, 10969 Berlin
Roggenbrot 750g            EUR   3,85 B
Laugenbrezel
     3 x 0,95                    2,85 B
SUMME                      EUR   6,70
Bar                        EUR  10,00
Rückgeld                   EUR   3,30
MwSt 7%                          0,44
Datum 15.08.2024 11:04 Uhr
Bon-Nr. 004711
Vielen Dank
""")
    )
    assert (reading.currency, reading.total_minor, reading.change_minor) == ("EUR", 670, 330)
    assert [(line.raw_name, line.quantity, line.amount_minor) for line in reading.lines] == [
        ("Roggenbrot 750g", 1, 385),
        ("Laugenbrezel", 3, 285),
    ]
    assert reading.purchased_at == datetime(2024, 8, 15, 11, 4)


def test_an_american_receipt_is_read():
    reading = parse_receipt(
        make_paper("""
LAKESIDE DINER
402 Harbor Blvd
Server: Ann          Guests: 2
08/15/2024 11:04 AM
2 Pancakes                $15.00
1 Coffee                   $3.25
Subtotal                  $18.25
Tax                        $1.64
Total                     $19.89
Visa                      $19.89
Suggested Tip 18%          $3.29
""")
    )
    assert (reading.currency, reading.total_minor, reading.merchant) == ("USD", 1989, "LAKESIDE DINER")
    assert [(line.raw_name, line.quantity) for line in reading.lines] == [("Pancakes", 2), ("Coffee", 1)]
    assert reading.payment == "card"


def test_a_malaysian_receipt_is_read():
    reading = parse_receipt(
        make_paper("""
PASARAYA INDAH SDN BHD (123456-K)
NO 8, JALAN MERU, 41050 KLANG, SELANGOR
GST ID: 000123456789
TAX INVOICE
INVOICE NO: CS00012345   DATE: 15/08/2017
CASHIER: SITI            TIME: 11:04:00
ITEM         QTY    PRICE   AMOUNT  TAX
9556012340012
SABUN BASUH    2    12.90    25.80   SR
TOTAL SALES (INCLUSIVE OF GST) :    25.80
CASH :                              30.00
CHANGE :                             4.20
""")
    )
    (line,) = reading.lines
    assert (reading.currency, reading.total_minor) == ("MYR", 2580)
    assert (line.raw_name, line.quantity, line.unit_price_minor) == ("SABUN BASUH", Decimal(2), 1290)
    assert reading.receipt_no == "CS00012345"
    assert reading.purchased_at == datetime(2017, 8, 15, 11, 4)


def test_an_indonesian_receipt_is_read():
    reading = parse_receipt(
        make_paper("""
TOKO SINAR PAGI
Jl. Melati Raya No. 14, Kel. Sukamaju
Kec. Coblong, Kota Bandung
NPWP: 01.234.567.8-901.000
No. Struk: SP-00471123
Tgl: 15/08/2024 11:04   Kasir: Dewi
Beras Ramos 5kg
     1 x 74.500              74.500
Susu Kental Manis
     3 x 12.500              37.500
     Diskon                  -7.500
Minyak Goreng 2L
     1 x 38.900              38.900
Total Item                        3
Total Belanja            Rp 143.400
Tunai                    Rp 150.000
Kembali                  Rp   6.600
PPN 11% termasuk         Rp  14.211
Terima kasih
""")
    )
    assert (reading.currency, reading.total_minor, reading.change_minor) == ("IDR", 143400, 6600)
    assert [
        (line.raw_name, line.quantity, line.amount_minor, line.discount_minor) for line in reading.lines
    ] == [
        ("Beras Ramos 5kg", 1, 74500, 0),
        ("Susu Kental Manis", 3, 37500, 7500),
        ("Minyak Goreng 2L", 1, 38900, 0),
    ]
    assert reading.merchant == "TOKO SINAR PAGI"
    assert reading.receipt_no == "SP-00471123"
    assert reading.purchased_at == datetime(2024, 8, 15, 11, 4)
    assert major(reading.total_minor, reading.currency) == 143400


words = st.builds(
    lambda text, left, top, width: Word(text, (left, top, left + width, top + 20), 0.8),
    st.text(min_size=1, max_size=14) | st.from_regex(r"[-(]?[0-9OSl.,]{1,12}[)đA%]?", fullmatch=True),
    st.integers(0, 600),
    st.integers(0, 1500),
    st.integers(5, 200),
)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.lists(words, min_size=1, max_size=7).map(lambda line: TextLine(tuple(line))), max_size=14))
def test_no_text_makes_the_parser_fail(lines: list[TextLine]):
    reading = parse_receipt(lines)
    assert reading.status in {"read", "not_a_receipt"}
    assert all(0 <= line.confidence <= 1 for line in reading.lines)


def test_no_code_names_a_locale_so_that_another_is_one_file():
    folder = Path(ocr.__file__).parent
    names = [file.stem for file in (folder / "locales").glob("*.toml")]
    assert len(names) >= 4
    for file in folder.rglob("*.py"):
        text = file.read_text(encoding="utf-8")
        assert not [name for name in names if f'"{name}"' in text], file
