"""How good a picture is, and what the shopper should do about it (docs/decisions/0013)."""

from __future__ import annotations

from collections.abc import Iterable
from math import sqrt
from typing import Final

import cv2
import numpy as np

from ocr.engines.base import Gray
from ocr.preprocess.normalise import PAPER, Letters, even_light
from ocr.preprocess.paper import Paper
from ocr.preprocess.quantile import quantile
from ocr.preprocess.shrink import shrunk
from ocr.preprocess.straighten import Sheet
from ocr.types import Box, Quality, ReadingReason, Severity

# Strokes whose edges are this share of the letter height wide can't be told apart.
_BLUR_FULL: Final = 0.15
# A sharp picture's edges are this wide in pixels: that much is the lens, not a shaking hand.
_EDGE_PX: Final = 0.75
_BLUR_NOTED, _BLUR_REFUSED = 0.45, 0.65
_LETTERS_SEEN_MAX: Final = 60
# Neither specks nor titles, in letter heights.
_USUAL_SIZE: Final = (0.7, 1.5)
# Blank paper in a lit room is brighter than this gray; below the second value print drowns in noise.
_LIT_GRAY, _DARK_GRAY = 90, 25
_DARK_NOTED, _DARK_REFUSED = 0.5, 0.9
# A patch this bright is burnt out; where hardly any paper is darker, white is the paper's own.
_WHITE: Final = 253
_UNBURNT_MIN: Final = 0.15
_GLARE_NOTED, _GLARE_REFUSED = 0.15, 0.3
# Lower case letters of fewer pixels have lost their shape.
_HEIGHT_NOTED_PX, _HEIGHT_REFUSED_PX = 9.0, 6.5
# A printed sheet this small in the frame holds no letter that can be told.
_COVERAGE_MIN: Final = 0.05
# What seemed printed but shows no lines is print seen from too far where it is this small in the frame.
_PRINT_COVERAGE_MIN: Final = 0.15
# Marks this much darker than paper are print; edges this gentle, a share of that a pixel, are no edges.
_MARKS_MIN: Final = 14
_SOFT_SLOPE_MAX: Final = 0.15
# Print that ends this many letter heights before the frame's edge was cut.
_EDGE_LETTERS: Final = 1.5
_SIDEWAYS: Final = frozenset({"left", "right"})
_PAPER_SIDES: Final = ("top", "right", "bottom", "left")


def measure(photo: Gray, scale: float, paper: Paper | None, sheet: Sheet | None) -> Quality:
    """Measure one picture.

    Args:
        photo: The photograph as decoded, (height, width) uint8.
        scale: Pixels of the picture at full size to one of `photo`.
        paper: The sheet's place, if one was found.
        sheet: The sheet laid flat, if it has print.
    """
    if paper is None or sheet is None:
        coverage = paper.coverage if paper else 0.0
        return Quality(blur=_softness(photo, paper), dark=_darkness(photo), coverage=coverage)
    return Quality(
        blur=_blur(sheet.lit, sheet.letters),
        # What fills the frame from side to side may be a scan, white all over.
        glare=0.0 if paper.open_sides >= _SIDEWAYS else _glare(sheet.flat, sheet.letters),
        dark=_darkness(sheet.flat),
        coverage=paper.coverage,
        text_height=round(sheet.letters.height / sheet.shrink * scale, 1),
    )


def verdicts(
    quality: Quality, scale: float, paper: Paper | None, sheet: Sheet | None, page: int
) -> tuple[ReadingReason, ...]:
    """What is wrong with one picture, `reject` where it can hardly be read."""
    if paper is None or sheet is None:
        faults: list[tuple[str, Severity, Box | None]] = [(_why_blank(quality), "reject", None)]
    else:
        box = _full_box(paper.outline.min(axis=0), paper.outline.max(axis=0), scale)
        faults = [(code, severity, box) for code, severity in _faults(quality)]
        faults += [(code, "review", box) for code in _cuts(paper, sheet)]
        faults += [("several_receipts", "reject", _scaled(other, scale)) for other in paper.others]
    return tuple(
        ReadingReason(code=code, severity=severity, box=box, page=page) for code, severity, box in faults
    )


def _why_blank(quality: Quality) -> str:
    """Why no print is seen."""
    if quality.dark >= _DARK_REFUSED:
        return "too_dark"
    if quality.blur >= _BLUR_REFUSED:
        return "blurred"
    return "too_far" if 0 < quality.coverage < _PRINT_COVERAGE_MIN else "no_text"


def _faults(quality: Quality) -> Iterable[tuple[str, Severity]]:
    # Letters this small have no sharp edges in any picture: only coming closer helps.
    blur = 0.0 if quality.text_height <= _HEIGHT_REFUSED_PX else quality.blur
    measured = (
        ("too_dark", quality.dark, _DARK_NOTED, _DARK_REFUSED),
        ("blurred", blur, _BLUR_NOTED, _BLUR_REFUSED),
        ("glare", quality.glare, _GLARE_NOTED, _GLARE_REFUSED),
        ("too_far", -quality.text_height, -_HEIGHT_NOTED_PX, -_HEIGHT_REFUSED_PX),
    )
    for code, value, noted, refused in measured:
        if value >= noted:
            yield code, "reject" if value >= refused else "info"


