"""The receipt's number: after its label, where the tagger sees it, alone on a line, or in a code.

It stays as printed. Shapes that a chain is known to print are evidence for one of several numbers and tell
which letters are digits misread; they never take a digit off a number or add one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import pairwise

from ocr.items.tagged import Tagged
from ocr.text.labels import find_words
from ocr.text.letters import count_digits, count_letters, digits_of, fold, strip_marks
from ocr.text.rows import Row, Token

VALUE = re.compile(r"^[A-Z]{0,6}[-/#]?[A-Z0-9]*\d[A-Z0-9]*(?:[-/.][A-Z0-9]+)*$")
DATE_LIKE = re.compile(
    r"^(?:[0-3]?\d[/.-][01]?\d[/.-](?:20)?\d\d|20\d\d[/.-][01]?\d[/.-][0-3]?\d)(?!\d)|^\d{1,2}:\d\d"
)
LONE = re.compile(r"^[\[(#*]?\s*(\d{3,}(?:-\d{2,}){2,})\s*[\])*]?$")
STRONG_LABELS = re.compile(r"NO|NR|HD|CT|PHIEU|DON|SO|RECEIPT|INV|BILL")
FIELDS = ("receipt_no", "receipt_no_weak", "cashier", "date", "till", "tax_code", "phone", "customer")
# Fields whose values are other numbers.
OTHER_FIELDS = frozenset({"cashier", "tax_code", "phone", "customer"})
SPACED_GROUPS_MIN = 3
LETTER_SHAPES = str.maketrans({"0": "O", "1": "I", "5": "S", "8": "B", "6": "G"})
DIGIT_SHAPES = str.maketrans("@\u00d8\u00a9OQDILSBGZ", "000000115862")
SWAPS_MAX = 2
# What is left of HD, SO or INV.
LABEL_LETTERS_MAX = 3
SHAPE_LENGTH_MIN = 12
# A long shape fits nothing by chance, so it says more than a label.
LONG_SHAPE = 4.0
SWAPPABLE_LENGTH_MIN = 5
# The tagger says that a word is the number: it need be no surer beside others, and it weighs as a label does.
TAG_MIN, TAG_WEIGHT = 0.35, 3.0


@dataclass(frozen=True, slots=True)
class Found:
    """A receipt number as printed, how likely it is the one, and how surely it was read."""

    value: str
    score: float
    confidence: float
    repaired: bool = False


def find_number(
    rows: Sequence[Row],
    tagged: Tagged,
    shapes: Sequence[str],
    codes: Sequence[str],
    printed_at: datetime | None = None,
) -> Found | None:
    """The receipt's number.

    Args:
        rows: all rows.
        tagged: what the tagger thinks of them.
        shapes: how this chain prints its numbers, `#` for a digit, ymd for the digits of the date and
            hn for hour and minute; empty for an unknown till.
        codes: payloads of barcodes and QR codes on the paper.
        printed_at: the printed moment, which numbers may repeat.

    Returns:
        The likeliest number, checked against the codes, or None.
    """
    candidates = [*labelled(rows, tagged), *tagged_words(rows, tagged), *lone(rows), *beside_date(rows)]
    fitted = [fit_any(found, shapes, printed_at) for found in candidates]
    fitted += [
        fill_moment(fit, shape, printed_at)
        for shape in shapes
        for row in rows
        for fit in fit_row(row, shape, tagged)
    ]
    if not fitted:
        return None
    return check_codes(max(fitted, key=lambda found: found.score), rows, codes)


def labelled(rows: Sequence[Row], tagged: Tagged) -> Iterator[Found]:
    """Values that follow a receipt number's label."""
    for row in rows:
        hits = find_words(row.words(), FIELDS)
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
            score += tag_weight(row, range(end, limit), tagged)
            yield Found(value, score - 0.01 * row.index, confidence)


def tag_weight(row: Row, places: Sequence[int], tagged: Tagged) -> float:
    """What the tagger adds for a value among these words."""
    chances = [tagged.role(row, place, "number") for place in places] if tagged.learned else []
    return TAG_WEIGHT * max(chances, default=0.0)


