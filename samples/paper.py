"""Thermal print on paper: what a worn head, a weak burn, folds and a tear do to the dots."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from samples.noise import Field, clouds, slope
from samples.slip import Dots

Difficulty = Literal["easy", "medium", "hard"]
Colour = tuple[int, int, int]
# Pixels a printer dot has on the sheet; the photo is taken from this finer picture.
PIXELS_A_DOT = 2
SIDE_MARGIN_DOTS = 32
TOP_MARGIN_DOTS = 60
PAPER_LEVEL = 255
# Blue, green, red of thermal paper and of its burnt coating.
PAPER_COLOURS: tuple[Colour, ...] = ((238, 240, 240), (226, 236, 240), (240, 238, 232), (228, 232, 232))
INK_COLOURS: tuple[Colour, ...] = ((52, 46, 44), (66, 50, 44), (48, 56, 70))


@dataclass(frozen=True, slots=True)
class Wear:
    """How badly a receipt is printed and kept; 0 is none except for `density`.

    Attributes:
        density: Darkness of a burnt dot, 0 to 1.
        fade: How much lighter one side is printed, 0 to 1.
        banding: Changes of darkness down the strip, 0 to 1.
        dropout: Share of dots that did not burn.
        dead_columns: Elements of the print head that burn nothing.
        folds: Creases across.
        crumple: Depth of the shading of crumpled paper, 0 to 1.
        torn: Depth of the torn edges in dots.
    """

    density: float
    fade: float = 0.0
    banding: float = 0.0
    dropout: float = 0.0
    dead_columns: int = 0
    folds: int = 0
    crumple: float = 0.0
    torn: int = 3


@dataclass(frozen=True, slots=True)
class Sheet:
    """A printed receipt lying flat.

    Attributes:
        shade: (height, width) uint8, 0 burnt, 255 bare paper; `PIXELS_A_DOT` pixels a dot.
        mask: Same shape, 255 where there is paper.
        paper: Its colour in blue, green, red.
        ink: Colour of burnt paper.
    """

    shade: Dots
    mask: Dots
    paper: Colour
    ink: Colour

    def crop(self, top: float, bottom: float) -> Sheet:
        """Return the part between two shares of the height, cut straight."""
        rows = slice(round(top * self.shade.shape[0]), round(bottom * self.shade.shape[0]))
        return Sheet(self.shade[rows], self.mask[rows], self.paper, self.ink)


def draw_wear(rng: np.random.Generator, difficulty: Difficulty) -> Wear:
    """Draw how worn a receipt of this difficulty is."""
    if difficulty == "easy":
        return Wear(rng.uniform(0.88, 1), rng.uniform(0, 0.1), rng.uniform(0, 0.05), torn=3)
    if difficulty == "medium":
        return Wear(
            density=rng.uniform(0.74, 0.95),
            fade=rng.uniform(0, 0.3),
            banding=rng.uniform(0, 0.15),
            dropout=rng.uniform(0, 0.02),
            dead_columns=int(rng.integers(0, 2)),
            folds=int(rng.integers(0, 3)),
            crumple=rng.uniform(0, 0.4),
            torn=int(rng.integers(2, 8)),
        )
    return Wear(
        density=rng.uniform(0.5, 0.85),
        fade=rng.uniform(0.1, 0.55),
        banding=rng.uniform(0.05, 0.3),
        dropout=rng.uniform(0.01, 0.06),
        dead_columns=int(rng.integers(0, 5)),
        folds=int(rng.integers(1, 4)),
        crumple=rng.uniform(0.3, 1),
        torn=int(rng.integers(3, 14)),
    )


def burn(dots: Dots, wear: Wear, rng: np.random.Generator) -> Sheet:
    """Print dots on paper.

    Args:
        dots: From `samples.slip.Slip.dots`.
        wear: How well.
        rng: Where the chance comes from.
    """
    ink = _ink(dots, wear, rng)
    height, width = (ink.shape[0] + 2 * TOP_MARGIN_DOTS, ink.shape[1] + 2 * SIDE_MARGIN_DOTS)
    sheet = np.zeros((height, width), np.float32)
    sheet[TOP_MARGIN_DOTS:-TOP_MARGIN_DOTS, SIDE_MARGIN_DOTS:-SIDE_MARGIN_DOTS] = ink
    shade = (PAPER_LEVEL * (1 - sheet) * _relief((height, width), wear, rng)).clip(0, 255).astype(np.uint8)
    fine = cv2.resize(shade, None, fx=PIXELS_A_DOT, fy=PIXELS_A_DOT, interpolation=cv2.INTER_NEAREST)
    # Heat spreads: a burnt dot is round and a little wider than its element.
    fine = cv2.GaussianBlur(fine, (0, 0), 0.9)
    return Sheet(
        shade=np.asarray(fine, np.uint8),
        mask=_outline((fine.shape[0], fine.shape[1]), wear, rng),
        paper=PAPER_COLOURS[rng.integers(len(PAPER_COLOURS))],
        ink=INK_COLOURS[rng.integers(len(INK_COLOURS))],
    )


def _ink(dots: Dots, wear: Wear, rng: np.random.Generator) -> Field:
    """Darkness of each dot, 0 to 1."""
    ink = np.where(dots == 0, np.float32(wear.density), np.float32(0))
    height, width = ink.shape
    if wear.fade:
        ink *= 1 - wear.fade * (0.5 + 0.5 * slope(rng, (height, width)))
    if wear.banding:
        ink *= 1 - wear.banding * np.abs(clouds(rng, (height, 1), (max(4, height // 60), 1)))
    if wear.dropout:
        # Missed dots come in spots: dust and scratches, not single pixels spread evenly.
        spots = clouds(rng, (height, width), (height // 40, width // 40))
        chance = rng.random((height, width), dtype=np.float32)
        ink[chance < wear.dropout * (1 + 2 * spots)] *= 0.25
    if wear.dead_columns:
        ink[:, rng.integers(0, width, wear.dead_columns)] = 0
    return np.asarray(ink, np.float32)


def _relief(shape: tuple[int, int], wear: Wear, rng: np.random.Generator) -> NDArray[np.float32]:
    """Brightness of the paper's slopes, around 1."""
    small = (max(8, shape[0] // 4), max(8, shape[1] // 4))
    light = 1 + 0.008 * clouds(rng, small, (30, 12), octaves=2)
    if wear.crumple:
        rough = clouds(rng, small, (10, 5), octaves=3)
        light += 0.35 * wear.crumple * cv2.Sobel(cv2.GaussianBlur(rough, (0, 0), 2), -1, 1, 1, ksize=5) / 8
    rows = np.arange(small[0], dtype=np.float32)[:, None]
    across = np.linspace(0, 1, small[1], dtype=np.float32)[None]
    for _ in range(wear.folds):
        # A crease: light on one slope, dark on the other, fading within 2 cm.
        crease = rng.uniform(0.1, 0.9) * small[0] + rng.uniform(-8, 8) * across
        away = (rows - crease) / 40
        light += rng.choice([-1, 1]) * rng.uniform(0.04, 0.12) * np.sign(away) * np.exp(-np.abs(away) * 2)
    return np.asarray(cv2.resize(np.asarray(light, np.float32), shape[::-1]), np.float32)


def _outline(shape: tuple[int, int], wear: Wear, rng: np.random.Generator) -> Dots:
    """The cutter leaves teeth, a hand an uneven edge, at top and bottom; the sides are straight."""
    height, width = shape
    teeth = (np.arange(width) % 16 < 8).astype(np.float32) * 3  # noqa: PLR2004  (2 mm teeth, as cutters have)
    rows = np.arange(height)[:, None]
    mask = np.full(shape, 255, np.uint8)
    for from_edge in (rows, height - 1 - rows):
        ragged = teeth + wear.torn * (1 + clouds(rng, (1, width), (1, 12), octaves=3)[0])
        mask[from_edge < ragged[None]] = 0
    return mask
