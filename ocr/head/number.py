"""The receipt's number: after its label, alone on a line, or inside a barcode on the paper."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import pairwise

from ocr.text.labels import find_words
from ocr.text.letters import count_digits, count_letters, digits_of, fold, strip_marks
from ocr.text.rows import Row, Token

VALUE = re.compile(r"^[A-Z]{0,6}[-/#]?[A-Z0-9]*\d[A-Z0-9]*(?:[-/.][A-Z0-9]+)*$")
DATE_LIKE = re.compile(r"^\d{1,4}[/.-]\d{1,2}[/.-]\d{2,4}|^\d{1,2}:\d\d")
LONE = re.compile(r"^[\[(#*]?\s*(\d{3,}(?:-\d{2,}){2,})\s*[\])*]?$")
STRONG_LABELS = re.compile(r"NO|NR|HD|CT|PHIEU|DON|SO|RECEIPT|INV|BILL")
SPACED_GROUPS_MIN = 3
LETTER_SHAPES = str.maketrans({"0": "O", "1": "I", "5": "S", "8": "B", "6": "G"})
DIGIT_SHAPES = str.maketrans(
    {
        "@": "0",
        "Ø": "0",
        "©": "0",
        "O": "0",
        "Q": "0",
        "D": "0",
        "I": "1",
        "L": "1",
        "S": "5",
        "B": "8",
        "G": "6",
        "Z": "2",
    }
)
SWAPS_MAX = 2
# What is left of HD, SO or INV.
LABEL_LETTERS_MAX = 3
SHAPE_LENGTH_MIN = 12
SWAPPABLE_LENGTH_MIN = 5


@dataclass(frozen=True, slots=True)
class Found:
    """A receipt number as printed, how likely it is the one, and how surely it was read."""

    value: str
    score: float
    confidence: float
    repaired: bool = False


def find_number(
    rows: Sequence[Row], shapes: Sequence[str], codes: Sequence[str], printed_at: datetime | None = None
) -> Found | None:
    """The receipt's number.

    Args:
        rows: all rows.
        shapes: how this chain prints its numbers, `#` for a digit, ymd for the digits of the date and
            hn for hour and minute; empty for an unknown till.
        codes: payloads of barcodes and QR codes on the paper.
        printed_at: the printed moment, which numbers may repeat.

    Returns:
        The likeliest number, checked against the codes, or None.
    """
    candidates = [*labelled(rows), *lone(rows), *beside_date(rows)]
    for shape in shapes:
        fitting = [fit for found in candidates if (fit := fit_shape(found, shape))]
        fitting += [fit for row in rows for fit in fit_row(row, shape)]
        if fitting:
            best = max(fitting, key=lambda found: found.score)
            return check_codes(fill_moment(best, shape, printed_at), rows, codes)
    if not candidates:
        return None
    return check_codes(max(candidates, key=lambda found: found.score), rows, codes)


def labelled(rows: Sequence[Row]) -> Iterator[Found]:
    """Values that follow a receipt number's label."""
    for row in rows:
        hits = find_words(
            row.words(), ("receipt_no", "receipt_no_weak", "cashier", "date", "till", "tax_code", "phone")
        )
        for place, (start, end, kind) in enumerate(hits):
            if kind not in {"receipt_no", "receipt_no_weak", "till"}:
                continue
            limit = hits[place + 1][0] if place + 1 < len(hits) else len(row.tokens)
            value, confidence = value_of(row.tokens[end:limit])
            label = fold(" ".join(row.words()[start:end]))
            if value is None or (kind == "till" and not ("POS" in label and "-" in value)):
                continue
            score = 3.0 if kind != "receipt_no_weak" else 1.0
            score += 0.5 * bool(STRONG_LABELS.search(label)) + 0.3 * (len(digits_of(value)) >= 4)  # noqa: PLR2004
            score -= 0.6 * (len(label) <= 2 and row.tokens[end - 1].text[-1:] != ":")  # noqa: PLR2004
            yield Found(value, score - 0.01 * row.index, confidence)


