"""GO! and Big C: capitals without diacritics, the quantity on a line of its own, `đ` after the total."""

from __future__ import annotations

from datetime import datetime

import numpy as np

from samples.basket import BasketLine, Sale
from samples.names import bare, brand_first, dots
from samples.places import draw_digits, draw_place
from samples.slip import Slip
from samples.tills.base import Printed, PrintedLine, Till, pick

CHAINS = ("GO!", "Big C")
NAME_SHARE = 0.74
TAX_MARKS = {5: "A", 8: "B", 10: "C"}
TENDERS = {"cash": "TIEN MAT VND", "card": "THE NGAN HANG", "transfer": "VNPAY-QR", "wallet": "VI MOMO"}


def print_sale(sale: Sale, at: datetime, slip: Slip, rng: np.random.Generator) -> Printed:
    """Print the company, the ticket's line, goods with a tax mark, total and tax table."""
    place = draw_place(rng)
    chain = pick(rng, CHAINS)
    number = f"{draw_digits(rng, 4)}-{rng.integers(1, 30):03d}-{draw_digits(rng, 5)}"
    store = f"{chain} {place.street}"
    slip.logo(chain, size=2.2)
    slip.centre(bare(store).upper(), bold=True)
    slip.centre(f'CTY TNHH EB {bare(place.street).upper()} ("EB{place.province}")')
    slip.centre(bare(place.address).upper())
    slip.rule("*")
    slip.centre("HOA DON BAN LE", bold=True)
    slip.left(f"Ticket:{at:%d/%m/%Y %H:%M:%S}")
    slip.pair(f"SO:{number}", f"TN: {draw_digits(rng, 5)}")
    slip.rule("*")
    slip.pair("MAT HANG", "GIA TRI")
    lines = tuple(_print_line(line, slip) for line in sale.lines)
    slip.rule()
    if sale.discount_total:
        slip.pair("TONG TRUOC GIAM", dots(sale.subtotal))
        slip.pair("TIET KIEM", f"-{dots(sale.discount_total)}")
    slip.pair("TONG CONG", f"{dots(sale.total)}đ", size=1.4, bold=True)
    slip.pair(TENDERS[sale.payment.method], dots(sale.payment.tendered))
    if sale.payment.method == "cash":
        slip.pair("TIEN TRA LAI", dots(sale.payment.change))
    slip.rule()
    for rate, tax in sale.vat_included().items():
        slip.pair(f"{TAX_MARKS[rate]} VAT {rate}%", dots(tax))
    slip.centre("CAM ON QUY KHACH")
    slip.centre("DOI TRA TRONG 7 NGAY KEM HOA DON")
    slip.barcode(number.replace("-", ""))
    return Printed(chain, (chain,), store, place.address, number, lines)


def _print_line(line: BasketLine, slip: Slip) -> PrintedLine:
    """Name and amount for one piece; else name alone, then quantity, unit and price with amount."""
    name = slip.clip(bare(brand_first(line.product)).upper(), NAME_SHARE)
    amount = f"{dots(line.amount)} {TAX_MARKS[line.product.vat]}"
    if line.product.plu:
        slip.left(name)
        slip.pair(f"{line.quantity} KG x {dots(line.product.price)}", amount, indent=0.06)
    elif line.quantity > 1:
        slip.left(name)
        unit = bare(line.product.pack or "Cai").capitalize()
        slip.pair(f"{line.quantity} {unit} x {dots(line.product.price)}", amount, indent=0.06)
    else:
        slip.pair(name, amount)
    if line.discount:
        slip.pair(f"KM -{line.discount_percent}%", f"-{dots(line.discount)}", indent=0.06)
    return PrintedLine(name)


TILL = Till("go", (("noto_mono", 20), ("jetbrains", 20)), print_sale, lines_usual=(4, 16))
