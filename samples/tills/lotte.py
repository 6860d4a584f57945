"""LOTTE Mart: numbered lines in capitals, unit prices without separator, total before discounts."""

from __future__ import annotations

from datetime import datetime

import numpy as np

from samples.basket import BasketLine, Sale, check_digit, in_store_code
from samples.names import bare, commas, shortened
from samples.places import draw_digits, draw_place, draw_staff
from samples.slip import Cell, Slip
from samples.tills.base import Printed, PrintedLine, Till

PRICE_AT, QUANTITY_AT = 0.60, 0.74
CODE_AT = 0.05
TENDERS = {"cash": "TIEN MAT", "card": "THE TIN DUNG", "transfer": "CHUYEN KHOAN", "wallet": "VI ZALOPAY"}


def print_sale(sale: Sale, at: datetime, slip: Slip, rng: np.random.Generator) -> Printed:
    """Print head, goods, tax by rate, gross total, the two discounts and what was paid."""
    place = draw_place(rng)
    tax_code = f"0304 741 634 - {rng.integers(1, 17):03d}"
    number = f"{rng.integers(101, 240):04d}-{rng.integers(1, 900):04d}"
    slip.logo("LOTTE MART", size=1.4)
    slip.left(f"LOTTE MART {bare(place.street).upper()}")
    slip.left(f"Hotline: 09{draw_digits(rng, 8)}")
    slip.left(f"MST: {tax_code}")
    slip.left(f"MANAGER {place.province}: {bare(draw_staff(rng)).upper()}")
    slip.pair(f"ENT {at:%Y-%m-%d %H:%M}", f"POS:{number}")
    slip.rule("=")
    slip.cells(
        Cell("Ma sp"),
        Cell("dgia", PRICE_AT, "right"),
        Cell("sl", QUANTITY_AT, "right"),
        Cell("so tien", 1.0, "right"),
    )
    slip.rule()
    lines = tuple(_print_line(index, line, slip) for index, line in enumerate(sale.lines, 1))
    slip.rule()
    for rate, tax in sale.vat_included().items():
        slip.pair(f"{rate:02d} % VAT", commas(tax))
    slip.pair("Tong cong", commas(sale.subtotal), bold=True)
    if sale.discount_total:
        slip.pair("giam gia san pham", f"-{commas(sale.discount_total)}")
    if sale.rounding:
        slip.pair("Giam gia don so", commas(sale.rounding))
    slip.pair("THANH TOAN", commas(sale.total), bold=True)
    slip.pair(TENDERS[sale.payment.method], commas(sale.payment.tendered))
    if sale.payment.method == "cash":
        slip.pair("TIEN THOI LAI", commas(sale.payment.change))
    slip.rule("=")
    slip.centre("L.POINT: Tich diem cho moi hoa don")
    slip.barcode(f"{at:%Y%m%d}{number.replace('-', '')}")
    store = f"LOTTE Mart {place.street}"
    return Printed("LOTTE MART", ("LOTTE Mart",), store, place.address, number, lines, tax_code)


def _print_line(index: int, line: BasketLine, slip: Slip) -> PrintedLine:
    """Number and name, then EAN, price, quantity and amount; a scale's code below its weighing."""
    head = f"{index:03d} "
    name = slip.clip(bare(shortened(line.product)).upper(), 1.0 - slip.width_of(head))
    barcode = in_store_code("23", line) if line.product.plu else line.product.ean or ""
    slip.left(head + name)
    slip.cells(
        Cell(barcode, CODE_AT),
        Cell(str(line.product.price), PRICE_AT, "right"),
        Cell(str(line.quantity), QUANTITY_AT, "right"),
        Cell(commas(line.amount), 1.0, "right"),
    )
    if line.product.plu:
        body = f"2{line.product.plu}1{line.amount:07d}{line.grams:05d}"
        slip.left(f"Scode:{body}{check_digit(body)}", indent=CODE_AT)
    if line.discount:
        each = line.discount // int(line.quantity)
        slip.cells(
            Cell("[M)DC ]"),
            Cell(f"{commas(each)}A", PRICE_AT, "right"),
            Cell(str(line.quantity), QUANTITY_AT, "right"),
            Cell(f"-{commas(line.discount)}", 1.0, "right"),
        )
    return PrintedLine(name, barcode)


TILL = Till(
    "lotte", (("jetbrains", 20), ("cousine", 20)), print_sale, lines_usual=(4, 16), round_to=100
)  # fmt: skip