def beside_date(rows: Sequence[Row]) -> Iterator[Found]:
    """A value behind a colon on the date's row, whose label was misread: Ngay: 12/03/2024 H: 00727181."""
    kinds = ("date", "cashier", "till", "tax_code", "phone", "receipt_no", "receipt_no_weak", "customer")
    for row in rows:
        hits = find_words(row.words(), kinds)
        dated = [end for _, end, kind in hits if kind == "date"]
        known = {place for start, end, _ in hits for place in range(start, end)}
        for place, token in enumerate(row.tokens[:-1]):
            short = token.text.endswith(":") and 0 < count_letters(token.text) <= LABEL_LETTERS_MAX
            if not dated or place < dated[0] or place in known or not short:
                continue
            value, confidence = value_of(row.tokens[place + 1 : place + 2])
            if value is not None and count_digits(value) > 4:  # noqa: PLR2004 - shorter ones are counters
                yield Found(value, 0.8, confidence)


def value_of(tokens: Sequence[Token]) -> tuple[str | None, float]:
    """The first value among tokens; digit groups parted by spaces are one value."""
    words = [token for token in tokens if token.text.strip(" :#.,|*-")]
    if not words:
        return None, 0.0
    first = strip_marks(words[0].text).strip(" :#.,|*'\"()[]")
    groups = [words[0]]
    if first.isdigit():
        for token in words[1:]:
            if not token.text.isdigit():
                break
            groups.append(token)
    if first.endswith("-") and len(words) > 1 and words[1].text[:1].isdigit():
        # A hyphenated number broken behind its hyphen.
        return first + words[1].text.strip(".,"), min(words[0].confidence, words[1].confidence)
    if len(groups) >= SPACED_GROUPS_MIN:
        return " ".join(token.text for token in groups), min(token.confidence for token in groups)
    if DATE_LIKE.match(first) or not VALUE.match(first) or (count_digits(first) < 3 and len(words) > 1):  # noqa: PLR2004
        return None, 0.0
    return (first, words[0].confidence) if count_digits(first) >= 2 else (None, 0.0)  # noqa: PLR2004


def lone(rows: Sequence[Row]) -> Iterator[Found]:
    """Codes of several hyphened groups that stand alone on a line."""
    for row in rows:
        found = LONE.match(row.text)
        if found:
            yield Found(found[1], 1.5, row.confidence)


def fit_shape(found: Found, shape: str) -> Found | None:
    """The number in the chain's shape, look-alikes put right, or None where it does not fit."""
    bare = re.sub(r"[^A-Z0-9@Ø©]", "", strip_marks(filled_up(found.value, shape)))
    wanted = re.sub(r"[^A-Z0-9#]", "", re.sub(r"[a-z]", "#", shape))
    # One character too many is one of the first seen twice.
    spare = [bare[:k] + bare[k + 1 :] for k in range(3)] if len(bare) == len(wanted) + 1 else [bare]
    for text in spare:
        if len(text) != len(wanted):
            continue
        chars = [fit_char(char, want) for char, want in zip(text, wanted, strict=True)]
        if any(char is None for char in chars):
            continue
        filled = iter(char for char in chars if char is not None)
        value = "".join(next(filled) if mark == "#" or mark.isalnum() else mark for mark in shape)
        alike = re.sub(r"[A-Z0-9@Ø©]", "#", strip_marks(found.value)) == re.sub(r"[A-Za-z]", "#", shape)
        score = found.score + (0.5 if alike else 0.0)
        return replace(found, value=value, score=score, repaired=re.sub(r"\W", "", value) != bare)
    return None


def filled_up(value: str, shape: str) -> str:
    """The value with the zero that one of its spaced groups lost at its front: 373 3 for 373 03."""
    groups, wanted = value.split(), shape.split()
    if len(groups) != len(wanted):
        return value
    short = [
        place
        for place, (group, want) in enumerate(zip(groups, wanted, strict=True))
        if len(group) == len(want) - 1
    ]
    if len(short) == 1 and groups[short[0]].isdigit():
        groups[short[0]] = "0" + groups[short[0]]
    return " ".join(groups)


def fit_char(char: str, want: str) -> str | None:
    """The character that the shape wants at its place, where `char` looks like one."""
    if want == "#":
        digit = char.translate(DIGIT_SHAPES)
        return digit if digit.isdigit() else None
    alike = {want, want.translate(DIGIT_SHAPES), "U" if want == "V" else want}
    return want if char in alike or char.translate(LETTER_SHAPES) == want else None


