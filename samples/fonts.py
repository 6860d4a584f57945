"""Where the fonts of the tills are, and which Debian package to install when one is missing."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from PIL import ImageFont

FONT_FOLDERS = (
    Path("/usr/share/fonts"),
    Path("/usr/local/share/fonts"),
    Path.home() / ".local/share/fonts",
    Path.home() / ".fonts",
)


class MissingFontError(Exception):
    """A font is not installed; the message names the Debian package that holds it."""


@dataclass(frozen=True, slots=True)
class Face:
    """A family a till prints with: its two files and the Debian package they come from.

    `squeeze` is the printed width over the drawn width: a till's own fonts are narrower than
    these, 12 dots a letter at 24 dots of height.
    """

    regular: str
    bold: str
    package: str
    squeeze: float = 1.0


# Families whose stacked Vietnamese accents stand where they should. DejaVu Sans Mono and
# Liberation Mono were left out: the first puts the upper accent over the lower, the second has none.
FACES = {
    "cousine": Face("Cousine-Regular.ttf", "Cousine-Bold.ttf", "fonts-croscore"),
    "arimo": Face("Arimo-Regular.ttf", "Arimo-Bold.ttf", "fonts-croscore", squeeze=0.9),
    "noto_mono": Face("NotoSansMono-Regular.ttf", "NotoSansMono-Bold.ttf", "fonts-noto-mono"),
    "jetbrains": Face("JetBrainsMono-Medium.ttf", "JetBrainsMono-ExtraBold.ttf", "fonts-jetbrains-mono"),
    "roboto": Face("Roboto-Regular.ttf", "Roboto-Bold.ttf", "fonts-roboto-unhinted", squeeze=0.92),
    "roboto_condensed": Face(
        "RobotoCondensed-Regular.ttf", "RobotoCondensed-Bold.ttf", "fonts-roboto-unhinted"
    ),
}


def packages() -> list[str]:
    """Return the Debian packages that rendering needs, sorted."""
    return sorted({face.package for face in FACES.values()})


def missing_packages() -> list[str]:
    """Return those of `packages()` of which a font is not on this machine."""
    missing = {
        face.package for face in FACES.values() for file in (face.regular, face.bold) if _find(file) is None
    }
    return sorted(missing)


@cache
def load_font(face: str, size: int, *, bold: bool = False) -> ImageFont.FreeTypeFont:
    """Load one weight of a family.

    Args:
        face: A key of `FACES`.
        size: Em height in printer dots.
        bold: The heavier weight.

    Raises:
        MissingFontError: The file is in none of `FONT_FOLDERS`.
    """
    family = FACES[face]
    file = family.bold if bold else family.regular
    path = _find(file)
    if path is None:
        raise MissingFontError(f"The font {file} is missing. Install it: apt-get install {family.package}")
    # The basic layout gives the same picture whether or not this machine has libraqm.
    return ImageFont.truetype(str(path), size, layout_engine=ImageFont.Layout.BASIC)


@cache
def _find(file: str) -> Path | None:
    found = sorted(path for folder in FONT_FOLDERS if folder.is_dir() for path in folder.rglob(file))
    return found[0] if found else None