def tagged_words(rows: Sequence[Row], tagged: Tagged) -> Iterator[Found]:
    """Runs of words that the tagger takes for the number."""
    for row in rows if tagged.learned else ():
        chances = [tagged.role(row, place, "number") for place in range(len(row.tokens))]
        for start, end, kind in fields_of(row):
            if kind in OTHER_FIELDS:
                chances[start:end] = [0.0] * (end - start)
        place = 0
        while place < len(chances):
            end = place
            while end < len(chances) and chances[end] > TAG_MIN:
                end += 1
            value, confidence = value_of(row.tokens[place:end], spaced_min=2)
            if value is not None:
                yield Found(value, TAG_WEIGHT * max(chances[place:end]) - 0.01 * row.index, confidence)
            place = max(end, place + 1)


def fields_of(row: Row) -> Iterator[tuple[int, int, str]]:
    """The row's labelled fields: from a label to before the next one, and the label's kind."""
    hits = find_words(row.words(), FIELDS)
    for place, (start, _, kind) in enumerate(hits):
        yield start, hits[place + 1][0] if place + 1 < len(hits) else len(row.tokens), kind


def beside_date(rows: Sequence[Row]) -> Iterator[Found]:
    """A value behind a colon on the date's row, whose label was misread: Ngay: 12/03/2024 H: 00727181."""
    for row in rows:
        hits = find_words(row.words(), FIELDS)
        dated = [end for _, end, kind in hits if kind == "date"]
        known = {place for start, end, _ in hits for place in range(start, end)}
        for place, token in enumerate(row.tokens[:-1]):
            short = token.text.endswith(":") and 0 < count_letters(token.text) <= LABEL_LETTERS_MAX
            if not dated or place < dated[0] or place in known or not short:
                continue
            value, confidence = value_of(row.tokens[place + 1 : place + 2])
            if value is not None and count_digits(value) > 4:  # noqa: PLR2004 - shorter ones are counters
                yield Found(value, 0.8, confidence)


def value_of(tokens: Sequence[Token], *, spaced_min: int = SPACED_GROUPS_MIN) -> tuple[str | None, float]:
    """The first value among tokens; digit groups parted by spaces, `spaced_min` or more, are one value."""
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
    if len(groups) >= spaced_min:
        return " ".join(token.text for token in groups), min(token.confidence for token in groups)
    if DATE_LIKE.match(first) or not VALUE.match(first) or (count_digits(first) < 3 and len(words) > 1):  # noqa: PLR2004
        return None, 0.0
    return (first, words[0].confidence) if count_digits(first) >= 2 else (None, 0.0)  # noqa: PLR2004


def lone(rows: Sequence[Row]) -> Iterator[Found]:
    """Codes of several hyphened groups alone on a line, and what a number sign marks: #0014-5645."""
    for row in rows:
        for token in row.tokens:
            bare = token.text.strip(" []().,")
            if bare.startswith("#") and count_digits(bare) > 4 and VALUE.match(bare[1:]):  # noqa: PLR2004 - shorter ones are counters
                yield Found(bare[1:], 1.6, token.confidence)
        found = LONE.match(row.text)
        if found:
            yield Found(found[1], 1.5, row.confidence)


def fit_any(found: Found, shapes: Sequence[str], printed_at: datetime | None) -> Found:
    """The number, with its letters read as the digits of the first of the chain's shapes that it fits."""
    words = found.value.split(" ")
    # A speck beside the number is a word of its own, which is no part of it.
    runs = [words[start : len(words) - cut] for start in (0, 1) for cut in (0, 1)]
    for shape in shapes:
        for run in runs:
            fitted = fit_shape(replace(found, value=" ".join(run)), shape)
            if fitted is not None:
                return fill_moment(fitted, shape, printed_at)
    return found


