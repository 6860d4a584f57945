"""Find the brand that one receipt line names, and tell it from words that look like it."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Literal

from domain.catalog.folding import faint_skeleton
from domain.catalog.line_text import LineText, Window, with_cues
from domain.catalog.misreadings import near_names
from domain.catalog.snapshot import SHORT_LETTERS_MAX, Catalogue, Spelling

Kind = Literal["exact", "look_alike", "glued", "misread", "faint", "cut"]

# Scores order the hits of a line and tell a reader how sure we are; they are no probabilities.
_SCORES: dict[Kind, float] = {
    "exact": 1.0,
    "look_alike": 0.97,
    "glued": 0.92,
    "misread": 0.9,
    "faint": 0.85,
    "cut": 0.8,
}
_AS_PRINTED = frozenset({"exact", "look_alike"})
# Without any word that tells the kind of goods, a misread name must be long and nearly right.
_UNCUED_SCORE_MIN = 0.76
_UNCUED_LETTERS_MIN = 7
# Letters on both sides of a name may make it by chance, unless it is this long.
_AMID_LETTERS_MIN = 8
_GLUED_LETTERS_MIN = 4
# A word that means other things too has neighbours of one letter's difference: `SLIDE`, `SLICE`.
_AMBIGUOUS_MISREAD_LETTERS_MIN = 6
# A short name at the end of a full line may be the beginning of a word: `FOR BOSS LUX(URY)`.
_FULL_LINE_LETTERS_MIN = 20
_FAINT_LETTERS_MIN = 3
# A till cuts names at its column's edge, 20 characters at the narrowest; shorter ones are whole.
_CUT_LINE_LETTERS_MIN = 16
# Shorter words that describe goods may be pieces of a name: `DA` of `HA DA LABO`.
_PLAIN_LETTERS_MIN = 4
_TWO_LETTERS = 2
_THREE_WORDS = 3
# What follows names a scent, a gift or a partner, not who sells the item.
_SECONDARY = frozenset({"HUONG", "HG", "TANG", "WITH", "VOI", "MUA", "FREE"})

NearNames = Mapping[str, Sequence[tuple[str, int]]]


@dataclass(frozen=True, slots=True)
class Hit:
    """A brand seen in words `start` to `end` (exclusive) of a line."""

    brand: str
    start: int
    end: int
    kind: Kind
    score: float
    ambiguous: bool
    letters: int


def find_brands(
    lines: Sequence[LineText], makers: Sequence[str | None], catalogue: Catalogue
) -> list[tuple[LineText, Hit | None]]:
    """Return for each line its text, with cues that were misread, and who sells the item.

    Args:
        lines: From `describe`.
        makers: Owner by the first digits of each line's EAN, where known.
        catalogue: What is looked up.
    """
    unknown = (
        window.key for line in lines for window in line.windows if _may_be_misread(window, line, catalogue)
    )
    near = near_names(unknown, catalogue)
    found = []
    for line, maker in zip(lines, makers, strict=True):
        text = with_cues(line, list(_misread_cues(line, near, catalogue)))
        found.append((text, _choose(list(_hits(text, near, catalogue)), text, maker, catalogue)))
    return found


def _may_be_misread(window: Window, line: LineText, catalogue: Catalogue) -> bool:
    """Tell whether a window is worth comparing: letters, enough of them, and no plain word among them."""
    key = window.key
    if len(key) < SHORT_LETTERS_MAX or key in catalogue.spellings:
        return False
    if not (key.isalpha() or _is_mostly_letters(key)):
        return False
    for position in range(window.start, window.end):
        word = line.keys[position]
        plain = position in line.described and len(word) >= _PLAIN_LETTERS_MIN
        if plain and word not in catalogue.spelling_words:
            return False
    return not line.described.issuperset(range(window.start, window.end))


def _is_mostly_letters(key: str) -> bool:
    return key.isalnum() and sum(map(str.isalpha, key)) * 2 > len(key)


def _misread_cues(
    line: LineText, near: NearNames, catalogue: Catalogue
) -> Iterator[tuple[Window, frozenset[str]]]:
    for window in line.windows:
        brands = catalogue.joined_cues.get(window.key)
        if brands is not None and window.end - window.start > 1:
            yield window, brands
        if not line.described.isdisjoint(range(window.start, window.end)):
            continue
        for name, misreads in near.get(window.key, ()):
            if misreads == 1 and name in catalogue.joined_cues:
                yield window, catalogue.joined_cues[name]


def _hits(line: LineText, near: NearNames, catalogue: Catalogue) -> Iterator[Hit]:
    for window in line.windows:
        for spelling in catalogue.spellings.get(window.key, ()):
            letters = "".join(word.text for word in line.words[window.start : window.end])
            kind: Kind = "exact" if letters == spelling.folded else "look_alike"
            yield _hit(window, spelling, kind, _SCORES[kind])
        for name, misreads in near.get(window.key, ()):
            for spelling in catalogue.spellings.get(name, ()):
                if not spelling.exact_only:
                    yield _hit(window, spelling, "misread", _SCORES["misread"] - misreads / len(name))
        yield from _faint_hits(window, line, catalogue)
    yield from _glued_hits(line, catalogue)
    yield from _inside_hits(line, catalogue)
    yield from _cut_hits(line, catalogue)


def _hit(window: Window, spelling: Spelling, kind: Kind, score: float) -> Hit:
    return Hit(spelling.brand, window.start, window.end, kind, score, spelling.ambiguous, len(spelling.key))


def _faint_hits(window: Window, line: LineText, catalogue: Catalogue) -> Iterator[Hit]:
    """Find short names with a stroke lost: `DOUE`, `ONO`. The line must describe the brand's goods."""
    key = window.key
    if not _FAINT_LETTERS_MIN <= len(key) <= SHORT_LETTERS_MAX or key in catalogue.spellings or key.isdigit():
        return
    if window.start in line.described:
        return
    for spelling in catalogue.faint_spellings.get(faint_skeleton(key), ()):
        yield Hit(
            spelling.brand,
            window.start,
            window.end,
            "faint",
            _SCORES["faint"],
            ambiguous=True,
            letters=len(key),
        )


