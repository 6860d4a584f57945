"""WinMart+ on the older till: HÓA ĐƠN BÁN HÀNG, store and hotline in the head, EAN under each name."""

from __future__ import annotations

from datetime import datetime

import numpy as np

from samples.basket import BasketLine, Sale, in_store_code
from samples.names import dots, shortened
from samples.places import draw_digits, draw_place
from samples.slip import Cell, Slip
from samples.tills.base import Printed, PrintedLine, Till

PRICE_AT, QUANTITY_AT = 0.62, 0.74
TENDERS = {"cash": "TIỀN MẶT", "card": "THẺ NGÂN HÀNG", "transfer": "VNPAY-QR", "wallet": "VÍ MOMO"}


def print_sale(sale: Sale, at: datetime, slip: Slip, rng: np.random.Generator) -> Printed:
    """Print the store, two columns of numbers, two lines an item, and the bilingual footer."""
    place = draw_place(rng)
    store = f"WM+ {place.province} {place.number} {place.street}"
    number = "00" + draw_digits(rng, 6)
    slip.centre("WinMart+", size=1.7, bold=True)
    slip.centre(store)
    slip.centre(place.address)
    slip.centre(f"02471066866-{draw_digits(rng, 5)}")
    slip.space()
    slip.centre("HÓA ĐƠN BÁN HÀNG", size=1.2, bold=True)
    slip.pair(f"Ngày bán: {at:%d/%m/%Y %H:%M}", f"HĐ:{number}")
    slip.pair(f"Quầy:{rng.integers(1, 12):03d}", f"NVBH:{draw_digits(rng, 8)}")
    slip.rule()
    slip.cells(
        Cell("Mặt hàng"),
        Cell("Đơn giá", PRICE_AT, "right"),
        Cell("SL", QUANTITY_AT, "right"),
        Cell("T.Tiền", 1.0, "right"),
        bold=True,
    )
    slip.rule()
    lines = tuple(_print_line(line, slip) for line in sale.lines)
    slip.rule()
    slip.pair("TỔNG TIỀN PHẢI T.TOÁN", dots(sale.total), bold=True)
    slip.pair("TỔNG TIỀN ĐÃ GIẢM", dots(sale.discount_total))
    slip.pair("TIỀN KHÁCH TRẢ", dots(sale.payment.tendered))
    slip.pair(TENDERS[sale.payment.method], dots(sale.payment.tendered), indent=0.05)
    slip.pair("TIỀN TRẢ LẠI", dots(sale.payment.change))
    slip.space()
    slip.centre("(Giá đã bao gồm thuế GTGT)")
    slip.centre("Chỉ xuất hóa đơn trong ngày")
    slip.centre("Tax invoice will be issued within same day")
    slip.centre("CẢM ƠN QUÝ KHÁCH VÀ HẸN GẶP LẠI", bold=True)
    slip.centre("Hotline: 02471066866 Website: winmart.vn")
    return Printed("WinMart+", ("WinMart+",), store, place.address, number, lines)


def _print_line(line: BasketLine, slip: Slip) -> PrintedLine:
    """Name, then EAN with the numbers; scales print one piece and its weight in the name."""
    if line.product.plu:
        name = f"{line.product.kind} {line.quantity} KG".replace(".", ",")
        barcode, price, quantity = in_store_code("26", line), line.amount, 1
    else:
        name, barcode = shortened(line.product), line.product.ean or ""
        price, quantity = line.product.price, int(line.quantity)
    name = slip.clip(name, 1.0)
    slip.left(name)
    slip.cells(
        Cell(f"0{barcode}"),
        Cell(dots(price), PRICE_AT, "right"),
        Cell(str(quantity), QUANTITY_AT, "right"),
        Cell(dots(line.amount), 1.0, "right"),
    )
    if line.discount:
        slip.cells(Cell("KM", 0.5), Cell(f"-{dots(line.discount)}", 1.0, "right"))
    return PrintedLine(name, barcode, quantity_printed=quantity if line.product.plu else None)


TILL = Till("winmart_plus", (("noto_mono", 20), ("cousine", 20), ("roboto", 24)), print_sale)
