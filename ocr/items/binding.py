"""Items: rows of names and rows of figures bound to each other, whichever comes first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal

from rapidfuzz import fuzz

from ocr.items.habits import take_zone_apart
from ocr.items.names import clean_name
from ocr.items.rows import ItemRow
from ocr.text.barcodes import clean_barcode, repair_barcode
from ocr.text.money import Figure, MoneyStyle
from ocr.text.rows import Row
from ocr.text.zones import Zones
from ocr.types import union

# Wrapped names read worse than this are dirt or another paper beside.
NAME_CONFIDENCE_MIN = 0.4
# Most tills print names first: the other order needs to explain more than one row better.
NAMES_LAST_MARGIN = 0.9
# Orders that explain the rows as well as each other but for one row.
CLOSE_CALL = 1.0
# Codes are misread, or taken for figures, now and then.
CODED_SHARE_MIN = 0.7


@dataclass(slots=True)
class Draft:
    """An item being put together; `lines.py` makes it a ReadingLine.

    `own_name` says that its figures' row names it, `shifted` that its name may be a neighbour's.
    `name_confidences` are those of the rows that its name was read from.
    """

    rows: list[Row]
    names: list[str]
    amount: int
    figures: list[Figure]
    quantity: Decimal | None = None
    unit_price: int | None = None
    unit: str | None = None
    discount: int = 0
    barcode: str | None = None
    proof: int = 0
    inferred: set[str] = field(default_factory=set)
    lead: Decimal | None = None
    column_discount: int = 0
    cuts: list[Figure] = field(default_factory=list)
    weight_code: str | None = None
    own_name: bool = False
    name_confidences: list[float] = field(default_factory=list)
    shifted: bool = False

    @property
    def name(self) -> str:
        """The printed name, its wrapped parts joined."""
        return clean_name(" ".join(part for part in self.names if part))


def read_items(rows: Sequence[Row], zones: Zones, style: MoneyStyle) -> list[Draft]:
    """The items of the zone, discounts attached, voided ones taken out."""
    return bind(take_zone_apart(rows, zones, style), heading=zones.columns)


def bind(parts: Sequence[ItemRow], *, heading: int | None) -> list[Draft]:
    """Bind names to figures in the direction that leaves the fewest of them alone.

    Args:
        parts: the rows of the item zone, taken apart.
        heading: the place of the column headings' last row, if they are printed.
    """
    headed = heading is not None
    names_first, alone_first = assemble(parts, names_first=True, headed=headed)
    if codes_open_items(parts):
        return close_voids(names_first)
    names_last, alone_last = assemble(parts, names_first=False, headed=headed)
    # Nameless figures right under the headings leave no row for a lost name above them.
    opens = (
        bool(parts) and parts[0].role == "amount" and not parts[0].name and parts[0].row.index - 1 == heading
    )
    margin = 0.0 if opens else NAMES_LAST_MARGIN
    last = alone_last + margin < alone_first or (opens and alone_last == alone_first)
    if alone_first and alone_last and abs(alone_first - alone_last) <= CLOSE_CALL:
        # Each order leaves a name or a figure alone, so that all the others may be a row off.
        for draft in (*names_first, *names_last):
            draft.shifted = not draft.own_name
    if starts_askew(parts):
        for draft in (*names_first, *names_last):
            draft.shifted = True
    return close_voids(names_last if last else names_first)


def starts_askew(parts: Sequence[ItemRow]) -> bool:
    """Whether figures without a name open the list and a name without figures ends it.

    On a leaning page names then stand a row below their figures.
    """
    held = [
        part for part in parts if part.role in {"amount", "name"} or (part.role == "remark" and part.named)
    ]
    named = any(part.role == "amount" and part.name for part in held)
    return named and held[0].role == "amount" and not held[0].name and held[-1].role != "amount"


def codes_open_items(parts: Sequence[ItemRow]) -> bool:
    """Whether article codes stand before names rather than beside figures: a code opens its item."""
    coded = [part.role for part in parts if part.barcode and part.role in {"name", "amount"}]
    return len(coded) > 2 and coded.count("name") > CODED_SHARE_MIN * len(coded)  # noqa: PLR2004 - a habit


def assemble(parts: Sequence[ItemRow], *, names_first: bool, headed: bool) -> tuple[list[Draft], float]:
    """Items with names taken from before or after nameless figures, and how many parts stay alone."""
    drafts: list[Draft] = []
    waiting: list[ItemRow] = []
    alone = 0.0
    parts = with_voids(parts)
    for place, part in enumerate(parts):
        if part.role == "amount" and names_first and is_bracketed_cut(part, drafts, waiting):
            drafts[-1].rows.append(part.row)
            drafts[-1].discount += part.meaning.amount if part.meaning else 0
            drafts[-1].cuts += part.figures[-1:]
        elif part.role == "amount":
            if not names_first or part.name:
                alone += give_to_last(drafts, waiting) if not (part.name and not drafts) else 0
                # Without headings, rows above the first item are the paper's head.
                waiting = waiting if part.name and not drafts and headed else []
            draft = start_draft(part, waiting)
            alone += not draft.name and names_first
            waiting = []
            drafts.append(draft)
        elif part.role in {"name", "code", "detail"}:
            follows = takes_from_before(parts, place, names_first=names_first)
            if follows and drafts and not waiting:
                add_part(drafts[-1], part)
            else:
                if begins_item(part, waiting, names_first=names_first):
                    # Without headings, rows above the first item are the paper's head.
                    alone += (
                        len([piece for piece in waiting if piece.role == "name"]) if drafts or headed else 0
                    )
                    waiting = []
                waiting.append(part)
        elif part.role == "remark" and drafts:
            drafts[-1].rows.append(part.row)
        elif part.role == "scode" and drafts:
            add_scode(drafts[-1], part)
        elif part.role in {"discount", "void"} and drafts:
            alone += give_to_last(drafts, waiting) if not names_first else 0
            waiting = waiting if names_first else []
            add_cut(drafts, part)
    alone += 0.5 * len([part for part in waiting if part.role == "name"])
    alone += 0 if names_first else sum(not draft.name for draft in drafts)
    return drafts, alone


def is_bracketed_cut(part: ItemRow, drafts: Sequence[Draft], waiting: Sequence[ItemRow]) -> bool:
    """Whether figures without a name, after a bracket, are a discount whose label and minus were misread."""
    if part.name or waiting or not drafts or part.meaning is None or part.row.text[0] not in "[({|":
        return False
    return 0 < part.meaning.amount < drafts[-1].amount - drafts[-1].discount


def takes_from_before(parts: Sequence[ItemRow], place: int, *, names_first: bool) -> bool:
    """Whether a name row belongs to the item before it: a wrapped name, or names printed last."""
    if not names_first or (parts[place].role == "detail" and not parts[place].name):
        return True
    for part in parts[place + 1 :]:
        if part.role == "amount":
            return bool(part.name)
        if part.role in {"discount", "void", "scode"}:
            return True
    return True


def begins_item(part: ItemRow, waiting: Sequence[ItemRow], *, names_first: bool) -> bool:
    """Whether a name opens an item of its own, so that names still waiting lost their figures."""
    if not waiting or part.role != "name" or not names_first:
        return False
    if part.starts or part.barcode:
        return any(piece.name for piece in waiting)
    last = waiting[-1]
    if last.role == "code":
        return any(piece.name for piece in waiting)
    return last.role == "name" and last.row.box[2] - last.row.box[0] < 0.55 * part.row.reach


def give_to_last(drafts: list[Draft], waiting: Sequence[ItemRow]) -> float:
    """Bind waiting names to the last item; returns how many found none."""
    if not drafts:
        return float(len([part for part in waiting if part.role == "name"]))
    for part in waiting:
        add_part(drafts[-1], part)
    return 0.0


def start_draft(part: ItemRow, waiting: Sequence[ItemRow]) -> Draft:
    """An item from its row of figures and the names that wait for it."""
    meaning = part.meaning
    if meaning is None:
        raise ValueError("an amount row has a meaning")
    inferred = set() if meaning.net is not None else {"amount"}
    draft = Draft(
        rows=[part.row], names=[part.name], amount=meaning.amount, figures=part.figures,
        quantity=meaning.quantity, unit_price=meaning.unit_price, unit=part.unit,
        discount=meaning.discount, barcode=part.barcode, proof=meaning.proof,
        lead=part.lead, column_discount=meaning.discount, inferred=inferred, own_name=bool(part.name),
        name_confidences=[name_confidence(part)] if part.name else [],
    )  # fmt: skip
    names = [piece for piece in waiting if piece.name or piece.barcode or piece.role == "detail"][-3:]
    for piece in reversed(names):
        add_part(draft, piece, before=True)
    return draft


def add_part(draft: Draft, part: ItemRow, *, before: bool = False) -> None:
    """Add a name, code or detail row to an item."""
    if part.role == "detail" and part.meaning is not None and draft.amount == part.meaning.amount:
        draft.quantity, draft.unit_price, draft.proof = (
            part.meaning.quantity,
            part.meaning.unit_price,
            part.meaning.proof,
        )
        draft.unit = part.unit or draft.unit
    draft.rows.append(part.row)
    draft.barcode = draft.barcode or part.barcode
    if part.name and (not draft.name or part.row.confidence >= NAME_CONFIDENCE_MIN):
        draft.names.insert(0 if before else len(draft.names), part.name)
        draft.name_confidences.append(name_confidence(part))


def name_confidence(part: ItemRow) -> float:
    """How surely the words of a row's name were read, by their lengths."""
    letters = sum(len(token.text) for token in part.named)
    return sum(token.confidence * len(token.text) for token in part.named) / letters if letters else 1.0


