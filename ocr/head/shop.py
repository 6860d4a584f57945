"""The head of the paper: who sold, where, and under which tax code and till."""

# ruff: noqa: RUF001 - a tax code is parted by any dash

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from rapidfuzz import fuzz

from ocr.head.chains import is_address
from ocr.items.tagged import Tagged
from ocr.text.labels import find_words, heading_share, look_up
from ocr.text.letters import count_digits, count_letters, fold, squash, strip_marks
from ocr.text.locales import shop_pattern
from ocr.text.rows import Row

HEAD_ROWS = 10
NAME_LETTERS_MIN = 2
# No heading is this long: it must be the word itself.
LENGTH_ANY = 99
# What the tagger's word for a row weighs, against 0.35 for each row further down.
TAG_WEIGHT = 1.0
STORE_MIN = 0.5
NAME_SURE = 0.95
# A town and a province, at most.
TAIL_WORDS_MAX = 5
# So much of a name is known again beneath it; as alike it may be misread.
NAME_PART_MIN = 4
NAME_ALIKE_MIN = 75
COLUMN_SHARE_MIN = 0.4
# What an address leaves for its last line: a town, a province.
ADDRESS_WORDS_MAX = 3
# Of names without a company's form that were read surely, six of ten are right on scans and photographs.
NO_FORM_SHARE = 0.7
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
STATE = re.compile(r"\b[A-Z]{2} \d{5}\b")


@dataclass(frozen=True, slots=True)
class Head:
    """What the head says; None where it does not."""

    merchant: str | None
    store: str | None
    address: str | None
    tax_code: str | None
    till: str | None
    confidence: float


def read_head(rows: Sequence[Row], end: int, tagged: Tagged) -> Head:
    """Read the head, the rows before `end`; tax code and till may stand anywhere."""
    columns = max(
        (row.index for row in rows[:end] if heading_share(row.words()) >= COLUMN_SHARE_MIN), default=None
    )
    head = [
        row
        for row in rows[: max(4, min(end, HEAD_ROWS))]
        if columns is None
        or row.index < columns - 1
        or (row.index < columns and not heading_share(row.words()))
    ]
    places = [row for row in head if is_place(row)]
    names = [row for row in head if may_name(row) and not is_place(row)]
    first_place = places[0].index if places else len(rows)
    merchant = choose_merchant(names, [row.index for row in places], tagged)
    store = choose_store(names, merchant, first_place)
    name = None
    if merchant:
        own = own_name(merchant, street_of(rows, places, merchant), tagged)
        branch = names[names.index(merchant) + 1 :][:1]
        name = clean_name(whole_name(own, branch[0].words()) if branch else own)
    return Head(
        merchant=name,
        store=clean_name(store.text) if store else None,
        address=" ".join(row.text for row in adjoining(places)) or None,
        tax_code=find_tax_code(rows),
        till=find_value(rows, "till", re.compile(r"^[A-Z]{0,3}\d{1,4}$")),
        confidence=round(name_confidence(merchant), 3) if merchant else 0.0,
    )


def may_name(row: Row) -> bool:
    """Whether a head row may hold a name: letters, and no label, web address or number."""
    text = row.text
    if count_letters(text) < NAME_LETTERS_MIN or (
        row.kind in NO_NAME and not shop_pattern("legal").search(strip_marks(text))
    ):
        return False
    if all(_is_town(part) for part in text.split(",")):
        return False
    lowered = text.lower()
    if any(sign in lowered for sign in ("www", "http", ".com", "@", ".vn", "hotline")):
        return False
    if look_up(squash(text), ("columns",), length_min=LENGTH_ANY):
        return False
    if find_words(row.words(), ("phone", "tax_code", "date")) and not shop_pattern("legal").search(
        strip_marks(text)
    ):
        return False
    return count_digits(text) <= count_letters(text)


def is_place(row: Row) -> bool:
    """Whether a row is an address of any country."""
    text = strip_marks(row.text)
    if shop_pattern("sure").search(text.split(",")[0]):
        # A name may open with a number as a house does: 99 SPEEDMART S/B.
        return False
    if is_address(row) or (shop_pattern("address").match(text) and "." in text.split(" ")[0]):
        return True
    hits = len(shop_pattern("street").findall(text)) + len(STATE.findall(text)) + len(POSTCODE.findall(text))
    return (
        hits >= 1 and count_digits(text) > 0 and not shop_pattern("legal").search(text.split(",")[0])
    ) or hits > 1


def street_of(rows: Sequence[Row], places: Sequence[Row], merchant: Row) -> str:
    """The words of the address, folded, with the few on a row beneath that its last one goes on to."""
    found = []
    for row in places:
        below = rows[row.index + 1 : row.index + 2]
        ends = [other for other in below if other.label is None and len(other.tokens) <= TAIL_WORDS_MAX]
        found += [row, *(other for other in ends if other not in places)]
    return " ".join(row.folded for row in found if row is not merchant)


