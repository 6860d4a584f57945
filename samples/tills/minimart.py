"""A small shop of no chain, on a cheap till: unknown name, quantity times price on one line."""

from __future__ import annotations

from datetime import datetime

import numpy as np

from samples.basket import BasketLine, Sale
from samples.names import dots
from samples.places import draw_digits, draw_place
from samples.slip import Cell, Slip
from samples.tills.base import Printed, PrintedLine, Till, pick

SHOPS = ("MINIMART THÀNH CÔNG", "SIÊU THỊ MINI HOA MAI", "CỬA HÀNG TIỆN ÍCH GIA PHÚC", "TẠP HÓA CÔ BA")
TENDERS = {"cash": "Tiền khách đưa:", "card": "Quẹt thẻ:", "transfer": "Chuyển khoản:", "wallet": "Ví MoMo:"}
PRICE_AT = 0.52


def print_sale(sale: Sale, at: datetime, slip: Slip, rng: np.random.Generator) -> Printed:
    """Print the shop, its phone, numbered goods and one total."""
    place, shop = draw_place(rng), pick(rng, SHOPS)
    number = f"HD{draw_digits(rng, 6)}"
    slip.centre(shop, size=1.3, bold=True)
    slip.centre(f"ĐC: {place.address}")
    slip.centre(f"ĐT: 09{draw_digits(rng, 8)}")
    slip.space()
    slip.centre("HÓA ĐƠN THANH TOÁN", size=1.15, bold=True)
    slip.left(f"Số HĐ: {number}")
    slip.left(f"Ngày: {at:%d/%m/%Y}-{at:%H:%M}")
    slip.rule("=")
    slip.cells(Cell("SL"), Cell("Đơn giá", PRICE_AT, "right"), Cell("Thành tiền", 1.0, "right"), bold=True)
    slip.rule()
    lines = tuple(_print_line(index, line, slip) for index, line in enumerate(sale.lines, 1))
    slip.rule("=")
    if sale.discount_total:
        slip.pair("Tổng tiền hàng:", dots(sale.subtotal))
        slip.pair("Chiết khấu:", f"-{dots(sale.discount_total)}")
    slip.pair("Tổng cộng:", dots(sale.total), size=1.2, bold=True)
    slip.pair(TENDERS[sale.payment.method], dots(sale.payment.tendered))
    if sale.payment.method == "cash":
        slip.pair("Tiền thừa:", dots(sale.payment.change))
    slip.space()
    slip.centre("Cảm ơn quý khách!")
    return Printed(shop, (), shop, place.address, number, lines)


def _print_line(index: int, line: BasketLine, slip: Slip) -> PrintedLine:
    name = line.product.name
    slip.left(f"{index}. {name}")
    unit = "kg" if line.product.plu else line.product.pack
    slip.cells(
        Cell(f"{line.quantity} {unit}", 0.04),
        Cell(dots(line.product.price), PRICE_AT, "right"),
        Cell(dots(line.amount), 1.0, "right"),
    )
    if line.discount:
        slip.pair("Giảm", f"-{dots(line.discount)}", indent=0.04)
    return PrintedLine(name)


TILL = Till(
    "minimart", (("roboto", 24), ("noto_mono", 20), ("arimo", 23)), print_sale, width=512, lines_usual=(1, 7)
)