def fit_shape(found: Found, shape: str) -> Found | None:
    """The number in the chain's shape, look-alikes put right, or None where it does not fit."""
    bare = re.sub(r"[^A-Z0-9@\u00d8\u00a9]", "", strip_marks(found.value))
    wanted = re.sub(r"[^A-Z0-9#]", "", re.sub(r"[a-z]", "#", shape))
    if len(bare) != len(wanted):
        return None
    chars = [fit_char(char, want) for char, want in zip(bare, wanted, strict=True)]
    if any(char is None for char in chars):
        return None
    filled = iter(char for char in chars if char is not None)
    value = "".join(next(filled) if mark == "#" or mark.isalnum() else mark for mark in shape)
    alike = re.sub(r"[A-Z0-9@\u00d8\u00a9]", "#", strip_marks(found.value)) == re.sub(r"[A-Za-z]", "#", shape)
    told = LONG_SHAPE if len(shape) >= SHAPE_LENGTH_MIN else 1.0
    score = found.score + told + (0.5 if alike else 0.0)
    return replace(found, value=value, score=score, repaired=re.sub(r"\W", "", value) != bare)


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


def fit_row(row: Row, shape: str, tagged: Tagged) -> Iterator[Found]:
    """Words of a row that have the chain's shape, which is long enough to say something."""
    if len(shape) < SHAPE_LENGTH_MIN or row.kind == "phone":
        return
    size = shape.count(" ") + 1
    # A hyphenated number broken at a hyphen is one word.
    spans = [(start, start + size, " ") for start in range(len(row.tokens) - size + 1)]
    spans += [
        (start, start + 2, "")
        for start, (left, right) in enumerate(pairwise(row.tokens))
        if "-" in {left.text[-1], right.text[0]}
    ]
    for start, end, glue in spans:
        run = row.tokens[start:end]
        # A misread label may be glued to it: $0:6405.
        text = glue.join(token.text for token in run).rpartition(":")[2]
        if DATE_LIKE.match(text) or count_digits(text) <= 4:  # noqa: PLR2004 - less is a counter's
            continue
        score = tag_weight(row, range(start, end), tagged)
        fitted = fit_shape(Found(text, score, min(token.confidence for token in run)), shape)
        if fitted is not None:
            yield fitted


def check_codes(found: Found, rows: Sequence[Row], codes: Sequence[str]) -> Found:
    """Confirm the number where a code, or another row of the paper, is the same; a decoded code corrects it.

    A code that only holds the number's digits says nothing: longer numbers hold shorter ones.
    """
    digits = digits_of(found.value)
    if len(digits) < SWAPPABLE_LENGTH_MIN:
        return found
    bodies = [body for code in codes for body in (digits_of(code), *re.split(r"\D+", code))]
    if digits in bodies:
        return replace(found, confidence=0.99)
    near = {body for body in bodies if 0 < differences(digits, body) <= SWAPS_MAX}
    if len(near) == 1:
        return replace(found, value=refill(found.value, near.pop()), confidence=0.97, repaired=True)
    printed = [digits_of(row.text) for row in rows if len(row.tokens) <= 4]  # noqa: PLR2004 - a label and its value
    if printed.count(digits) > 1:
        return replace(found, confidence=max(found.confidence, 0.97))
    for body in printed:
        agreed = agree_on_zeros(digits, body)
        if agreed is not None:
            return replace(found, value=refill(found.value, agreed), confidence=0.85, repaired=True)
    return found


def differences(digits: str, body: str) -> int:
    """In how many places two numbers of one length differ; more than any repair mends for other lengths."""
    if len(digits) != len(body):
        return SWAPS_MAX + 2
    return sum(a != b for a, b in zip(digits, body, strict=True))


def agree_on_zeros(digits: str, body: str) -> str | None:
    """The number where another print of it differs in zeros only: a zero is misread, never made."""
    if len(body) < SHAPE_LENGTH_MIN - 2 or not 0 < differences(digits, body) <= SWAPS_MAX + 1:
        return None
    pairs = list(zip(digits, body, strict=True))
    swaps = [pair for pair in pairs if pair[0] != pair[1]]
    if 2 * sum(a == b != "0" for a, b in pairs) < len(digits):
        # Padding agrees with anything.
        return None
    if all("0" in pair and set(pair) <= set("0689") for pair in swaps):
        return "".join("0" if a != b else a for a, b in pairs)
    return None


def refill(value: str, digits: str) -> str:
    """The printed form of a number with other digits in it."""
    source = iter(digits)
    return "".join(next(source) if char.isdigit() else char for char in value)
