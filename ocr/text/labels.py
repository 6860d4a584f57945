"""The words tills print beside figures, in every locale, found despite misread letters.

The words themselves are data (`locales.py`). All locales are searched at once, since tills mix
languages; which locale a paper is in (`style.py`) decides money and dates only.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from rapidfuzz import fuzz, process

from ocr.text.letters import fold, letters
from ocr.text.locales import locales, shop_pattern

# Shorter phrases must match exactly: one wrong letter in four is another word.
FUZZY_LENGTH_MIN = 5
# One wrong letter in six: 83; measured on recorded words of rendered and scanned receipts.
FUZZY_RATIO_MIN = 80.0
# Labels of fields and notes must be read better: OPENER is no OPENED.
FIELD_RATIO_MIN = 84.0
# A misread phrase at the start of a longer row must be this long to be trusted.
PREFIX_LENGTH_MIN = 8
PHRASE_WORDS_MAX = 7
# What is left at least of a phrase that lost its end: letters, their share; and what such a match is worth.
CUT_LENGTH_MIN, CUT_SHARE_MIN, CUT_SCORE = 9, 0.7, 0.8
SPECKS_MAX = 3
HEADINGS_MIN = 2
# Kinds that name a sum or a tender; they end the item zone when a figure stands beside them.
TOTAL_KINDS = ("total_sure", "total_good", "total", "total_weak")
TENDER_KINDS = ("tendered", "cash", "card", "transfer", "wallet", "voucher")
SUM_KINDS = (
    *TOTAL_KINDS, "subtotal", "discount_total", "rounding", "tax", "charge", "tip", "item_count",
    *TENDER_KINDS, "change",
)  # fmt: skip
LINE_KINDS = (
    *SUM_KINDS, "discount_line", "discount_part", "recap", "points", "customer", "footer", "title",
    "original_price", "detail", "voided", "payment_heading", "phone", "tax_code", "cashier", "date",
    "receipt_no", "till", "wrong_date", "receipt_no_weak",
)  # fmt: skip
# Kinds whose short phrases may be followed by other words (KM giam 50%, VAT 8%, CK THE ...).
OPEN_KINDS = frozenset(
    {"discount_line", "tax", "detail", "phone", "tax_code", "cashier", "date", "tip", "customer", "footer",
     "points",
     "original_price", "voided", "receipt_no", "recap", "discount_part", "title", "receipt_no_weak", "till"}
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Label:
    """A phrase found at the start of a row. `score` is 0 to 1, `words` how many words it covers."""

    kind: str
    phrase: str
    score: float
    words: int


@lru_cache(maxsize=64)
def phrases_of(kinds: tuple[str, ...]) -> dict[str, str]:
    """Map each squashed phrase of `kinds` to its kind; where kinds share a phrase, the first wins."""
    found: dict[str, str] = {}
    for kind in kinds:
        for locale in locales().values():
            for phrase in locale.labels.get(kind, ()):
                found.setdefault(phrase, kind)
    return found


@lru_cache(maxsize=64)
def long_phrases_of(kinds: tuple[str, ...]) -> tuple[str, ...]:
    """The phrases of `kinds` long enough to be found with a misread letter."""
    return tuple(phrase for phrase in phrases_of(kinds) if len(phrase) >= FUZZY_LENGTH_MIN)


@lru_cache(maxsize=1024)
def phrases_near(kinds: tuple[str, ...], length: int) -> tuple[str, ...]:
    """The phrases of `kinds` that a text of `length` letters may be with some misread: about as long."""
    return tuple(phrase for phrase in long_phrases_of(kinds) if abs(len(phrase) - length) <= spare(length))


def spare(length: int) -> int:
    """By how many letters a misread text of `length` may be longer or shorter than its phrase."""
    return 1 + length // 12


@lru_cache(maxsize=16384)
def look_up(
    text: str, kinds: tuple[str, ...] = LINE_KINDS, *, length_min: int = FUZZY_LENGTH_MIN
) -> tuple[str, str, float] | None:
    """The phrase of `kinds` that squashed `text` is, as (kind, phrase, score), or None.

    Texts shorter than `length_min` must be the phrase exactly.
    """
    exact = phrases_of(kinds).get(text)
    if exact:
        return exact, text, 1.0
    if len(text) < length_min:
        return None
    # Most texts are no phrase: the few as long as they are tell that, without a look at all of them.
    if most_alike(text, phrases_near(kinds, len(text))) is None:
        return None
    hit = most_alike(text, long_phrases_of(kinds))
    if hit is None or abs(len(hit[0]) - len(text)) > spare(len(text)):
        return None
    if hit[1] < FIELD_RATIO_MIN and phrases_of(kinds)[hit[0]] not in SUM_KINDS:
        return None
    if hit[0][0] != text[0] and hit[1] < 85:  # noqa: PLR2004 - a first letter is rarely misread
        return None
    return phrases_of(kinds)[hit[0]], hit[0], hit[1] / 100


def most_alike(text: str, phrases: Sequence[str]) -> tuple[str, float, int] | None:
    """The phrase that is most like the text, how much in per cent, and its place."""
    return process.extractOne(text, phrases, scorer=fuzz.ratio, score_cutoff=FUZZY_RATIO_MIN)


def match_start(words: Sequence[str], kinds: tuple[str, ...] = LINE_KINDS) -> Label | None:
    """The label that a row starts with.

    Args:
        words: the row's words before its figures, as printed.
        kinds: which labels to look for.

    Returns:
        The longest good match, allowing one stray mark before it, or None.
    """
    return _match_start(tuple(words), kinds)


@lru_cache(maxsize=2048)
def _match_start(words: tuple[str, ...], kinds: tuple[str, ...]) -> Label | None:
    spelled = [letters(word) for word in words]
    best: Label | None = None
    for skip in (0, 1):
        if skip and (not spelled or len(spelled[0]) > 2):  # noqa: PLR2004 - a stray mark has one or two letters
            break
        best = better(best, match_from(spelled[skip:], kinds))
    return better(best, match_cut("".join(spelled), len(spelled))) or match_end(spelled)


def match_cut(text: str, words: int) -> Label | None:
    """A sum's label that lost its end: SO TIEN THANH of SO TIEN THANH TOAN."""
    if len(text) < CUT_LENGTH_MIN:
        return None
    known, longest = phrases_of(SUM_KINDS), len(text) / CUT_SHARE_MIN
    whole = [phrase for phrase in known if phrase.startswith(text) and len(phrase) <= longest]
    if text in known or len({known[phrase] for phrase in whole}) != 1:
        return None
    return Label(known[whole[0]], whole[0], CUT_SCORE, words)


