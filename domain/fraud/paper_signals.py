"""What can't be on a till's paper: change, codes, hours, baskets, numbers and prices that don't fit.

Each is a pure function of facts. All are on trial (docs/decisions/0076): a misread digit looks the
same, and how often one is to blame is only known once persons have decided.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import time, timedelta
from decimal import Decimal
from typing import Final

from domain.fraud.facts import LINE_SURE, ReceiptFacts, Signal, StoreFacts, number_digits
from ocr.text.barcodes import EAN_LENGTH, is_valid_code, read_weighed_code
from ocr.types import Reading

# Cash is rounded to the thousand at most.
CHANGE_OFF_MAX: Final = 1000
NOTE_LEAST: Final = 1000
# One code of several may be misread, hardly three of four.
BAD_CODES_MIN: Final = 3
BAD_CODES_SHARE: Final = 0.5
GRAMS_OFF_SHARE: Final = 0.02
ALWAYS_OPEN: Final = frozenset({"Circle K", "FamilyMart", "7-Eleven", "GS25", "MINISTOP"})
OPENS: Final = time(5, 30)
CLOSES: Final = time(23, 30)
# The last at the till pay after the doors are shut.
HOURS_GRACE: Final = timedelta(minutes=45)
# A household's cart holds less; a trader's invoice is no household's receipt.
PIECES_MAX: Final = 100
LINES_MAX: Final = 200
TOTAL_MAX_MINOR: Final = 100_000_000
# Tills of one shop differ by a minute or two.
CLOCKS_APART: Final = timedelta(minutes=3)
# Tills count up in the last four digits; what stands before names till and day.
COUNTER_DIGITS: Final = 4
# Promotions halve prices, and a pack of six is not six times one.
PRICE_TIMES: Final = 2.5
SALES_MIN: Final = 20
_TIMES_SURE: Final = 10


def change_misfit(facts: ReceiptFacts) -> Signal | None:
    """Raise when tender less change is not the total that the rest of the paper confirms.

    Raised for 1 of 120 genuine photographs: a digit of the tender was misread.
    """
    reading = facts.reading
    tendered, change, total = reading.tendered_minor, reading.change_minor, reading.total_minor
    if tendered is None or change is None or total is None or "tender" in reading.checks.confirmed:
        return None
    # A tender that is no sum of notes, and a total that nothing confirms, were misread.
    if not reading.checks.confirmed or tendered % NOTE_LEAST:
        return None
    if abs(tendered - change - total) <= CHANGE_OFF_MAX:
        return None
    evidence = {"tendered_minor": tendered, "change_minor": change, "total_minor": total}
    return Signal("change_misfit", "review", 0.5, evidence)


def barcodes_misfit(facts: ReceiptFacts) -> Signal | None:
    """Raise when most article codes have a check digit that is not theirs: they were made up."""
    codes = [line.barcode for line in facts.reading.lines if line.barcode and len(line.barcode) == EAN_LENGTH]
    bad = [code for code in codes if not is_valid_code(code)]
    if len(bad) < BAD_CODES_MIN or len(bad) <= BAD_CODES_SHARE * len(codes):
        return None
    return Signal(
        "barcodes_misfit",
        "review",
        round(len(bad) / len(codes), 3),
        {"bad_codes": len(bad), "codes": len(codes)},
    )


def weight_misfit(facts: ReceiptFacts) -> Signal | None:
    """Raise when a label's code holds another weight than its line, though another label's holds its own.

    Not every chain's codes hold a weight; where one does, all of that paper do.
    """
    fitting, misfits = 0, []
    for position, line in enumerate(facts.reading.lines):
        weighed = read_weighed_code(line.barcode or "")
        if weighed is None or line.quantity == line.quantity.to_integral_value():
            # A till that prints weighed goods as one piece says no weight.
            continue
        grams = int(line.quantity * 1000)
        if abs(grams - weighed.grams) > GRAMS_OFF_SHARE * max(grams, weighed.grams):
            misfits.append({"line": position + 1, "grams": grams, "grams_by_code": weighed.grams})
        else:
            fitting += 1
    if not fitting or not misfits:
        return None
    return Signal("weight_misfit", "review", 0.5, misfits[0])


def shop_closed(facts: ReceiptFacts) -> Signal | None:
    """Raise when a store sold outside its listed hours or days, or a chain that closes at night at night."""
    reading = facts.reading
    store = facts.store
    if store is not None and store.name is not None and _is_closed(store, reading):
        at = reading.purchased_at or reading.purchased_on
        return Signal("shop_closed", "review", 0.8, {"purchased_at": str(at), "shop": store.name})
    if store is not None and store.opens_at is not None:
        return None
    if reading.purchased_at is None or reading.chain is None or reading.chain in ALWAYS_OPEN:
        return None
    if OPENS <= reading.purchased_at.time() <= CLOSES:
        return None
    return Signal("shop_closed", "review", 0.5, {"purchased_at": reading.purchased_at.isoformat()})


def _is_closed(store: StoreFacts, reading: Reading) -> bool:
    """Whether a receipt was printed before a store's first day, after its last, or well outside its hours."""
    day, at = reading.purchased_on, reading.purchased_at
    if day is not None and (
        (store.first_on and day < store.first_on) or (store.last_on and day > store.last_on)
    ):
        return True
    if at is None or store.opens_at is None or store.closes_at is None:
        return False
    opens, closes, sold = (
        timedelta(hours=hour.hour, minutes=hour.minute)
        for hour in (store.opens_at, store.closes_at, at.time())
    )
    day_long = timedelta(days=1)
    # From opening to closing, and a while on either side, on a clock that goes round.
    return (sold - opens + HOURS_GRACE) % day_long > (closes - opens) % day_long + 2 * HOURS_GRACE