def add_scode(draft: Draft, part: ItemRow) -> None:
    """Keep a weight code for the check of the item's amount and weight."""
    draft.rows.append(part.row)
    draft.weight_code = part.barcode


def with_voids(parts: Sequence[ItemRow]) -> list[ItemRow]:
    """The rows, what follows a row that announces a void voiding."""
    kept: list[ItemRow] = []
    announced = False
    for part in parts:
        if part.role == "voiding":
            announced = True
            continue
        if announced and (part.cut or (part.meaning and part.meaning.amount < 0)):
            cut = part.cut or abs(part.meaning.amount if part.meaning else 0)
            kept.append(replace(part, role="void", cut=cut, meaning=None))
        else:
            kept.append(part)
        announced = False
    return kept


def add_cut(drafts: list[Draft], part: ItemRow) -> None:
    """Take a discount off the item above, or take the item that the row voids out."""
    if part.role == "void":
        alike = [draft for draft in drafts if draft.amount == part.cut and "void" not in draft.inferred]
        voided = max(alike, key=lambda draft: fuzz.partial_ratio(draft.name, part.name), default=drafts[-1])
        voided.rows.append(part.row)
        voided.inferred.add("void")
    else:
        draft = drafts[-1]
        draft.rows.append(part.row)
        draft.discount += part.cut
        draft.cuts += part.figures


