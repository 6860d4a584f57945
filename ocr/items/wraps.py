"""Rows without figures beside items that stand on one line: a wrapped name, or a remark.

Tills wrap a name only where its next word does not fit. So a row whose first word would have fitted
behind the words above it is no part of their name: it is a remark (no onions, extra tea cup, dine in),
a set's contents, or a heading.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from ocr.items.rows import ItemRow
from ocr.text.labels import phrases_of
from ocr.text.letters import fold
from ocr.text.rows import Token, is_unit

# Names have at least this share of the paper's width, however short those are that it shows.
ROOM_SHARE_MIN: Final = 0.4
# A row further right than the name's first letter is indented, in characters; wrapped names seldom are.
INDENT_MIN: Final = 1.6
# How many characters must be left behind the word that would have fitted. Words that were not read leave
# room too: where a till is seen to wrap, a row right under its name's first letter needs much of it.
ROOM_LEFT: Final = 1.0
ROOM_LEFT_ALIGNED: Final = 9.0
COUNT = re.compile(r"[(\[]?\d{1,2}[xX]?[)\]]?")
BULLETS: Final = frozenset("*+>\u2022")


@dataclass(frozen=True, slots=True)
class Room:
    """How far right names reach, and whether the till is seen to wrap them."""

    edge: float
    wraps: bool = False


def settle_wraps(parts: Sequence[ItemRow], *, headed: bool) -> None:
    """Say of each row without figures between one-line items whose name it goes on with, if any.

    Args:
        parts: the rows of the item zone.
        headed: whether column headings stand before the first item, so that no row above is the paper's head.
    """
    named = [part for part in parts if part.role == "amount" and part.name and part.named]
    if not named:
        return
    kinds = [
        is_kind
        for is_kind, common in ((has_bullet, False), (has_count, True))
        if (sum(map(is_kind, named)) * 2 > len(named)) is common
    ]
    chains = list(chains_between(parts, headed=headed))
    for before, chain, _ in chains:
        remarked = False
        if before is None:
            continue
        for part in chain:
            # Bullets open remarks where none opens the items; counts a set's contents where one does. What
            # follows a remark goes on with it, not with the name.
            remarked = remarked or any(is_kind(part) for is_kind in kinds) or is_remark(before, part)
            part.role = "remark" if remarked else part.role
    left = min(part.named[0].box[0] for part in named)
    edge = max(part.named[-1].box[2] for part in named)
    room = Room(max(edge, left + ROOM_SHARE_MIN * named[0].row.reach))
    evident = any(
        wraps(before, chain[0], room) and not is_indented(before, chain[0])
        for before, chain, _ in chains
        if before is not None and chain[0].role == "name"
    )
    for before, chain, after in chains:
        settle_chain(before, [part for part in chain if part.role == "name"], after, Room(room.edge, evident))


def chains_between(
    parts: Sequence[ItemRow], *, headed: bool
) -> Iterator[tuple[ItemRow | None, list[ItemRow], ItemRow | None]]:
    """The runs of rows without figures, with the one-line items that they stand between."""
    before: ItemRow | None = None
    chain: list[ItemRow] = []
    nameless = False
    for part in parts:
        if part.role == "name" and part.named:
            chain.append(part)
            continue
        after = part if part.role == "amount" else None
        if part.role in {"remark", "detail"} and not chain:
            continue
        # Beside nameless figures stands their own name, of which the other rows may be parts.
        nameless = nameless or (after is not None and not after.name)
        if chain and (headed or before) and not nameless and not any(r.barcode or r.starts for r in chain):
            yield before, chain, after
        chain = []
        nameless = after is not None and not after.name
        before = after if after is not None and after.name and after.named else None
    if chain and before is not None:
        yield before, chain, None


def settle_chain(before: ItemRow | None, chain: Sequence[ItemRow], after: ItemRow | None, room: Room) -> None:
    """Give the rows between two one-line items to the one above, the one below, or none."""
    rest = list(chain)
    above = before
    while above is not None and rest and wraps(above, rest[0], room):
        above = rest.pop(0)
    below = after
    while after is not None and below is not None and rest and wraps(rest[-1], below, Room(room.edge)):
        below = rest.pop()
        after.name = f"{below.name} {after.name}"
        below.role = "remark"
    for part in rest if before is not None or after is not None else ():
        part.role = "remark"


def wraps(first: ItemRow, second: ItemRow, room: Room) -> bool:
    """Whether the second row's first word did not fit behind the first row's words."""
    if not first.named or not second.named:
        return False
    word = second.named[0]
    pitch = pitch_of(word)
    spare = ROOM_LEFT_ALIGNED if room.wraps and not is_indented(first, second) else ROOM_LEFT
    return first.named[-1].box[2] + pitch + (word.box[2] - word.box[0]) + spare * pitch > room.edge


def is_indented(first: ItemRow, second: ItemRow) -> bool:
    """Whether the second row begins further right than the first row's name."""
    start = next((token for token in first.named if not COUNT.fullmatch(token.text)), first.named[0])
    word = second.named[0]
    return word.box[0] - start.box[0] > INDENT_MIN * pitch_of(word)


def is_remark(before: ItemRow, part: ItemRow) -> bool:
    """Whether a word that opens remarks stands indented under an item: no onions, add bacon."""
    return fold(part.named[0].text) in phrases_of(("remark",)) and is_indented(before, part)


def pitch_of(word: Token) -> float:
    """Width of one character of a word in pixels."""
    return (word.box[2] - word.box[0]) / max(1, len(word.text))


def has_bullet(part: ItemRow) -> bool:
    """Whether a mark opens the row."""
    return part.row.tokens[0].text[0] in BULLETS


def has_count(part: ItemRow) -> bool:
    """Whether a count opens the row: 2 Tiger Bucket; not 10 cuon, which goes on with a name."""
    tokens = part.row.tokens
    return len(tokens) > 1 and bool(COUNT.fullmatch(tokens[0].text)) and not is_unit(tokens[1].text)