def _glued_hits(line: LineText, catalogue: Catalogue) -> Iterator[Hit]:
    """Find short names that lost the space to their neighbour: `NGOMO`, `DOVEPHUC`."""
    for position, key in enumerate(line.keys):
        if len(key) <= SHORT_LETTERS_MAX or key in catalogue.spellings or position in line.described:
            continue
        for cut in range(2, len(key) - 1):
            for name, rest in ((key[:cut], key[cut:]), (key[cut:], key[:cut])):
                beside = catalogue.cues.get(rest, frozenset())
                for spelling in catalogue.spellings.get(name, ()):
                    begins = key.startswith(name) and len(name) >= _GLUED_LETTERS_MIN
                    if spelling.brand in beside or (begins and spelling.brand in line.clearly_cued):
                        yield _hit(Window(position, position + 1, name), spelling, "glued", _SCORES["glued"])


def _inside_hits(line: LineText, catalogue: Catalogue) -> Iterator[Hit]:
    """Find long names amid letters that lost their spaces: `DAU ANSIMPLYDAU NANH`, `MATHADA LABO`."""
    if catalogue.inside is None:
        return
    starts = list(accumulate((len(key) for key in line.keys), initial=0))
    for found in catalogue.inside.finditer("".join(line.keys)):
        begins, ends = found.start() in starts, found.end() in starts
        if (begins and ends) or not (begins or ends or len(found.group()) >= _AMID_LETTERS_MIN):
            continue
        window = Window(
            bisect_right(starts, found.start()) - 1, bisect_left(starts, found.end()), found.group()
        )
        for spelling in catalogue.spellings[window.key]:
            yield _hit(window, spelling, "glued", _SCORES["glued"])


def _cut_hits(line: LineText, catalogue: Catalogue) -> Iterator[Hit]:
    """Find a name that the column's edge cut off: `XUC XICH TIET TRUNG VISS`."""
    if line.letters < _CUT_LINE_LETTERS_MIN:
        return
    for window in line.windows:
        if window.end < len(line.words) or window.key in catalogue.joined_cues:
            continue
        brands = catalogue.cut_spellings.get(window.key, frozenset()) & line.clearly_cued
        if len(brands) == 1 and not line.described.issuperset(range(window.start, window.end)):
            (brand,) = brands
            yield Hit(
                brand,
                window.start,
                window.end,
                "cut",
                _SCORES["cut"],
                ambiguous=True,
                letters=len(window.key),
            )


