"""One spelling for what tills print in many: no case, no diacritics, no look-alike letters."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import NamedTuple

# `3,6KG` and `1.5L` are one number; any other punctuation separates words.
_DECIMAL = re.compile(r"(?<=\d)[.,](?=\d)")
# A line's number that touches its name (`5.0MO MATIC`, `27.KEM`), where no size stands there (`1.5L`).
_NUMBERED = re.compile(r"^\d{1,3}\.(?=\d*[A-Z]{2,})(?!\d*(?:GR?|KG|ML|L|LIT|CM|MM|M)\b)")
_WORD = re.compile(r"[A-Z0-9]+")
# A size glued to a name (`HEINEKEN330ML`, `CREAM50G`) hides it; three letters may be a brand.
_GLUED_SIZE = re.compile(r"^([A-Z]{3,})(\d+(?:G|GR|GM|KG|ML|L|LIT|M|S|P|C|V|T|X\d+.*|VN|GVN|MLVN)|\d{2,})$")
# `KhửMùi`, `SiêuDưỡng`: brands' own people drop the space to save a column.
_HUMP = re.compile(r"(?<=[a-z])(?=[A-Z])")
# `TEA+` is read `tea plus`; alone between words, a plus sign joins the parts of a bundle.
_PLUS = re.compile(r"(?<=[A-Z])\+(?![A-Z0-9])")
_HUMP_MARK = "\x1f"
# Letters that a thermal print or an engine confuses, each class under one sign. Only for
# comparing: `skeleton` of a clean word and of its misreading are the same.
_LOOK_ALIKE = str.maketrans({"0": "O", "Q": "O", "1": "I", "L": "I", "5": "S", "8": "B", "2": "Z", "6": "G"})
# Letters that differ by one faint stroke. Too coarse to compare by alone.
_FAINT = str.maketrans({"D": "O", "U": "V", "Y": "V", "F": "E", "K": "R", "M": "N", "H": "N", "G": "C"})


class Word(NamedTuple):
    """A folded word. `gap` is what stood before it: a space, `/` for any punctuation, or nothing."""

    text: str
    gap: str
    key: str
    """Its skeleton."""


@lru_cache(maxsize=8192)
def fold(text: str) -> str:
    """Return upper case words without diacritics or punctuation, single spaces between them."""
    return " ".join(word.text for word in words(text))


def words(text: str) -> list[Word]:
    """Return the folded words of a printed name, a glued size split off."""
    bare = _bare(text)
    found: list[Word] = []
    end = 0
    for match in _WORD.finditer(bare):
        between = bare[end : match.start()]
        end = match.end()
        gap = " " if " " in between or not between else "" if between == _HUMP_MARK else "/"
        size = _GLUED_SIZE.match(match.group())
        if size:
            found += [_word(size.group(1), gap), _word(size.group(2), " ")]
        else:
            found.append(_word(match.group(), gap))
    return found


def skeleton(folded: str) -> str:
    """Return `folded` with each class of look-alike letters under one sign.

    `0M0` and `OMO` have one skeleton, so have `5UNL1GHT` and `SUNLIGHT`. A number keeps its digits:
    `888` is no `BBB`.
    """
    return " ".join(map(_word_skeleton, folded.split(" ")))


def faint_skeleton(key: str) -> str:
    """Return a skeleton with letters made one that differ by one faint stroke: `DOUE` is `DOVE`."""
    return key.translate(_FAINT)


def _word(text: str, gap: str) -> Word:
    return Word(text, gap, _word_skeleton(text))


@lru_cache(maxsize=8192)
def _word_skeleton(word: str) -> str:
    if word.isdigit():
        return word
    return word.translate(_LOOK_ALIKE).replace("RN", "M").replace("VV", "W")


def _bare(text: str) -> str:
    decomposed = unicodedata.normalize("NFD", text.replace("đ", "d").replace("Đ", "D"))
    bare = "".join(char for char in decomposed if not unicodedata.combining(char))
    bare = _HUMP.sub(_HUMP_MARK, bare).upper()
    bare = _NUMBERED.sub("", _PLUS.sub("PLUS", bare))
    return _DECIMAL.sub("", bare.replace("'", "").replace("\u2019", "").replace("`", ""))