def close_voids(drafts: list[Draft]) -> list[Draft]:
    """The items without voided ones."""
    return [draft for draft in drafts if "void" not in draft.inferred]


def box_of(draft: Draft) -> tuple[int, int, int, int]:
    """The smallest box around an item's rows on the page of its first one."""
    page = draft.rows[0].page
    return union([row.box for row in draft.rows if row.page == page])


def finish_barcode(draft: Draft) -> str | None:
    """The item's article code without padding, one misread digit mended."""
    if draft.barcode is None:
        return None
    code = clean_barcode(draft.barcode)
    mended = repair_barcode(code)
    if mended != code:
        draft.inferred.add("barcode")
    return mended


def without_sums(drafts: list[Draft], stated: set[int]) -> list[Draft]:
    """The items without sums at their end that were taken for items, since their labels were misread.

    Args:
        drafts: the items.
        stated: what the paper's sums say that the items come to.
    """
    if sum(draft.amount - draft.discount for draft in drafts) in stated:
        return drafts
    reached = 0
    for place, draft in enumerate(drafts):
        rest = drafts[place:]
        sums = {reached, 0} | stated
        if place and reached in stated and all(item.amount in sums and not item.barcode for item in rest):
            return drafts[:place]
        reached += draft.amount - draft.discount
    return drafts