def match_end(spelled: Sequence[str]) -> Label | None:
    """A sum's label at the end of a row, after at most three specks of background read as letters."""
    # Of SUB TOTAL and TOTAL the longer was printed.
    for count in (2, 1):
        before, text = spelled[:-count], "".join(spelled[-count:])
        if 0 < len(before) <= SPECKS_MAX and all(len(word) <= 4 for word in before):  # noqa: PLR2004 - specks are short
            kind = phrases_of(SUM_KINDS).get(text)
            if kind and kind != "item_count" and len(text) > 3:  # noqa: PLR2004 - shorter ones end names
                return Label(kind, text, 0.8, len(spelled))
    return None


def match_from(spelled: Sequence[str], kinds: tuple[str, ...]) -> Label | None:
    """The best label made of the first words of `spelled`."""
    best: Label | None = None
    whole = "".join(spelled)
    text = ""
    for count, word in enumerate(spelled[:PHRASE_WORDS_MAX], start=1):
        text += word
        if not text or (not word and count > 1):
            continue
        hit = look_up(text, kinds)
        if hit is None:
            continue
        kind, phrase, score = hit
        covered = len(text) / len(whole)
        if (
            covered < 1
            and kind not in OPEN_KINDS
            and (len(phrase) <= FUZZY_LENGTH_MIN or (score < 1 and len(phrase) < PREFIX_LENGTH_MIN))
        ):
            continue
        best = better(best, Label(kind, phrase, score * (0.7 + 0.3 * covered), count))
    return best


def better(a: Label | None, b: Label | None) -> Label | None:
    """The label with the longer phrase unless it fits clearly worse."""
    if a is None or b is None:
        return a or b
    return max(a, b, key=lambda label: label.score**2 + 0.02 * len(label.phrase))


def find_words(
    words: Sequence[str], kinds: tuple[str, ...], *, span_max: int = 4, length_min: int = FUZZY_LENGTH_MIN + 1
) -> list[tuple[int, int, str]]:
    """Where labels of `kinds` stand anywhere in a row: (first word, word after the last, kind)."""
    return list(_find_words(tuple(words), kinds, span_max, length_min))


# Several readers ask for the same fields of the same rows.
@lru_cache(maxsize=2048)
def _find_words(
    words: tuple[str, ...], kinds: tuple[str, ...], span_max: int, length_min: int
) -> tuple[tuple[int, int, str], ...]:
    spelled = [letters(word) for word in words]
    hits: list[tuple[int, int, str]] = []
    start = 0
    while start < len(spelled):
        found = longest_at(spelled[: start + span_max], start, kinds, length_min)
        if found is None:
            start += 1
            continue
        hits.append((start, *found))
        start = found[0]
    return tuple(hits)


def longest_at(
    spelled: Sequence[str], start: int, kinds: tuple[str, ...], length_min: int
) -> tuple[int, str] | None:
    """The longest label that starts at word `start`: (word after its last, kind)."""
    stop = start
    while stop < len(spelled) and spelled[stop] and not spelled[stop].isdigit():
        stop += 1
    for end in range(stop, start, -1):
        hit = look_up("".join(spelled[start:end]), kinds, length_min=length_min)
        if hit is not None:
            return end, hit[0]
    return None


def count_cues(text: str, cues: tuple[str, ...]) -> int:
    """How many of the folded `cues` stand as whole words in folded `text`."""
    padded = f" {text} "
    return sum(map(padded.__contains__, _padded(cues)))


@lru_cache(maxsize=64)
def _padded(cues: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(f" {cue} " for cue in cues)


def heading_share(words: Sequence[str]) -> float:
    """Which share of a row's letters are column headings; 0 with fewer than two of them."""
    kinds = ("columns", "column_quantity", "column_price", "column_discount")
    hits = find_words(words, kinds, span_max=3, length_min=5)
    found = {"".join(letters(word) for word in words[first:end]) for first, end, _ in hits}
    alone = len(hits) == 1 and shop_pattern("heading").fullmatch(fold(" ".join(words)))
    if len(found) < HEADINGS_MIN and not alone:
        return 0.0
    covered = sum(len(letters(word)) for first, end, _ in hits for word in words[first:end])
    return covered / max(1, sum(len(letters(word)) for word in words))