def unknown_shop(facts: ReceiptFacts) -> Signal | None:
    """Raise when a chain whose every store is listed has none of that name and address."""
    store = facts.store
    if store is None or store.name is not None:
        return None
    evidence = {"store": facts.reading.store, "address": facts.reading.address}
    return Signal("unknown_shop", "review", 0.5, evidence)


def impossible_basket(facts: ReceiptFacts) -> Signal | None:
    """Raise when nobody carries so much home: pieces of one thing, lines, or money."""
    reading = facts.reading
    pieces = max((line.quantity for line in reading.lines), default=Decimal(0))
    total = reading.total_minor or 0
    if pieces <= PIECES_MAX and len(reading.lines) <= LINES_MAX and total <= TOTAL_MAX_MINOR:
        return None
    evidence = {"pieces": float(pieces), "lines": len(reading.lines), "total_minor": total}
    return Signal("impossible_basket", "review", 0.5, evidence)


def number_out_of_order(facts: ReceiptFacts) -> Signal | None:
    """Raise when a till's count runs against its clock: the number is another receipt's, or made up."""
    number, at = number_digits(facts.reading.receipt_no), facts.reading.purchased_at
    if facts.till is None or number is None or at is None:
        return None
    same_till = [
        other
        for other in facts.till.neighbours
        if len(other.number) == len(number)
        and other.number[:-COUNTER_DIGITS] == number[:-COUNTER_DIGITS]
        and abs(other.at - at) > CLOCKS_APART
    ]
    against = [other for other in same_till if (other.at < at) != (other.number < number)]
    if not against:
        return None
    evidence = {"receipt_no": number, "against": len(against), "compared": len(same_till)}
    return Signal("number_out_of_order", "review", round(len(against) / len(same_till), 3), evidence)


def price_unlike(facts: ReceiptFacts) -> Signal | None:
    """Raise when a surely read line costs far from what the chain charged others in the last week."""
    found = []
    for position, usual in facts.till.prices.items() if facts.till else ():
        line = facts.reading.lines[position]
        price = line.unit_price_minor
        if not price or usual.sales < SALES_MIN or line.confidence < LINE_SURE:
            continue
        times = max(price, usual.price_minor) / max(1, min(price, usual.price_minor))
        if times > PRICE_TIMES:
            found.append((times, position, price, usual.price_minor))
    if not found:
        return None
    times, position, price, usual_minor = max(found)
    evidence = {"line": position + 1, "price_minor": price, "usual_minor": usual_minor, "lines": len(found)}
    return Signal("price_unlike", "review", round(min(1.0, times / _TIMES_SURE), 3), evidence)


PAPER_MEASURES: tuple[Callable[[ReceiptFacts], Signal | None], ...] = (
    change_misfit,
    barcodes_misfit,
    weight_misfit,
    shop_closed,
    unknown_shop,
    impossible_basket,
    number_out_of_order,
    price_unlike,
)
