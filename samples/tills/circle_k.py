"""Circle K: English labels, month names and a 12-hour clock; quantity, name and amount on one line."""

from __future__ import annotations

from datetime import datetime

import numpy as np

from samples.basket import BasketLine, Sale
from samples.names import bare, brand_and_kind, commas
from samples.places import draw_place, draw_staff
from samples.slip import Slip
from samples.tills.base import Printed, PrintedLine, Till

NAME_SHARE = 0.68
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
TENDERS = {"cash": "CASH", "card": "VISA", "transfer": "VNPAY", "wallet": "MOMO"}


def print_sale(sale: Sale, at: datetime, slip: Slip, rng: np.random.Generator) -> Printed:
    """Print the numbered receipt whose number holds the business date."""
    place = draw_place(rng)
    number = f"{rng.integers(10, 600):03d} {rng.integers(1, 4):02d} {at:%Y%m%d} {rng.integers(1, 2000):04d}"
    clock = f"{at.hour % 12 or 12:02d}:{at:%M} {'AM' if at.hour < 12 else 'PM'}"  # noqa: PLR2004  (noon)
    slip.centre("CIRCLE K VIETNAM", size=1.3, bold=True)
    slip.centre(bare(place.address))
    slip.space()
    slip.left(f"Receipt No: {number}")
    # English months, whatever the locale of the machine that renders.
    slip.left(f"Date: {MONTHS[at.month - 1]} {at:%d, %Y} {clock}")
    slip.left(f"Cashier: {rng.integers(1000, 9999)}-{bare(draw_staff(rng))}")
    slip.left("Description:")
    lines = tuple(_print_line(line, slip) for line in sale.lines)
    slip.rule()
    slip.pair(f"{sale.pieces} Item(s) (VAT included)", commas(sale.total), bold=True)
    slip.pair(TENDERS[sale.payment.method], commas(sale.payment.tendered))
    if sale.payment.method == "cash":
        slip.pair("CHANGE", commas(sale.payment.change))
    slip.space()
    slip.centre("Please request VAT invoice within the day")
    slip.centre("Thank you. Take it easy!")
    store = f"Circle K {place.street}"
    return Printed("CIRCLE K VIETNAM", ("Circle K",), store, place.address, number, lines)


def _print_line(line: BasketLine, slip: Slip) -> PrintedLine:
    name = slip.clip(bare(brand_and_kind(line.product)), NAME_SHARE)
    slip.pair(f"{line.quantity} {name}", commas(line.amount), indent=0.02)
    if line.discount:
        slip.pair("DISC", f"-{commas(line.discount)}", indent=0.1)
    return PrintedLine(name)


TILL = Till(
    "circle_k", (("cousine", 20), ("noto_mono", 20)), print_sale, width=480, lines_usual=(1, 5), weighed=False
)