def fill_moment(found: Found, shape: str, printed_at: datetime | None) -> Found:
    """The number with the digits that repeat the printed moment taken from there, where most agree."""
    if printed_at is None or not re.search(r"[a-z]", shape):
        return found
    sources = {
        "y": iter(f"{printed_at:%Y}"), "m": iter(f"{printed_at:%m}"), "d": iter(f"{printed_at:%d}"),
        "h": iter(f"{printed_at:%H}"), "n": iter(f"{printed_at:%M}"),
    }  # fmt: skip
    value = "".join(
        next(sources[mark]) if mark in sources else char
        for mark, char in zip(shape, found.value, strict=True)
    )
    swaps = sum(a != b for a, b in zip(value, found.value, strict=True))
    return replace(found, value=value, repaired=True) if 0 < swaps <= SWAPS_MAX + 1 else found


def fit_row(row: Row, shape: str) -> Iterator[Found]:
    """Words of a row, or the row whole, that have the chain's shape; short shapes fit anything."""
    if len(shape) < SHAPE_LENGTH_MIN or row.kind == "phone":
        return
    parts = [
        (token.text, token.confidence)
        for token in row.tokens
        if count_digits(token.text) > 4 and not DATE_LIKE.match(token.text)  # noqa: PLR2004
    ]
    # A hyphenated number broken at a hyphen is one word.
    parts += [
        (left.text + right.text, min(left.confidence, right.confidence))
        for left, right in pairwise(row.tokens)
        if "-" in {left.text[-1], right.text[0]} and not DATE_LIKE.match(left.text)
    ]
    if len(row.tokens) <= shape.count(" ") + 2:
        parts.append((row.text, row.confidence))
    words = row.words()
    size = shape.count(" ") + 1
    if size > 1:
        parts += [(" ".join(words[k : k + size]), row.confidence) for k in range(len(words) - size + 1)]
    for text, confidence in parts:
        fitted = fit_shape(Found(text, 1.0, confidence), shape)
        if fitted is not None:
            yield fitted


def check_codes(found: Found, rows: Sequence[Row], codes: Sequence[str]) -> Found:
    """Confirm the number by codes and lone digit rows that hold it; a decoded barcode corrects it."""
    digits = digits_of(found.value)
    if len(digits) < SWAPPABLE_LENGTH_MIN:
        return found
    for code in codes:
        body = digits_of(code)
        if digits in body:
            return replace(found, confidence=0.99)
        near = nearest(digits, body)
        if near:
            return replace(found, value=refill(found.value, near), confidence=0.97, repaired=True)
    printed = [digits_of(row.text) for row in rows if len(row.tokens) <= 4 and digits_of(found.value) != ""]  # noqa: PLR2004
    if sum(digits in body for body in printed) > 1:
        return replace(found, confidence=max(found.confidence, 0.97))
    for body in printed:
        agreed = agree_on_zeros(digits, body)
        if agreed and agreed != digits:
            return replace(found, value=refill(found.value, agreed), confidence=0.85, repaired=True)
    return found


def agree_on_zeros(digits: str, body: str) -> str | None:
    """The number where another print of it differs in zeros only: a zero is misread, never made."""
    if len(body) < max(len(digits), SHAPE_LENGTH_MIN - 2):
        return None
    for k in range(len(body) - len(digits) + 1):
        pairs = list(zip(digits, body[k : k + len(digits)], strict=True))
        swaps = [pair for pair in pairs if pair[0] != pair[1]]
        known = sum(a == b != "0" for a, b in pairs)
        if 2 * known < len(digits):
            # Padding agrees with anything.
            continue
        if len(swaps) <= SWAPS_MAX + 1 and all("0" in pair and set(pair) <= set("0689") for pair in swaps):
            return "".join("0" if a != b else a for a, b in pairs)
    return None


def nearest(digits: str, body: str) -> str | None:
    """The part of `body` that differs from `digits` in one or two places, where there is just one."""
    windows = {body[k : k + len(digits)] for k in range(len(body) - len(digits) + 1)}
    near = [
        window for window in windows if sum(a != b for a, b in zip(window, digits, strict=True)) <= SWAPS_MAX
    ]
    return near[0] if len(near) == 1 else None


def refill(value: str, digits: str) -> str:
    """The printed form of a number with other digits in it."""
    source = iter(digits)
    return "".join(next(source) if char.isdigit() else char for char in value)
