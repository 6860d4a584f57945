"""WinMart and WinMart+ since 2025: PHIẾU TÍNH TIỀN, names wrapped inside their column, no EAN."""

from __future__ import annotations

from datetime import datetime

import numpy as np

from samples.basket import BasketLine, Sale
from samples.names import brand_first, commas
from samples.places import draw_digits, draw_place
from samples.slip import Cell, Slip
from samples.tills.base import Printed, PrintedLine, Till

NAME_SHARE = 0.50
PRICE_AT, QUANTITY_AT = 0.70, 0.79
TENDERS = {"cash": "TIỀN MẶT", "card": "THẺ NGÂN HÀNG", "transfer": "CHUYỂN KHOẢN", "wallet": "VÍ MOMO"}


def print_sale(sale: Sale, at: datetime, slip: Slip, rng: np.random.Generator) -> Printed:
    """Print the head with its piped line, the goods, the three totals and the e-invoice notice."""
    place = draw_place(rng)
    chain = "WinMart+" if rng.random() < 0.5 else "WinMart"  # noqa: PLR2004  (an even chance)
    store, number = draw_digits(rng, 4), "0" + draw_digits(rng, 7)
    slip.centre(chain, size=1.9, bold=True)
    slip.space()
    slip.centre("PHIẾU TÍNH TIỀN", size=1.25, bold=True)
    slip.centre(f"{at:%d/%m/%Y %H:%M}|MSCH:{store}|INV:{number}")
    slip.rule("")
    slip.cells(
        Cell("Mặt hàng"),
        Cell("Giá", PRICE_AT, "right"),
        Cell("SL", QUANTITY_AT, "right"),
        Cell("T.Tiền", 1.0, "right"),
        bold=True,
    )
    slip.rule("")
    lines = tuple(_print_line(line, slip) for line in sale.lines)
    slip.rule("")
    slip.pair("TỔNG GIÁ TRỊ ĐƠN", commas(sale.subtotal))
    slip.pair("TỔNG TIỀN GIẢM", commas(sale.discount_total))
    slip.pair("TỔNG TIỀN THANH TOÁN", commas(sale.total), size=1.1, bold=True)
    slip.pair(TENDERS[sale.payment.method], commas(sale.payment.tendered))
    if sale.payment.method == "cash":
        slip.pair("Tiền trả lại", commas(sale.payment.change))
    slip.space()
    slip.centre("Truy cập xuathoadon.winmart.vn trong 60 phút")
    slip.qr(f"https://xuathoadon.winmart.vn/?c={store}&i={number}")
    slip.centre("Cảm ơn quý khách. Hẹn gặp lại!")
    return Printed(chain, (chain,), f"{chain} {place.street}", place.address, number, lines)


def _print_line(line: BasketLine, slip: Slip) -> PrintedLine:
    """The numbers stand beside the first line of a wrapped name."""
    name = brand_first(line.product)
    # A weighing is one piece whose price is its amount; the kilograms stand in the name.
    if line.product.plu:
        name = f"{name} {line.quantity}kg"
    price, quantity = (line.amount, 1) if line.product.plu else (line.product.price, int(line.quantity))
    parts = slip.wrap(name, NAME_SHARE)
    slip.cells(
        Cell(parts[0]),
        Cell(commas(price), PRICE_AT, "right"),
        Cell(str(quantity), QUANTITY_AT, "right"),
        Cell(commas(line.amount), 1.0, "right"),
    )
    for part in parts[1:]:
        slip.left(part)
    if line.discount:
        slip.cells(Cell(f"KM: -{commas(line.discount)}", 1.0, "right"))
    return PrintedLine(name, quantity_printed=quantity if line.product.plu else None)


TILL = Till("winmart", (("arimo", 24), ("roboto", 25)), print_sale, lines_usual=(3, 12))
