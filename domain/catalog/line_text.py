"""The folded words of a receipt line and the goods that they describe."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from domain.catalog.folding import Word, faint_skeleton, words
from domain.catalog.snapshot import SHORT_CUE_LETTERS_MAX, Catalogue, window_key

# Longer than any spelling: windows beyond it need no look-up.
_WINDOW_LETTERS_MAX = 24


# A word of one brand's own says nothing of kinds: `THIEN NHIEN` stands on water and on softeners.
_KIND_BRANDS_MIN = 3
# Tills print 20 to 60 letters; more is several lines read as one.
_NAME_LETTERS_MAX = 200


@dataclass(frozen=True, slots=True)
class Window:
    """Words `start` to `end` (exclusive) of a line, and the key to look them up by."""

    start: int
    end: int
    key: str


@dataclass(frozen=True, slots=True)
class LineText:
    """A line before any brand is looked for."""

    words: tuple[Word, ...]
    keys: tuple[str, ...]
    """Skeletons of the words."""
    windows: tuple[Window, ...]
    padded: str
    """The skeletons with a space before, between and after."""
    cued: frozenset[str]
    """Brands whose goods the line's words describe, weak cues included."""
    clearly_cued: frozenset[str]
    """The same without weak cues."""
    described: frozenset[int]
    """Places of the words that describe goods."""
    vetoed: bool
    """Whether its words say it is no packaged consumer good."""
    kind_is_clear: bool = False
    """Whether its words tell the kind of goods, so that brands of other kinds are not meant."""

    @property
    def letters(self) -> int:
        """Length of the folded text."""
        return len(self.padded) - 2


def fold_name(raw_name: str) -> tuple[Word, ...]:
    """Return the folded words of a printed name, as far as it is one."""
    return tuple(words(raw_name[:_NAME_LETTERS_MAX]))


def describe(found: tuple[Word, ...], catalogue: Catalogue) -> LineText:
    """Find which words of a folded name describe goods."""
    keys = tuple(word.key for word in found)
    padded = f" {' '.join(keys)} "
    cued: set[str] = set()
    clearly: set[str] = set()
    kind_is_clear = False
    described: set[int] = set()
    for start in range(len(keys)):
        for end in range(start + 1, min(len(keys), start + catalogue.cue_words_max) + 1):
            phrase = " ".join(keys[start:end])
            brands = catalogue.cues.get(phrase)
            if brands is not None and _is_cue(phrase, found[start].text, catalogue):
                cued |= brands
                described.update(range(start, end))
                if phrase not in catalogue.rules.weak_cues:
                    clearly |= brands
                    kind_is_clear |= len(brands) >= _KIND_BRANDS_MIN
    rules = catalogue.rules
    # The first letter of a line is the one that a tick or a fold spoils: `RINH CLOSE` is `KINH CLOSE`.
    faint = faint_skeleton(padded)
    vetoed = (
        any(padded.startswith(f" {veto} ") for veto in rules.start_vetoes)
        or any(faint.startswith(f" {veto} ") for veto in rules.faint_start_vetoes)
        or any(f" {veto} " in padded for veto in rules.vetoes)
    )
    windows = tuple(_windows(found, catalogue.words_max))
    return LineText(
        words=found,
        keys=keys,
        windows=windows,
        padded=padded,
        cued=frozenset(cued),
        clearly_cued=frozenset(clearly),
        described=frozenset(described),
        vetoed=vetoed,
        kind_is_clear=kind_is_clear,
    )


def with_cues(line: LineText, windows: list[tuple[Window, frozenset[str]]]) -> LineText:
    """Return `line` with cues that were found misread: in each window, the brands it describes."""
    if not windows:
        return line
    brands = frozenset().union(*(brands for _, brands in windows))
    described = line.described.union(*(range(window.start, window.end) for window, _ in windows))
    return replace(
        line,
        cued=line.cued | brands,
        clearly_cued=line.clearly_cued | brands,
        described=described,
        kind_is_clear=line.kind_is_clear or any(len(found) >= _KIND_BRANDS_MIN for _, found in windows),
    )


def _is_cue(phrase: str, word: str, catalogue: Catalogue) -> bool:
    return len(phrase) > SHORT_CUE_LETTERS_MAX or word in catalogue.short_cues


def _windows(found: tuple[Word, ...], words_max: int) -> Iterator[Window]:
    for start in range(len(found)):
        letters = 0
        for end in range(start + 1, min(len(found), start + words_max) + 1):
            letters += len(found[end - 1].text)
            if letters > _WINDOW_LETTERS_MAX:
                break
            yield Window(start, end, window_key(found[start:end]))
