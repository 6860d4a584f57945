"""The fonts that training lines are drawn in, and which letters each can draw."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from PIL import ImageFont

from samples.fonts import FONT_FOLDERS
from training.charset import CHARSET, vietnamese

# Upright faces like those of tills' print heads and of the office fonts that till programs print with;
# the number is how often a family is drawn. What is not installed is left out.
_FAMILIES: Final = {
    r"Cousine-(Regular|Bold)\.ttf": 3.0,
    r"LiberationMono-(Regular|Bold)\.ttf": 3.0,
    r"DejaVuSansMono(-Bold)?\.ttf": 3.0,
    r"NotoSansMono-(Regular|Bold)\.ttf": 2.0,
    r"NotoMono-Regular\.ttf": 1.0,
    r"Hack-(Regular|Bold)\.ttf": 1.5,
    r"Inconsolata\.otf": 1.0,
    r"FiraCode-(Regular|Bold)\.ttf": 1.0,
    r"JetBrainsMono-(Regular|Medium|ExtraBold)\.ttf": 1.5,
    r"Go-Mono(-Bold)?\.ttf": 1.0,
    r"Anonymous Pro( B)?\.ttf": 1.0,
    r"Courier Prime( Bold)?\.otf": 1.0,
    r"unifont\.otf": 2.0,
    r"terminus-(normal|bold)\.otb": 2.0,
    r"OCRA(Condensed)?\.ttf": 0.7,
    r"FreeMono(Bold)?\.otf": 1.0,
    r"Monoid-(Regular|Retina|Bold)\.ttf": 0.7,
    r"mononoki-(Regular|Bold)\.ttf": 0.7,
    r"Hermit-(light|medium|bold)\.otf": 0.7,
    r"FantasqueSansMono-(Regular|Bold)\.ttf": 0.5,
    r"Glass_TTY_VT220\.ttf": 0.5,
    r"DotGothic16-Regular\.ttf": 0.5,
    r"ipag\.ttf": 0.7,
    r"VL-Gothic-Regular\.ttf": 0.8,
    r"Tlwg(Mono|Typewriter)(-Bold)?\.ttf": 0.8,
    r"B612Mono-(Regular|Bold)\.otf": 0.7,
    r"NanumGothicCoding(Bold)?\.ttf": 0.7,
    r"GNUTypewriter\.ttf": 0.4,
    r"Arimo-(Regular|Bold)\.ttf": 3.0,
    r"LiberationSans(Narrow)?-(Regular|Bold)\.ttf": 2.0,
    r"Roboto-(Regular|Medium|Bold)\.ttf": 1.5,
    r"RobotoCondensed-(Regular|Medium|Bold)\.ttf": 2.0,
    r"OpenSans-(CondBold|CondLight|Regular|Semibold|Bold)\.ttf": 1.5,
    r"DejaVuSans(Condensed)?(-Bold)?\.ttf": 1.5,
    r"NotoSans-(Regular|Bold)\.ttf": 1.0,
    r"Lato-(Regular|Bold)\.ttf": 0.7,
    r"Andika-(Regular|Bold)\.ttf": 0.7,
    r"FreeSans(Bold)?\.otf": 0.7,
    r"VL-PGothic-Regular\.ttf": 0.4,
    r"B612-(Regular|Bold)\.otf": 0.5,
    r"Jura-(Regular|Medium|SemiBold|Bold)\.[ot]tf": 0.5,
    r"routed-gothic(-narrow)?\.ttf": 0.6,
    r"Tinos-(Regular|Bold)\.ttf": 1.0,
    r"DejaVuSerif(Condensed)?(-Bold)?\.ttf": 0.5,
    r"NotoSerif-(Regular|Bold)\.ttf": 0.5,
}
# These put the upper of two stacked accents over the lower: they draw none.
_BARE_ONLY: Final = re.compile(r"DejaVuSansMono|LiberationMono|Go-Mono|terminus")
_PROBE_PX: Final = 32
_UNDEFINED: Final = "\uffff"


@dataclass(frozen=True, slots=True)
class Face:
    """One font file, the characters it can draw, and how often it is drawn."""

    path: Path
    characters: frozenset[str]
    weight: float

    @property
    def accented(self) -> bool:
        """Whether it draws all Vietnamese letters."""
        return self.characters.issuperset(vietnamese())


def find_faces() -> list[Face]:
    """The installed faces, sorted by file name.

    Raises:
        FileNotFoundError: None is installed.
    """
    files = sorted(
        {path for folder in FONT_FOLDERS if folder.is_dir() for path in folder.rglob("*.[ot]t[fb]")},
        key=lambda path: path.name,
    )
    faces = []
    for pattern, weight in _FAMILIES.items():
        family = [path for path in files if re.fullmatch(pattern, path.name)]
        faces += [Face(path, _drawable(path), weight / len(family)) for path in family]
    if not faces:
        raise FileNotFoundError(
            "No font to draw training lines in: apt-get install fonts-croscore fonts-dejavu"
        )
    return faces


@cache
def sized(path: Path, pixels: int) -> ImageFont.FreeTypeFont:
    """The font at an em height; fonts of fixed sizes at the nearest one.

    Raises:
        OSError: The file is no font.
    """
    try:
        return ImageFont.truetype(str(path), pixels, layout_engine=ImageFont.Layout.BASIC)
    except OSError:
        # Bitmap fonts know only their own sizes.
        for size in sorted((12, 14, 16, 18, 20, 22, 24, 28, 32), key=lambda known: abs(known - pixels)):
            try:
                return ImageFont.truetype(str(path), size, layout_engine=ImageFont.Layout.BASIC)
            except OSError:
                continue
        raise


def _drawable(path: Path) -> frozenset[str]:
    font = sized(path, _PROBE_PX)
    undefined = bytes(font.getmask(_UNDEFINED))
    known = {character for character in CHARSET if bytes(font.getmask(character)) != undefined}
    if _BARE_ONLY.search(path.name):
        known -= set(vietnamese())
    return frozenset(known | {" "})
