"""The items of a paper: what was decoded, put together as drafts with names, codes and units."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise
from operator import itemgetter
from typing import Final

from rapidfuzz import fuzz

from ocr.items.decode import NAME_MIN, Decoded, Segment, Way
from ocr.items.draft import Draft
from ocr.items.figures import EXACT
from ocr.items.names import without_numbers
from ocr.items.segments import Held
from ocr.items.tagged import HEADING_MIN, Tagged, has_money
from ocr.items.wraps import Wraps
from ocr.text.barcodes import is_valid_code
from ocr.text.labels import heading_share
from ocr.text.letters import count_letters, fold
from ocr.text.locales import unit_words, weight_words
from ocr.text.rows import Row, barcode_in, is_rate

# A voided line repeats the name of what it voids, cut short or misread.
ALIKE_MIN: Final = 75.0
CODE_MIN, UNIT_MIN = 0.3, 0.4
# Roles that a word between two words of a name may have and be of the name all the same.
BETWEEN_NAMES: Final = frozenset({"none", "unit", "tax_mark", "label", "name"})
TIMES: Final = frozenset({"x", "X", "*", "\u00d7", "@"})
# Words of these roles name no goods, and of fewer letters nothing.
NAMELESS_ROLES: Final = frozenset({"label", "unit", "tax_mark"})
LETTERS_MIN: Final = 2
BULLETS: Final = frozenset({"*", "-", "+", ">", "\u2022", "\u00b7"})
LONE_MIN: Final = 0.9
# Where a till had no need to break a name, the tagger must be as sure as this that it did.
WRAP_SURE: Final = 0.98
# Columns stand at least this far apart, in characters; units have few letters.
COLUMN_GAP: Final = 1.8
FLAG_LETTERS_MAX: Final = 2
SEQUENCE: Final = re.compile(r"^[0O\u00d8\u00a9@]\d{1,2}$|^\d{1,2}[.)]$")
NUMBER_DIGITS_MAX: Final = 2
# A count, a price and an amount.
COUNTED_MIN: Final = 3
DISCOUNT_KINDS: Final = frozenset({"discount_line", "discount_total"})


def drafts_of(way: Way, decoded: Decoded, rows: Sequence[Row], tagged: Tagged) -> list[Draft]:
    """A way's items, discounts attached, voided ones taken out."""
    drafts: list[Draft] = []
    ends: set[int] = set()
    wraps = Wraps(rows, tagged)
    numbered = _numbers_lines([rows[segment.start] for segment in way.segments])
    for segment in way.segments:
        run = rows[segment.start : segment.end]
        draft = _draft(segment, run, tagged, wraps)
        if not numbered:
            _name_from_number(draft, run[0], tagged)
        draft.posterior = decoded.posteriors[segment.start, segment.end]
        if not draft.name and segment.start not in ends and segment.start:
            _name_above(draft, rows[segment.start - 1], tagged)
        ends.add(segment.end)
        if any(row.kind == "voided" and not row.figures for row in draft.rows):
            draft.amount = -abs(draft.amount)
        if draft.amount < 0 and _takes_off(draft, drafts):
            continue
        drafts.append(draft)
    named = [draft for draft in drafts if draft.names]
    for draft, name in zip(named, without_numbers([draft.names[0] for draft in named]), strict=True):
        draft.names[0] = name
    held = {row.index for draft in drafts for row in draft.rows}
    for row in rows:
        if row.kind == "voided" and row.index not in held and row.figures and row.figures[-1].values:
            _strike(row, drafts)
    return drafts


def _draft(segment: Segment, run: Sequence[Row], tagged: Tagged, wraps: Wraps) -> Draft:
    """One item from its rows."""
    meaning = segment.meaning
    used = {
        (one.row.index, place)
        for one in (*meaning.others, *meaning.discounts, *([meaning.figure] if meaning.figure else []))
        for place in range(one.figure.first, one.figure.last + 1)
    }
    naming = _going_on(_without_contents(run, tagged), tagged, wraps)
    parts = [(row, _name_words(row, used, tagged)) for row in naming]
    named = [(row, places) for row, places in parts if places]
    if not named:
        # An item has a name: where the tagger sees none, the first words that say nothing else.
        spelled = ((row, _spelled_words(row, used, tagged)) for row in (*naming, *run))
        named = [(row, places) for row, places in spelled if places][:1]
    return Draft(
        rows=list(run),
        names=[" ".join(row.tokens[place].text for place in places) for row, places in named],
        amount=meaning.amount,
        figures=[one.figure for one in _in_order(meaning.others)]
        + ([meaning.figure.figure] if meaning.figure else []),
        quantity=meaning.quantity,
        unit_price=meaning.unit_price,
        unit=_unit(run, tagged),
        discount=meaning.column + sum(abs(one.figure.values[0]) for one in meaning.discounts),
        barcode=_code(run, tagged),
        proof=meaning.proof,
        inferred={"amount"} if meaning.inferred else set(),
        column_discount=meaning.column,
        cuts=[one.figure for one in meaning.discounts],
        name_confidences=[_confidence(row, places) for row, places in named],
        name_likelihood=min(
            (tagged.role(row, place, "name") for row, places in named for place in places), default=0.0
        ),
    )


