"""Bách Hóa Xanh: quantity at the left under the name, no EAN, the cash total rounded to 500 đ."""

from __future__ import annotations

from datetime import datetime

import numpy as np

from samples.basket import BasketLine, Sale
from samples.names import brand_first, commas
from samples.places import draw_digits, draw_place, draw_staff
from samples.slip import Cell, Slip
from samples.tills.base import Printed, PrintedLine, Till

QUANTITY_AT, PRICE_AT = 0.06, 0.62
TENDERS = {
    "cash": "Tiền mặt:",
    "card": "Cà thẻ VCB:",
    "transfer": "Tiền chuyển khoản:",
    "wallet": "Ví MoMo:",
}


def print_sale(sale: Sale, at: datetime, slip: Slip, rng: np.random.Generator) -> Printed:
    """Print the boxed logo, the goods, both totals and the barcode of the receipt's number."""
    place = draw_place(rng)
    number = f"OV{draw_digits(rng, 14)}"
    slip.logo("BÁCH HÓA XANH", size=1.5)
    slip.centre("www.bachhoaxanh.com")
    slip.centre(place.address)
    slip.centre("PHIẾU THANH TOÁN", size=1.25, bold=True)
    slip.left(f"Số CT: {number}")
    slip.left(f"Ngày CT: {at:%d/%m/%Y %H:%M}")
    slip.left(f"Nhân viên: {draw_digits(rng, 6)} - {draw_staff(rng)}")
    slip.rule()
    slip.cells(
        Cell("SL", QUANTITY_AT),
        Cell("Giá bán (có VAT)", PRICE_AT, "right"),
        Cell("T.Tiền", 1.0, "right"),
        bold=True,
    )
    slip.rule()
    lines = tuple(_print_line(line, slip) for line in sale.lines)
    slip.rule()
    if sale.discount_total:
        slip.pair("Cộng tiền hàng:", commas(sale.subtotal))
        slip.pair("Giảm giá:", f"-{commas(sale.discount_total)}")
    slip.pair("Tổng tiền:", commas(sale.total - sale.rounding))
    slip.pair("Thanh toán:", commas(sale.total), size=1.15, bold=True)
    if sale.rounding:
        slip.left("(Đã làm tròn)", indent=0.06)
    slip.pair(TENDERS[sale.payment.method], commas(sale.payment.tendered))
    if sale.payment.method == "cash":
        slip.pair("Tiền thối lại:", commas(sale.payment.change))
    slip.centre("(Giá trên đã bao gồm thuế GTGT)")
    slip.barcode(number)
    slip.centre(number)
    slip.centre("Tổng đài góp ý/khiếu nại: 1800 1067")
    slip.centre("Lưu ý: Bách Hóa Xanh chỉ xuất hóa đơn trong ngày. https://hddt.bachhoaxanh.com")
    return Printed("BÁCH HÓA XANH", ("Bách Hóa Xanh",), f"BHX {place.street}", place.address, number, lines)


def _print_line(line: BasketLine, slip: Slip) -> PrintedLine:
    name = brand_first(line.product) if line.product.brand else line.product.name
    slip.left(name, bold=True)
    quantity = f"{line.quantity} kg" if line.product.plu else str(line.quantity)
    slip.cells(
        Cell(quantity, QUANTITY_AT),
        Cell(commas(line.product.price), PRICE_AT, "right"),
        Cell(commas(line.amount), 1.0, "right"),
    )
    if line.discount:
        slip.pair("Giảm giá", f"-{commas(line.discount)}", indent=QUANTITY_AT)
    return PrintedLine(name)


TILL = Till(
    "bach_hoa_xanh", (("roboto", 25), ("arimo", 24)), print_sale, round_to=500, round_up=True
)  # fmt: skip