def own_name(row: Row, street: str, tagged: Tagged) -> str:
    """The seller's name without the branch behind it: what the tagger leaves out, or the address repeats."""
    words = row.words()
    if shop_pattern("company").search(strip_marks(row.text)):
        return row.text
    if tagged.learned:
        merchant = [tagged.role(row, place, "merchant") for place in range(len(words))]
        store = [tagged.role(row, place, "store") for place in range(len(words))]
        last = len(words)
        kinds = shop_pattern("legal")
        while (
            last > 1
            and store[last - 1] > max(STORE_MIN, merchant[last - 1])
            and not kinds.fullmatch(fold(words[last - 1]))
        ):
            last -= 1
        words = words[:last] if min(merchant[:last]) > STORE_MIN else words
    for count in range(len(words) - 1, 0, -1):
        # One word of a name may stand in a street's, too: Soi Bien, Dien Bien Phu.
        doubtful = count > 1 or not tagged.learned or merchant_at(row, len(words) - 1, tagged) < NAME_SURE
        if doubtful and f" {fold(' '.join(words[-count:]))} " in f" {street} ":
            return " ".join(words[:-count])
    return " ".join(words[: _town_at(words) or len(words)])


def _town_at(words: Sequence[str]) -> int:
    """Where the town begins that ends a row behind the seller's name; 0 where none does, or it is all."""
    return next((place for place in range(1, len(words)) if _is_town(" ".join(words[place:]))), 0)


def _is_town(text: str) -> bool:
    return shop_pattern("town").fullmatch(strip_marks(text).upper().strip(" ,.")) is not None


def whole_name(name: str, branch: Sequence[str]) -> str:
    """The name as the branch's row beneath begins, where the logo above was read in part: OMART, Hapromart 3.

    Args:
        name: as it was read above.
        branch: the words of the row beneath.
    """
    read = squash(name)
    if len(read) < NAME_PART_MIN:
        return name
    starts = [" ".join(branch[:count]) for count in range(1, len(branch) + 1)]
    alike = [fuzz.ratio(read, squash(start)) for start in starts]
    best = max(alike)
    start = starts[alike.index(best)]
    longer = len(squash(start)) > len(read)
    return start if longer and (best >= NAME_ALIKE_MIN or read in squash(start)) else name


def merchant_at(row: Row, place: int, tagged: Tagged) -> float:
    """How likely the row's word at `place` is of the seller's name."""
    return tagged.role(row, place, "merchant")


def choose_merchant(names: Sequence[Row], places: Sequence[int], tagged: Tagged) -> Row | None:
    """The row that names the seller: where the tagger sees it, with a legal form, above the address."""
    if not names:
        return None
    best: tuple[float, Row] | None = None
    for place, row in enumerate(names[:6]):
        text = strip_marks(row.text)
        own = bool(shop_pattern("legal").search(text) or shop_pattern("company").search(text))
        if row.index - 1 in places and len(text.split()) <= ADDRESS_WORDS_MAX and not own:
            # A few words right below the address go on with it.
            continue
        score = 2.0 - 0.35 * place + row.confidence + TAG_WEIGHT * merchant_share(row, tagged)
        score += 0.3 * min(1, len(shop_pattern("legal").findall(text)))
        score += 1.5 * bool(shop_pattern("company").search(text)) * (len(text.split()) > 2)  # noqa: PLR2004 - SDN BHD alone is half a name
        score -= 1.5 * bool(places and row.index > places[0])
        score -= 0.8 * (count_letters(text) < 5)  # noqa: PLR2004 - noise is short
        score -= 0.7 * bool(shop_pattern("office").search(text))
        if best is None or score > best[0]:
            best = (score, row)
    return best[1] if best else None


def merchant_share(row: Row, tagged: Tagged) -> float:
    """How far the tagger takes the row's words for the seller's name."""
    if not tagged.learned:
        return 0.0
    return sum(tagged.role(row, place, "merchant") for place in range(len(row.tokens))) / len(row.tokens)


def name_confidence(row: Row) -> float:
    """How sure the seller's name is: slogans and malls stand where names do, but bear no company's form."""
    text = strip_marks(row.text)
    return row.confidence * (
        1.0 if shop_pattern("legal").search(text) or shop_pattern("company").search(text) else NO_FORM_SHARE
    )


def choose_store(names: Sequence[Row], merchant: Row | None, first_place: int) -> Row | None:
    """The branch: the last name before the address that is no company's legal name."""
    if merchant is None:
        return None
    branches = [
        row
        for row in names
        if merchant.index < row.index <= first_place
        and not shop_pattern("office").search(strip_marks(row.text))
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