def _blur(lit: Gray, letters: Letters) -> float:
    """How wide the edges of strokes are against the letters; 0 sharp, 1 unreadable."""
    heights = letters.boxes[:, 3] - letters.boxes[:, 1]
    like = (heights > _USUAL_SIZE[0] * letters.height) & (heights < _USUAL_SIZE[1] * letters.height)
    usual = letters.boxes[like].astype(int)
    widths = []
    for left, top, right, bottom in usual[:: max(1, len(usual) // _LETTERS_SEEN_MAX)]:
        letter = lit[top:bottom, left:right]
        depth = PAPER - quantile(letter, 0.1)
        slopes = cv2.magnitude(cv2.Sobel(letter, cv2.CV_32F, 1, 0), cv2.Sobel(letter, cv2.CV_32F, 0, 1))
        steepest = quantile(slopes, 0.97) / 8
        # A stroke softened by a Gaussian of width s rises by 0.4 / s of its depth a pixel.
        widths.append(0.4 * depth / max(1.0, steepest))
    if not widths:
        return 0.0
    softened = sqrt(max(0.0, float(np.median(widths)) ** 2 - _EDGE_PX**2))
    return round(min(1.0, softened / (_BLUR_FULL * letters.height)), 3)


def _softness(photo: Gray, paper: Paper | None) -> float:
    """1 where the sheet bears dark marks without an edge, as print that is far out of focus; else 0."""
    if paper is None or paper.coverage < _COVERAGE_MIN:
        return 0.0
    low, high = np.maximum(paper.outline.min(axis=0), 0), paper.outline.max(axis=0)
    inset = 0.1 * (high - low)
    left, top, right, bottom = (int(value) for value in (*(low + inset), *(high - inset)))
    calm = np.asarray(cv2.GaussianBlur(photo[top:bottom, left:right], (0, 0), 1.5), np.uint8)
    if calm.size == 0:
        return 0.0
    marks = PAPER - float(np.percentile(even_light(calm), 2))
    slopes = np.hypot(cv2.Sobel(calm, cv2.CV_32F, 1, 0), cv2.Sobel(calm, cv2.CV_32F, 0, 1)) / 8
    slope = float(np.percentile(slopes, 99))
    return 1.0 if marks >= _MARKS_MIN and slope < _SOFT_SLOPE_MAX * marks else 0.0


def _darkness(gray: Gray) -> float:
    level = quantile(gray[::8, ::8], 0.75)
    return round(float(np.clip((_LIT_GRAY - level) / (_LIT_GRAY - _DARK_GRAY), 0, 1)), 3)


def _glare(flat: Gray, letters: Letters) -> float:
    """The share of the sheet that is burnt out and bare of print, where other paper is not burnt out."""
    shrink = min(1.0, 2 / letters.height)
    height, width = flat.shape
    patches = shrunk(flat, (max(1, round(shrink * width)), max(1, round(shrink * height))))
    # The brightest patch nearby is paper: no letter fills all of them.
    paper = cv2.dilate(patches, np.ones((3, 3), np.uint8))
    if float(np.mean(paper < _WHITE)) < _UNBURNT_MIN:
        return 0.0
    bare = cv2.morphologyEx((patches >= _WHITE).astype(np.uint8), cv2.MORPH_OPEN, np.ones((7, 7), np.uint8))
    return round(float(np.mean(bare)), 3)


def _cuts(paper: Paper, sheet: Sheet) -> Iterable[str]:
    """Which ends of the receipt's print run out of the frame."""
    sides = [_PAPER_SIDES[(number + sheet.quarter_turns) % len(_PAPER_SIDES)] for number in range(4)]
    top, right, bottom, left = (side in paper.open_sides for side in sides)
    if right and left:
        return  # A scan, or a sheet as wide as the frame: where it ends can't be told.
    reach = _EDGE_LETTERS * sheet.letters.height
    if top and sheet.letters.boxes[:, 1].min() < reach:
        yield "cut_off_top"
    if bottom and sheet.letters.boxes[:, 3].max() > sheet.lit.shape[0] - reach:
        yield "cut_off_bottom"


def _full_box(low: np.typing.NDArray[np.float32], high: np.typing.NDArray[np.float32], scale: float) -> Box:
    return _scaled((int(low[0]), int(low[1]), int(high[0]) + 1, int(high[1]) + 1), scale)


def _scaled(box: Box, scale: float) -> Box:
    left, top, right, bottom = (round(max(0, value) * scale) for value in box)
    return left, top, right, bottom