def _choose(hits: Iterable[Hit], line: LineText, maker: str | None, catalogue: Catalogue) -> Hit | None:
    """Return the hit that names who sells the item, or None where no hit can be trusted."""
    likely = [hit for hit in hits if _is_likely(hit, line, maker, catalogue)]
    standing = [hit for hit in likely if not any(_explains(other, hit) for other in likely)]
    own = [hit for hit in standing if not _is_secondary(hit, line)]
    if not own:
        return None
    first = min(own, key=lambda hit: (hit.start, -hit.score, -hit.letters))
    if first.brand in catalogue.house_brands:
        owner = catalogue.brands[first.brand].owner
        under = [h for h in own if h.brand != first.brand and catalogue.brands[h.brand].owner == owner]
        first = min(under, key=lambda hit: hit.start, default=first)
    return first


def _is_likely(hit: Hit, line: LineText, maker: str | None, catalogue: Catalogue) -> bool:
    if any(f" {veto} " in line.padded for veto in catalogue.vetoes.get(hit.brand, ())):
        return False
    if line.vetoed and hit.brand not in line.cued:
        return False
    by_maker = maker == catalogue.brands[hit.brand].owner
    foreign = line.kind_is_clear and hit.brand not in line.clearly_cued and not by_maker
    cued = by_maker or (hit.brand in line.cued and not foreign)
    if hit.letters <= SHORT_LETTERS_MAX and _may_be_cut(hit, line):
        return False
    if hit.kind == "glued" and SHORT_LETTERS_MAX < hit.letters < _AMID_LETTERS_MIN:
        return cued
    if hit.ambiguous and hit.kind == "misread" and hit.letters < _AMBIGUOUS_MISREAD_LETTERS_MIN:
        # With a letter lost it is seldom another word: `CEAR` among what is said of a shampoo.
        lost = sum(map(len, line.keys[hit.start : hit.end])) < hit.letters
        return lost and line.kind_is_clear and hit.brand in line.clearly_cued
    if hit.ambiguous:
        return cued or (hit.kind == "glued" and hit.brand in line.cued)
    if hit.letters <= SHORT_LETTERS_MAX:
        # First on the line, or with punctuation of its own (`P/S`), a name needs no other proof.
        sure = hit.kind == "exact" and (hit.start == 0 or hit.end - hit.start > 1)
        return not foreign or sure or hit.kind == "glued"
    if hit.kind == "misread":
        sure = hit.score >= _UNCUED_SCORE_MIN and hit.letters >= _UNCUED_LETTERS_MIN
        return cued or (sure and not foreign)
    return True


def _may_be_cut(hit: Hit, line: LineText) -> bool:
    """Tell whether a short spelling ends its line, where words and sizes are cut off (`C2`, `LUX`)."""
    if hit.end < len(line.words) or hit.kind == "cut":
        return False
    if hit.letters <= _TWO_LETTERS:
        return hit.start > 0
    return hit.start >= _THREE_WORDS and line.letters >= _FULL_LINE_LETTERS_MIN


def _explains(other: Hit, hit: Hit) -> bool:
    """Tell whether `other` explains the words of `hit` better: longer, or closer to the ink."""
    if other.start >= hit.end or hit.start >= other.end:
        return False
    if other.brand == hit.brand:
        return other.score > hit.score
    other_printed, hit_printed = other.kind in _AS_PRINTED, hit.kind in _AS_PRINTED
    if other_printed != hit_printed:
        printed, guessed = (other, hit) if other_printed else (hit, other)
        # `TH` in `TH TRUIE YOGURT` is a piece of the long name that was misread.
        within = guessed.start <= printed.start and printed.end <= guessed.end
        piece = within and printed.letters * 2 <= guessed.letters
        return other_printed != piece
    return (other.letters, other.score) > (hit.letters, hit.score)


def _is_secondary(hit: Hit, line: LineText) -> bool:
    return hit.start > 0 and line.words[hit.start - 1].text in _SECONDARY