def _without_contents(run: Sequence[Row], tagged: Tagged) -> Sequence[Row]:
    """The rows of an item but the contents of a set, which a bullet or a count opens, without a price.

    A till may mark goods by a bullet too: a first row goes only where the one beneath opens with a count.
    """
    return [
        row
        for place, row in enumerate(run)
        if not _is_content(row, tagged)
        or (place == 0 and not (len(run) > 1 and _opens_with_count(run[1], tagged)))
    ]


def _is_content(row: Row, tagged: Tagged) -> bool:
    if has_money(row) or len(row.tokens) == 1:
        return False
    return row.tokens[0].text in BULLETS or _opens_with_count(row, tagged)


def _opens_with_count(row: Row, tagged: Tagged) -> bool:
    return row.tokens[0].text.isdigit() and tagged.best_role(row, 0) == "quantity"


def _going_on(run: Sequence[Row], tagged: Tagged, wraps: Wraps) -> list[Row]:
    """The rows whose words may be the item's name: not those that would have fitted behind the name above."""
    for place, (above, row) in enumerate(pairwise(run), 1):
        surely = min(tagged.role(row, word, "name") for word in range(len(row.tokens)))
        if wraps.would_fit(row, above) and surely < WRAP_SURE:
            # What stands beneath it goes on with a wish or a remark, too.
            return [*run[:place], *(other for other in run[place + 1 :] if other.figures)]
    return list(run)


def _numbers_lines(rows: Sequence[Row]) -> bool:
    """Whether numbers that open items go up by one, or by two where a row was not read."""
    opening = [int(row.tokens[0].text) for row in rows if _opens_with_number(row)]
    steps = [after - before for before, after in pairwise(opening)]
    return sum(step in {1, 2} for step in steps) * 2 >= len(opening)


def _opens_with_number(row: Row) -> bool:
    text = row.tokens[0].text
    return text.isdecimal() and len(text) <= NUMBER_DIGITS_MAX and len(row.tokens) > 1


def _name_from_number(draft: Draft, row: Row, tagged: Tagged) -> None:
    """Begin a name with the number before it, where the count is another figure: 7 UP, 3 MIEN."""
    counted = draft.proof == EXACT and draft.quantity is not None and len(draft.figures) >= COUNTED_MIN
    if not counted or not draft.names or not _opens_with_number(row):
        return
    number, first = row.tokens[0], row.tokens[1]
    close = first.box[0] - number.box[2] <= COLUMN_GAP * row.pitch
    if close and tagged.best_role(row, 0) == "none" and draft.names[0].startswith(first.text):
        draft.names[0] = f"{number.text} {draft.names[0]}"


def _name_above(draft: Draft, row: Row, tagged: Tagged) -> None:
    """Name an item by the row above it that no item holds, as where a first name was taken for the head."""
    places = _spelled_words(row, set(), tagged)
    heads = heading_share(row.words()) > HEADING_MIN
    if row.label is None and places and not heads and not any(figure.is_money for figure in row.figures):
        draft.rows.insert(0, row)
        draft.names.append(" ".join(row.tokens[place].text for place in places))
        draft.name_confidences.append(_confidence(row, places))


def _in_order(held: Sequence[Held]) -> list[Held]:
    return sorted(held, key=lambda one: (one.row.index, one.figure.first))


def _name_words(row: Row, used: set[tuple[int, int]], tagged: Tagged) -> list[int]:
    """The places of the row's words that are of the item's name."""
    if row.kind in DISCOUNT_KINDS:
        return []
    sure = [
        place
        for place in range(len(row.tokens))
        if (row.index, place) not in used and tagged.role(row, place, "name") > NAME_MIN
    ]
    while sure and (is_no_name(row.tokens[sure[0]].text) or _is_lone(row, sure, tagged)):
        sure = sure[1:]
    while sure and (is_no_name(row.tokens[sure[-1]].text) or (len(sure) > 1 and _is_column(row, sure[-1]))):
        sure = sure[:-1]
    if not sure or (row.figures and all(fold(row.tokens[place].text) in unit_words() for place in sure)):
        # A unit beside figures is no name: Goi 2 9.800.
        return []
    return [
        place
        for place in range(sure[0], sure[-1] + 1)
        if place in sure or ((row.index, place) not in used and tagged.best_role(row, place) in BETWEEN_NAMES)
    ]


def _spelled_words(row: Row, used: set[tuple[int, int]], tagged: Tagged) -> list[int]:
    """The places of the row's words that may name something: letters, and no label, unit or rate."""
    if row.kind in DISCOUNT_KINDS:
        return []
    return [
        place
        for place, token in enumerate(row.tokens)
        if (row.index, place) not in used
        and count_letters(token.text) >= LETTERS_MIN
        and not is_rate(token.text)
        and (tagged.best_role(row, place) not in NAMELESS_ROLES or _is_no_label(row, place, tagged))
    ]


