"""What reading does to a paper: letters misread, words joined, parted and lost, rows out of order."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final

from samples.names import bare
from training.layout.typeset import Printed, PrintedLine

_ALIKE: Final = {
    "0": "O8D6", "1": "l7I4", "2": "Z7", "3": "8", "4": "1A", "5": "S6", "6": "58", "7": "1?", "8": "B3",
    "9": "0g", "O": "0Q", "S": "5", "B": "8", "I": "1l", "l": "1I", "Z": "2", ".": ",", ",": ".", "e": "c",
    "c": "e", "n": "ri", "m": "rn", "a": "o", "o": "a0", "t": "f", "u": "v", "D": "0O", "x": "X", "%": "96",
    "-": "\u2013",
}  # fmt: skip
_SPECKS: Final = (".", "-", "'", "|", ":", "~", "_", ",", "*", "i")
# Where words of two roles are read as one, it is the figure that counts, then the number, then the name.
_RANK: Final = {
    **dict.fromkeys(
        ("amount", "total", "subtotal", "net", "tender", "change", "discount", "discount_total", "tax"), 5
    ),
    **dict.fromkeys(
        ("rounding", "quantity", "price", "list_price", "number", "date", "count", "member_points"), 4
    ),
    **dict.fromkeys(("time", "code", "merchant", "store"), 3),
    **dict.fromkeys(("name", "unit", "tax_mark"), 2),
    "label": 1,
}


@dataclass(frozen=True, slots=True)
class Wear:
    """How much goes wrong: shares of letters, words and lines."""

    letters: float
    accents: float
    joined: float
    parted: float
    lost: float
    specks: float
    rows: float
    jitter: float
    slope: float
    edge: float


def draw_wear(rng: random.Random) -> Wear:
    """From none to a photo that can hardly be read."""
    level = rng.choice((0.0, 0.15, 0.3, 0.6, 1.0)) if rng.random() < 0.85 else 2.0
    return Wear(
        letters=0.02 * level,
        accents=0.05 * level,
        joined=0.02 * level * rng.choice((0.3, 1.0, 3.0)),
        parted=0.01 * level,
        lost=0.012 * level,
        specks=0.01 * level,
        rows=0.015 * level,
        jitter=0.5 + level,
        slope=rng.gauss(0, 0.004) * level,
        edge=rng.choice((0.0, 0.0, 0.0, 0.04)) * level,
    )


def worn(lines: list[PrintedLine], wear: Wear, rng: random.Random) -> list[PrintedLine]:
    """The lines as a reader would hand them on."""
    right = max(word.right for line in lines for word in line.words)
    limits = (right * wear.edge * rng.random(), right * (1 - wear.edge * rng.random()))
    read: list[PrintedLine] = []
    for line in lines:
        words = _read_words(line.words, wear, rng, limits)
        if words:
            read.append(PrintedLine(words, line.step, line.section))
    return _rows_out_of_order(read, wear, rng)


def _read_words(
    words: list[Printed], wear: Wear, rng: random.Random, limits: tuple[float, float]
) -> list[Printed]:
    kept: list[Printed] = []
    for word in words:
        if word.right < limits[0] + 4 or word.left > limits[1] - 4 or rng.random() < wear.lost:
            continue
        seen = _shaken(word, wear, rng)
        nearby = kept and seen.left - kept[-1].right < 1.2 * (seen.bottom - seen.top)
        if nearby and rng.random() < wear.joined:
            kept[-1] = _joined(kept[-1], seen)
        elif len(seen.text) >= 4 and rng.random() < wear.parted:
            kept += _parted(seen, rng)
        else:
            kept.append(seen)
        if rng.random() < wear.specks:
            kept.append(
                replace(
                    seen,
                    text=rng.choice(_SPECKS),
                    role="none",
                    left=seen.right + 2,
                    right=seen.right + 7,
                    confidence=rng.uniform(0.1, 0.7),
                )
            )
    return kept


def _shaken(word: Printed, wear: Wear, rng: random.Random) -> Printed:
    text, confidence = word.text, 1.0 - abs(rng.gauss(0, 0.04))
    if wear.letters:
        seen = [_misread(letter, wear, rng) for letter in text]
        wrong = sum(one != letter for one, letter in zip(seen, text, strict=True))
        confidence *= rng.uniform(0.3, 1) ** wrong
        text = "".join(seen) or word.text
    jitter = wear.jitter
    lift = wear.slope * word.left
    return replace(
        word,
        text=text,
        left=word.left + rng.gauss(0, jitter),
        right=max(word.left + 3, word.right + rng.gauss(0, jitter)),
        top=word.top + lift + rng.gauss(0, jitter * 0.7),
        bottom=word.bottom + lift + rng.gauss(0, jitter * 0.7),
        confidence=min(1.0, max(0.02, confidence)),
    )


def _misread(letter: str, wear: Wear, rng: random.Random) -> str:
    """The letter, another one like it, without its marks, or nothing."""
    roll = rng.random()
    if roll < wear.letters:
        return rng.choice(_ALIKE.get(letter, letter + letter.swapcase()))
    if roll < wear.letters * 1.15:
        return ""
    return bare(letter) if not letter.isascii() and rng.random() < wear.accents else letter


def _joined(left: Printed, right: Printed) -> Printed:
    role = max(left.role, right.role, key=lambda role: _RANK.get(role, 0))
    return Printed(
        left.text + right.text, role,
        left.left, min(left.top, right.top), right.right, max(left.bottom, right.bottom),
        min(left.confidence, right.confidence) * 0.9,
    )  # fmt: skip


def _parted(word: Printed, rng: random.Random) -> list[Printed]:
    marks = [place + 1 for place, letter in enumerate(word.text[:-1]) if letter in ".,:/-" and place]
    at = rng.choice(marks) if marks and rng.random() < 0.7 else rng.randint(1, len(word.text) - 1)
    middle = word.left + (word.right - word.left) * at / len(word.text)
    return [
        replace(word, text=word.text[:at], right=middle - 1),
        replace(word, text=word.text[at:], left=middle + 1),
    ]


def _rows_out_of_order(lines: list[PrintedLine], wear: Wear, rng: random.Random) -> list[PrintedLine]:
    """Rows torn in two, swapped with their neighbour, read as one with it, or lost."""
    found: list[PrintedLine] = []
    for line in lines:
        roll = rng.random() if wear.rows else 1.0
        if roll < wear.rows and len(line.words) > 1:
            found += _torn(line, rng)
        elif roll < 1.5 * wear.rows and found:
            found[-1] = _merged(found[-1], line)
        elif roll < 1.8 * wear.rows:
            continue
        else:
            found.append(line)
    if wear.rows and rng.random() < 6 * wear.rows:
        # A curl: from some column on, a run of rows slips behind its own line.
        found = _curled(found, rng)
    return _begun(found)


def _torn(line: PrintedLine, rng: random.Random) -> list[PrintedLine]:
    gaps = [right.left - left.right for left, right in pairwise(line.words)]
    at = gaps.index(max(gaps)) + 1
    parts = [
        PrintedLine(line.words[:at], line.step, line.section),
        PrintedLine(line.words[at:], line.step, line.section),
    ]
    return parts if rng.random() < 0.5 else parts[::-1]


def _merged(upper: PrintedLine, lower: PrintedLine) -> PrintedLine:
    words = sorted([*upper.words, *lower.words], key=lambda word: word.left)
    step = "begin" if "begin" in {upper.step, lower.step} else upper.step
    return PrintedLine(words, step, upper.section)


def _curled(lines: list[PrintedLine], rng: random.Random) -> list[PrintedLine]:
    start = rng.randint(0, len(lines))
    stop = min(len(lines), start + rng.randint(2, 8))
    found = lines[:start]
    first_right = rng.random() < 0.5
    for line in lines[start:stop]:
        parts = _torn(line, rng) if len(line.words) > 1 and rng.random() < 0.7 else [line]
        if len(parts) == 2:
            parts.sort(key=lambda part: part.words[0].left, reverse=first_right)
        found += parts
    return found + lines[stop:]


def _begun(lines: list[PrintedLine]) -> list[PrintedLine]:
    """Of a row torn in two only its first part begins an item.

    Rows torn apart both say "begin": the later one is told by its words, which are the earlier one's row's.
    """
    found: list[PrintedLine] = []
    for line in lines:
        before = found[-1] if found else None
        same_row = before is not None and abs(before.words[0].top - line.words[0].top) < 6
        step = (
            "inside"
            if line.step == "begin" and same_row and before is not None and before.step == "begin"
            else line.step
        )
        found.append(PrintedLine(line.words, step, line.section))
    return found
