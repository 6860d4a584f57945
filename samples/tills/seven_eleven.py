"""7-Eleven: quantity, wrapped name and amount; promotions named again below the total."""

from __future__ import annotations

from datetime import datetime

import numpy as np

from samples.basket import BasketLine, Sale
from samples.names import brand_and_kind, commas
from samples.places import draw_digits, draw_place
from samples.slip import Cell, Slip
from samples.tills.base import Printed, PrintedLine, Till

NAME_AT, NAME_SHARE = 0.07, 0.66
TENDERS = {"cash": "TIỀN MẶT", "card": "Thẻ ngân hàng", "transfer": "VNPAY-QR", "wallet": "Ví MoMo"}


def print_sale(sale: Sale, at: datetime, slip: Slip, rng: np.random.Generator) -> Printed:
    """Print the goods, the totals, the recap of promotions and the reference."""
    place = draw_place(rng)
    shop = draw_digits(rng, 4)
    number = f"{shop}0{rng.integers(1, 4):02d}-{at:%m%d}-{at:%H%M}-{draw_digits(rng, 4)}"
    slip.logo("7-ELEVEN", size=1.8)
    slip.centre(f"{shop} - {place.street}", bold=True)
    slip.centre(place.address)
    slip.left(f"Ngày {at:%d/%m/%Y %H:%M}")
    slip.centre("HÓA ĐƠN BÁN HÀNG", size=1.25, bold=True)
    slip.rule("")
    lines = tuple(_print_line(line, slip) for line in sale.lines)
    slip.rule("")
    if sale.discount_total:
        slip.pair("TẠM TÍNH", commas(sale.subtotal))
        slip.pair("GIẢM GIÁ", f"-{commas(sale.discount_total)}")
    slip.pair("TỔNG CỘNG", commas(sale.total), size=1.25, bold=True)
    slip.pair(TENDERS[sale.payment.method], commas(sale.payment.tendered))
    if sale.payment.method == "cash":
        slip.pair("TIỀN THỐI LẠI", commas(sale.payment.change))
    _print_promotions(sale, lines, slip)
    slip.space()
    slip.centre("Có giá trị xuất HĐ VAT trong ngày.")
    slip.centre(number)
    reference = number.replace("-", "")
    slip.centre(f"[ Mã tham chiếu: {reference} ]")
    slip.qr(f"https://7now.vn/hotro?r={reference}")
    slip.centre("7now.vn/hotro")
    return Printed("7-ELEVEN", ("7-Eleven",), f"{shop} - {place.street}", place.address, number, lines)


def _print_promotions(sale: Sale, lines: tuple[PrintedLine, ...], slip: Slip) -> None:
    if not sale.discount_total:
        return
    slip.left("Các chương trình giảm giá đã áp dụng:")
    for line, printed in zip(sale.lines, lines, strict=True):
        if line.discount:
            slip.pair(slip.clip(printed.raw_name, NAME_SHARE), f"-{commas(line.discount)}", indent=0.03)
            slip.left("(Combo tiết kiệm)", indent=0.03)


def _print_line(line: BasketLine, slip: Slip) -> PrintedLine:
    name = brand_and_kind(line.product)
    first, *rest = slip.wrap(name, NAME_SHARE)
    slip.cells(Cell(str(line.quantity)), Cell(first, NAME_AT), Cell(commas(line.amount), 1.0, "right"))
    for part in rest:
        slip.left(part, indent=NAME_AT)
    return PrintedLine(name)


TILL = Till(
    "seven_eleven", (("roboto_condensed", 26), ("roboto", 24)), print_sale, lines_usual=(1, 7), weighed=False
)