def _is_no_label(row: Row, place: int, tagged: Tagged) -> bool:
    """Whether what the tagger takes for a label is none that is known, before the money of an item."""
    return row.label is None and has_money(row) and tagged.best_role(row, place) == "label"


def is_no_name(word: str) -> bool:
    """Whether a word at an end of a name is none of it: a tax rate, a sign of times, a line's number."""
    return is_rate(word) or word in TIMES or not fold(word) or bool(SEQUENCE.match(word))


def _is_lone(row: Row, sure: Sequence[int], tagged: Tagged) -> bool:
    """Whether the first word is a lone letter, unsure or apart from the rest of the name: a tax class."""
    apart = len(sure) > 1 and sure[1] > sure[0] + 1
    return len(row.tokens[sure[0]].text) == 1 and (apart or tagged.role(row, sure[0], "name") < LONE_MIN)


def _is_column(row: Row, place: int) -> bool:
    """Whether a unit, or a flag of tax, behind a name stands in a column of its own before figures."""
    word, before = row.tokens[place], row.tokens[place - 1]
    pitch = (before.box[2] - before.box[0]) / max(1, len(before.text))
    apart = word.box[0] - before.box[2] > COLUMN_GAP * pitch
    short = (len(word.text) <= FLAG_LETTERS_MAX and word.text.isalpha()) or fold(word.text) in unit_words()
    return apart and short and any(figure.first > place for figure in row.figures)


def _confidence(row: Row, places: Sequence[int]) -> float:
    """How surely words were read, by their lengths."""
    words = [row.tokens[place] for place in places]
    return sum(word.confidence * len(word.text) for word in words) / sum(len(word.text) for word in words)


def _code(run: Sequence[Row], tagged: Tagged) -> str | None:
    """The item's article code: the likeliest long run of digits, those with a right check digit first."""
    found = [
        (is_valid_code(code.zfill(14)) and len(code) > 8, tagged.role(row, place, "code"), code)  # noqa: PLR2004 - eight digits may be anything
        for row in run
        for place, token in enumerate(row.tokens)
        if (code := barcode_in(token)) and tagged.role(row, place, "code") > CODE_MIN
    ]
    return max(found)[2] if found else None


def _unit(run: Sequence[Row], tagged: Tagged) -> str | None:
    """The unit of sale: a word with that role, or what stands against a figure: 1.024KG."""
    for row in run:
        for place, token in enumerate(row.tokens):
            if tagged.role(row, place, "unit") > UNIT_MIN and count_letters(token.text):
                return fold(token.text.lstrip("0123456789.,"))
        for figure in row.figures:
            if figure.suffix in weight_words() and tagged.weights(row, figure)["quantity"] > 0:
                return figure.suffix
    return None


def _takes_off(draft: Draft, drafts: list[Draft]) -> bool:
    """Take a negative item for what it does to those above: it voids one, or is a discount of the last."""
    alike = [
        other
        for other in drafts
        if other.amount == -draft.amount
        and (not draft.name or fuzz.partial_ratio(fold(other.name), fold(draft.name)) >= ALIKE_MIN)
    ]
    if alike:
        drafts.remove(
            max(reversed(alike), key=lambda other: fuzz.partial_ratio(fold(other.name), fold(draft.name)))
        )
        return True
    if _is_listed_cut(draft, drafts):
        return True
    last = drafts[-1] if drafts else None
    if last is None or draft.quantity not in {None, 1} or -draft.amount > last.amount - last.discount:
        return False
    if any(row.kind in DISCOUNT_KINDS for row in draft.rows) or not draft.name:
        last.rows += draft.rows
        last.discount -= draft.amount
        last.cuts += draft.figures
        return True
    return False


def _is_listed_cut(draft: Draft, drafts: Sequence[Draft]) -> bool:
    """Give an item above the reduction that a list repeats its name for: SUA MILO LON -6.000.

    It stands below the items, so its row is none of theirs.
    """
    if draft.quantity not in {None, 1} or not draft.name:
        return False
    alike = [
        (fuzz.partial_ratio(fold(other.name), fold(draft.name)), other)
        for other in drafts
        if -draft.amount < other.amount - other.discount
    ]
    likeness, named = max(alike, key=itemgetter(0), default=(0.0, None))
    if named is None or likeness < ALIKE_MIN:
        return False
    named.discount -= draft.amount
    named.cuts += draft.figures
    return True


def _strike(row: Row, drafts: list[Draft]) -> None:
    """Take out the last item above a void of its amount."""
    amount = abs(row.figures[-1].values[0])
    above = [draft for draft in drafts if draft.amount == amount and draft.rows[-1].index < row.index]
    if above:
        drafts.remove(above[-1])
