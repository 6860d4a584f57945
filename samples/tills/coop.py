"""Saigon Co.op's tills: no diacritics, two decimals, VAT rate before the numbers."""

from __future__ import annotations

from datetime import datetime

import numpy as np

from samples.basket import BasketLine, Sale
from samples.names import bare, decimals, shortened
from samples.places import draw_digits, draw_place, draw_staff
from samples.slip import Cell, Slip
from samples.tills.base import Printed, PrintedLine, Till, pick

CHAINS = ("Co.opmart", "Co.opXtra", "Co.op Food")
SPELLINGS = {"Co.opmart": "Co.opMart", "Co.opXtra": "Co.opXtra", "Co.op Food": "Co.op Food"}
NAME_SHARE = 0.98
UNIT_AT, PRICE_AT = 0.40, 0.68
TENDERS = {"cash": "Tien mat", "card": "The ngan hang", "transfer": "Chuyen khoan", "wallet": "Vi MoMo"}


def print_sale(sale: Sale, at: datetime, slip: Slip, rng: np.random.Generator) -> Printed:
    """Print the head, two lines an item, totals with decimals, tax by rate and the member block."""
    place = draw_place(rng)
    chain = pick(rng, CHAINS)
    store, number = f"{SPELLINGS[chain]} {bare(place.street)}", draw_digits(rng, 5)
    tax_code = "0301175691-" + draw_digits(rng, 3)
    slip.centre("Saigon Co.op")
    slip.centre(store, size=1.25, bold=True)
    slip.centre(f"Ma so thue: {tax_code}")
    slip.centre(bare(place.address))
    slip.centre("Website: www.saigonco-op.com.vn")
    slip.centre("PHIEU TINH TIEN", size=1.25, bold=True)
    slip.centre("Co gia tri xuat Hoa don GTGT trong ngay")
    slip.pair(f"Quay: {rng.integers(1, 20):02d}", f"Ngay: {at:%d/%m/%Y %H:%M:%S}")
    slip.pair(f"Nhan vien: {bare(draw_staff(rng))}", f"So HD: {number}")
    slip.rule()
    lines = tuple(_print_line(line, slip) for line in sale.lines)
    slip.rule()
    if sale.discount_total:
        slip.pair("Tong tien hang:", decimals(sale.subtotal))
        slip.pair("Tong tien giam:", f"-{decimals(sale.discount_total)}")
    slip.pair("Tong so tien thanh toan:", decimals(sale.total), bold=True)
    slip.pair("Tong so luong hang:", str(sale.pieces))
    slip.left("Phuong thuc thanh toan:")
    slip.pair(TENDERS[sale.payment.method], decimals(sale.payment.tendered), indent=0.05)
    if sale.payment.method == "cash":
        slip.pair("Tien thoi lai cac cho", f"-{decimals(sale.payment.change)}")
    for rate, tax in sale.vat_included().items():
        slip.pair(f"Bao gom thue GTGT {rate}%:", decimals(tax))
    _print_member(slip, rng)
    slip.centre("Tran trong cam on Quy Khach. Hen gap lai")
    return Printed("Saigon Co.op", (chain,), store, place.address, number, lines, tax_code)


def _print_member(slip: Slip, rng: np.random.Generator) -> None:
    slip.left("THONG TIN KHACH HANG THAN THIET:")
    slip.pair(f"Ma so: {draw_digits(rng, 8)}", f"({pick(rng, ('Dong', 'Bac', 'Vang'))})")
    slip.left(f"Diem dau ngay: {rng.integers(0, 2000)}")


def _print_line(line: BasketLine, slip: Slip) -> PrintedLine:
    """14 digits and the name, then VAT, quantity, unit price and amount."""
    if line.product.plu:
        barcode, unit = f"29{line.product.plu}", f"{line.quantity} KG"
    else:
        barcode, unit = line.product.ean or "", f"{line.quantity} {bare(line.product.pack or 'cai')}"
    digits = f"{barcode:0>14} "
    name = slip.clip(bare(shortened(line.product)), NAME_SHARE - slip.width_of(digits))
    slip.left(digits + name)
    slip.cells(
        Cell(f"VAT{line.product.vat:02d}%"),
        Cell(unit, UNIT_AT, "right"),
        Cell(decimals(line.product.price), PRICE_AT, "right"),
        Cell(decimals(line.amount), 1.0, "right"),
    )
    if line.discount:
        slip.pair(f"KM giam {line.discount_percent}%", f"-{decimals(line.discount)}", indent=0.04)
    return PrintedLine(name, barcode)


TILL = Till("coop", (("cousine", 20), ("noto_mono", 20)), print_sale, lines_usual=(4, 14))
