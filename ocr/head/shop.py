"""The head of the paper: who sold, where, and under which tax code and till."""

# ruff: noqa: RUF001 - a tax code is parted by any dash

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from ocr.head.chains import is_address
from ocr.text.labels import find_words
from ocr.text.letters import count_digits, count_letters, fold, strip_marks
from ocr.text.rows import Row
from ocr.text.zones import column_share

HEAD_ROWS = 10
# What an address leaves for its last line: a town, a province.
ADDRESS_WORDS_MAX = 3
# Of names without a company's form that were read surely, six of ten are right on scans and photographs.
NO_FORM_SHARE = 0.7
LEGAL = re.compile(
    r"\b(?:SDN|BHD|ENTERPRISE|TRADING|RESTAURANT|RESTORAN|CAFE|MART|SUPERMARKET|CTY|CONG TY|TNHH|COMPANY|CO|"
    r"LTD|LLC|INC|"
    r"GMBH|KG|HARDWARE|BAKERY|BAKERIES|STATIONERY|PHARMACY|STORES?|CENTRE|CENTER|SHOP|KITCHEN|GRILL|BAR|BISTRO|DELI|PIZZA|"
    r"BUFFET|DINER|SUSHI|HOTEL|PLT|GROUP|INDUSTRIES|CORPORATION|HOLDINGS|SYARIKAT|KEDAI|"
    r"PERNIAGAAN|SIEU THI|CUA HANG)\b"
)  # fmt: skip
COMPANY = re.compile(r"\b(?:SDN|BHD|LLC|INC|GMBH|TNHH|LTD|S/B|SB|ENTERPRISE|TRADING)\b")
MALAYSIAN = re.compile(r"\b(?:SDN|BHD|S/B)\b")
REGISTRATION = re.compile(
    r"\s*[(\[{]?(?:CO\.?\s*(?:REG|RFG|NO).*|\(?\d{3,}[\d ]*-?\s?[A-Z]?)[)\]}]?\s*$", re.IGNORECASE
)
NO_NAME = frozenset(
    {
        *("title", "date", "receipt_no", "cashier", "tax_code", "phone", "till", "customer", "footer", "tax"),
        *("discount_line", "discount_total"),
    }
)
TAX_CODE = re.compile(r"(\d[\d ]{8,15}\d)(?:\s?[-?–]\s?(\d{3}))?")
POSTCODE = re.compile(r"\b\d{5}\b")
STREET = re.compile(
    r"\b(?:JALAN|JLN|LOT|TAMAN|LORONG|PERSIARAN|ST|STREET|AVE|AVENUE|BLVD|RD|ROAD|SUITE|HWY|DR|LANE|\w*STRASSE|\w+STR|\w+ALLEE|\w+PLATZ|\w+GASSE|FLOOR|KAWASAN|BATU|"
    r"BANDAR|LEBUH|PLAZA|SEKSYEN|PUSAT|[A-Z]{2} \d{5})\b"
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Head:
    """What the head says; None where it does not."""

    merchant: str | None
    store: str | None
    address: str | None
    tax_code: str | None
    till: str | None
    confidence: float


def read_head(rows: Sequence[Row], end: int, columns: int | None = None) -> Head:
    """Read the head, the rows before `end`; tax code and till may stand anywhere.

    `columns` is the place of the column headings' last row, which name no shop.
    """
    head = [
        row
        for row in rows[: max(4, min(end, HEAD_ROWS))]
        if columns is None or row.index < columns - 1 or (row.index < columns and not column_share(row))
    ]
    places = [row for row in head if is_place(row)]
    names = [row for row in head if may_name(row) and not is_place(row)]
    first_place = places[0].index if places else len(rows)
    merchant = choose_merchant(names, [row.index for row in places])
    store = choose_store(names, merchant, first_place)
    return Head(
        merchant=clean_name(merchant.text) if merchant else None,
        store=clean_name(store.text) if store else None,
        address=" ".join(row.text for row in adjoining(places)) or None,
        tax_code=find_tax_code(rows),
        till=find_value(rows, "till", re.compile(r"^[A-Z]{0,3}\d{1,4}$")),
        confidence=round(name_confidence(merchant), 3) if merchant else 0.0,
    )


def may_name(row: Row) -> bool:
    """Whether a head row may hold a name: letters, and no label, web address or number."""
    text = row.text
    if count_letters(text) < 2 or (row.kind in NO_NAME and not LEGAL.search(strip_marks(text))):  # noqa: PLR2004
        return False
    lowered = text.lower()
    if any(sign in lowered for sign in ("www", "http", ".com", "@", ".vn", "hotline")):
        return False
    if find_words(row.words(), ("phone", "tax_code", "date")) and not LEGAL.search(strip_marks(text)):
        return False
    return count_digits(text) <= count_letters(text)


def is_place(row: Row) -> bool:
    """Whether a row is an address of any country."""
    text = strip_marks(row.text)
    if MALAYSIAN.search(text.split(",")[0]):
        # A name may open with a number as a house does: 99 SPEEDMART S/B.
        return False
    if is_address(row):
        return True
    hits = len(STREET.findall(text)) + len(POSTCODE.findall(text))
    return (hits >= 1 and count_digits(text) > 0 and not LEGAL.search(text.split(",")[0])) or hits > 1


def choose_merchant(names: Sequence[Row], places: Sequence[int]) -> Row | None:
    """The row that names the seller: one with a legal form before the address, else the first."""
    if not names:
        return None
    best: tuple[float, Row] | None = None
    for place, row in enumerate(names[:6]):
        text = strip_marks(row.text)
        own = bool(LEGAL.search(text) or COMPANY.search(text))
        if row.index - 1 in places and len(text.split()) <= ADDRESS_WORDS_MAX and not own:
            # A few words right below the address go on with it.
            continue
        score = 2.0 - 0.35 * place + row.confidence
        score += 0.3 * min(1, len(LEGAL.findall(text)))
        score += 1.5 * bool(COMPANY.search(text)) * (len(text.split()) > 2)  # noqa: PLR2004 - SDN BHD alone is half a name
        score -= 1.5 * bool(places and row.index > places[0])
        score -= 0.8 * (count_letters(text) < 5)  # noqa: PLR2004 - noise is short
        score -= 0.7 * bool(re.search(r"\bCTY\b|CONG TY", text))
        if best is None or score > best[0]:
            best = (score, row)
    return best[1] if best else None


def name_confidence(row: Row) -> float:
    """How sure the seller's name is: slogans and malls stand where names do, but bear no company's form."""
    text = strip_marks(row.text)
    return row.confidence * (1.0 if LEGAL.search(text) or COMPANY.search(text) else NO_FORM_SHARE)


def choose_store(names: Sequence[Row], merchant: Row | None, first_place: int) -> Row | None:
    """The branch: the last name before the address that is no company's legal name."""
    if merchant is None:
        return None
    branches = [
        row
        for row in names
        if merchant.index < row.index <= first_place
        and not re.search(r"\bCTY\b|CONG TY", strip_marks(row.text))
    ]
    return branches[-1] if branches else merchant


def clean_name(text: str) -> str:
    """A name without registration numbers and stray marks at its ends."""
    bare = REGISTRATION.sub("", text).strip(" .,:;'\"|-_*=~()[]{}")
    return bare or text


def adjoining(places: Sequence[Row]) -> list[Row]:
    """The first address rows that follow one another."""
    kept: list[Row] = []
    for row in places:
        if kept and row.index - kept[-1].index > 1:
            break
        kept.append(row)
    return kept[:5]


def find_tax_code(rows: Sequence[Row]) -> str | None:
    """The tax code after its label, branch included, spaces dropped."""
    for row in rows:
        for _, end, _kind in find_words(row.words(), ("tax_code",)):
            text = " ".join(token.text for token in row.tokens[end:])
            found = TAX_CODE.search(text)
            if found:
                code = found[1].replace(" ", "")
                return f"{code}-{found[2]}" if found[2] else code
    return None


def find_value(rows: Sequence[Row], kind: str, form: re.Pattern[str]) -> str | None:
    """The first value of a labelled field that has the form looked for."""
    for row in rows:
        for _, end, _kind in find_words(row.words(), (kind,)):
            for token in row.tokens[end : end + 1]:
                value = token.text.strip(" :#.,|")
                if form.match(fold(value)):
                    return value
    return None
