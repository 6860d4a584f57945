"""Training lines: text drawn, printed badly, photographed badly, cut out as the line finder cuts.

What comes out is what the engine feeds the network: ink depth, `HEIGHT` rows (ocr.engines.strips).
"""

from __future__ import annotations

import re
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from ocr.engines.strips import BASELINE, CAPITALS, HEIGHT, Strip, to_depth
from ocr.preprocess.normalise import PAPER
from training.fonts import Face, find_faces, sized
from training.strokes import crossed
from training.texts import Texts, has_accents

Picture = NDArray[np.float32]
Rng = np.random.Generator

_PROBE: Final = "H"
# Dots of a capital on the print head; a 24-dot letter's capital has 17.
_DOTS_MIN, _DOTS_MAX = 13, 24
_MARGIN: Final = 24
_WIDTH_MAX: Final = 416
_NARROW_SHARE: Final = 0.15
_FADED_SHARE: Final = 0.1
_SMALL_MARKS: Final = ".,:;-/'"
# A point before two digits, or a colon: a space there would say something else.
_CERTAIN_MARK: Final = re.compile(r"\d[.:]\d\d(?!\d)")


class Renderer:
    """A stream of training lines, one for each seed."""

    def __init__(self, seed: int) -> None:
        """Find the fonts and start the stream.

        Raises:
            FileNotFoundError: No font is installed.
        """
        self._rng = np.random.Generator(np.random.PCG64(seed))
        self._texts = Texts(seed)
        self._faces = find_faces()
        self._all = _bounds(self._faces)
        self._accented = [face for face in self._faces if face.accented]
        self._of_accented = _bounds(self._accented)

    def draw(self, length_max: int) -> tuple[Strip, str]:
        """Draw a line of at most `length_max` characters and `_WIDTH_MAX` columns."""
        while True:
            text = self._texts.draw(length_max)
            face = self._face(text)
            text = "".join(character for character in text if character in face.characters).strip()
            if not text:
                continue
            strip = self._strip(text, face)
            if strip.shape[1] <= _WIDTH_MAX:
                return strip, text

    def _face(self, text: str) -> Face:
        accented = has_accents(text)
        bounds = self._of_accented if accented else self._all
        place = min(int(np.searchsorted(bounds, self._rng.random())), len(bounds) - 1)
        return (self._accented if accented else self._faces)[place]

    def _strip(self, text: str, face: Face) -> Strip:
        rng = self._rng
        dots = int(rng.integers(_DOTS_MIN, _DOTS_MAX + 1))
        font = sized(face.path, max(8, round(dots / 0.7)))
        capital = max(6, round(-font.getbbox(_PROBE, anchor="ls")[1]))
        ink = _print(text, font, rng)
        if rng.random() < 0.35:
            ink = self._among_neighbours(ink, capital, face, font)
        if rng.random() < 0.06:
            ink = _needles(ink, capital)
        ink = _wear(ink, rng)
        strip = _photograph(ink, capital, rng)
        return to_depth(strip)

    def _among_neighbours(
        self, ink: Picture, capital: int, face: Face, font: ImageFont.FreeTypeFont
    ) -> Picture:
        """With the lines above and below so near that their feet and accents show."""
        pitch = round(capital * self._rng.uniform(1.45, 2.1))
        for side in (-1, 1):
            if self._rng.random() < 0.3:
                continue
            other = "".join(c for c in self._texts.draw(24) if c in face.characters)
            drawn = _print(other, font, self._rng)
            left = int(self._rng.integers(0, max(1, ink.shape[1] - _MARGIN)))
            width = min(drawn.shape[1] - 2 * _MARGIN, ink.shape[1] - left)
            rows = min(ink.shape[0] - pitch, drawn.shape[0] - pitch)
            if width <= 0 or rows <= 0:
                continue
            cut = drawn[:, _MARGIN : _MARGIN + width]
            if side < 0:
                np.maximum(
                    ink[:rows, left : left + width],
                    cut[pitch : pitch + rows],
                    out=ink[:rows, left : left + width],
                )
            else:
                np.maximum(
                    ink[pitch : pitch + rows, left : left + width],
                    cut[:rows],
                    out=ink[pitch : pitch + rows, left : left + width],
                )
        return ink


def _bounds(faces: list[Face]) -> NDArray[np.float64]:
    weights = np.array([face.weight for face in faces])
    return np.asarray(np.cumsum(weights / weights.sum()), np.float64)


def _print(text: str, font: ImageFont.FreeTypeFont, rng: Rng) -> Picture:
    """The text's ink, 0 to 1, its base line in the middle row."""
    spacing = float(rng.choice([0, 0, 0, 1, 2, -1])) if font.size > 16 else 0.0
    # Narrow spaces, and small marks that the head hardly prints.
    space = float(rng.uniform(0.5, 1.0)) if rng.random() < _NARROW_SHARE else 1.0
    faded = rng.random() < _FADED_SHARE
    half = 2 * int(font.size)
    length = int(font.getlength(text) + max(0.0, spacing) * len(text))
    image = Image.new("L", (length + 2 * _MARGIN, 2 * half))
    pen = ImageDraw.Draw(image)
    if spacing == 0 and space == 1.0 and not faded:
        pen.text((_MARGIN, half), text, fill=255, font=font, anchor="ls")
    else:
        x = float(_MARGIN)
        for place, character in enumerate(text):
            depth = _mark_depth(text, place, rng) if faded else 1.0
            pen.text((round(x), half), character, fill=round(255 * depth), font=font, anchor="ls")
            advance = font.getlength(character)
            x += advance * (space if character == " " else 1.0) + spacing
    ink = np.asarray(image, np.float32) / 255
    if rng.random() < 0.7 and not faded:
        ink = (ink > rng.uniform(0.3, 0.65)).astype(np.float32)
    return np.array(ink[:, : int(x) + _MARGIN] if space != 1.0 else ink, np.float32)


def _mark_depth(text: str, place: int, rng: Rng) -> float:
    """How dark a character is printed where small marks are faint; before cents they may be lost."""
    if text[place] not in _SMALL_MARKS:
        return 1.0
    certain = _CERTAIN_MARK.match(text, max(0, place - 1)) is not None
    return float(rng.uniform(0.0 if certain else 0.25, 0.7))


def _needles(ink: Picture, capital: int) -> Picture:
    """As a needle printer prints: nine dots a capital, paper between them."""
    step = max(2, round(capital / 7))
    small = cv2.resize(ink, None, fx=1 / step, fy=1 / step, interpolation=cv2.INTER_AREA)
    coarse = np.where(small > 0.4, np.float32(1), np.float32(0))
    dot = cv2.GaussianBlur(np.pad(np.ones((1, 1), np.float32), step), (0, 0), 0.42 * step)
    spread = np.zeros((coarse.shape[0] * step, coarse.shape[1] * step), np.float32)
    spread[step // 2 :: step, step // 2 :: step] = coarse
    drawn = np.clip(cv2.filter2D(spread, -1, dot / dot.max()), 0, 1)
    out = np.zeros_like(ink)
    rows, columns = min(out.shape[0], drawn.shape[0]), min(out.shape[1], drawn.shape[1])
    out[:rows, :columns] = drawn[:rows, :columns]
    return out


def _wear(ink: Picture, rng: Rng) -> Picture:
    """Faint, bled, streaked and broken print."""
    fault = rng.random()
    if fault < 0.16:
        ink = np.asarray(cv2.dilate(ink, np.ones((1 + int(rng.integers(2)), 2), np.uint8)), np.float32)
    elif fault < 0.26:
        thinner = np.ones((1, 2) if rng.random() < 0.5 else (2, 1), np.uint8)
        ink = np.asarray(cv2.erode(ink, thinner), np.float32)
    if rng.random() < 0.35:
        ink = ink * _clouds(ink.shape, rng, rng.uniform(0.3, 0.9))
    if rng.random() < 0.12:
        ink = ink * (rng.random(ink.shape, np.float32) > rng.uniform(0.05, 0.35))
    if rng.random() < 0.08:
        # A dead dot of the head leaves a white line down the paper.
        for column in rng.integers(0, ink.shape[1], int(rng.integers(1, 4))):
            ink[:, column : column + int(rng.integers(1, 3))] = 0
    if rng.random() < 0.06:
        row = int(rng.integers(ink.shape[0] // 4, ink.shape[0] * 3 // 4))
        ink[row : row + int(rng.integers(1, 3))] *= rng.random(dtype=np.float32)
    return np.asarray(ink, np.float32)


def _clouds(shape: tuple[int, ...], rng: Rng, depth: float) -> Picture:
    """Smooth patches of 1 - depth to 1."""
    coarse = rng.random((int(rng.integers(2, 5)), max(2, shape[1] // int(rng.integers(20, 90)))), np.float32)
    return np.asarray(
        1 - depth * cv2.resize(coarse, (shape[1], shape[0]), interpolation=cv2.INTER_CUBIC).clip(0, 1),
        np.float32,
    )


def _photograph(ink: Picture, capital: int, rng: Rng) -> NDArray[np.uint8]:
    """The strip a line finder would cut from a photograph of the print: gray, `HEIGHT` rows."""
    scale = CAPITALS / capital * float(np.exp(rng.normal(0, 0.11)))
    squeeze = scale * float(np.exp(rng.normal(-0.06, 0.12)))
    # The camera's own pixels are often coarser than what the page is scaled to afterwards.
    coarse = min(1.0, float(rng.uniform(0.42, 1.5)))
    pads = rng.uniform(2, 11, 2)
    width = max(8, round((ink.shape[1] - 2 * _MARGIN) * squeeze + pads.sum()))
    slope = float(rng.normal(0, 0.012))
    # Now and then print in italics.
    slant = float(rng.normal(0, 0.04) if rng.random() < 0.93 else rng.uniform(-0.1, 0.3))
    base = BASELINE + float(rng.normal(0, 1.3))
    middle = ink.shape[0] / 2
    tall, wide = max(8, round(HEIGHT * coarse)), max(6, round(width * coarse))
    fine = np.array(
        [
            [squeeze, -slant * scale, pads[0] - _MARGIN * squeeze + slant * scale * middle],
            [slope * squeeze, scale, base - scale * middle - slope * width / 2],
        ]
    )
    sigma = max(0.0, float(rng.normal(0.35, 0.3))) / (scale * coarse) if rng.random() < 0.75 else 0.0
    shrink = scale * coarse
    if shrink < 0.8:
        sigma = float(np.hypot(sigma, 0.4 / shrink))
    if sigma > 0.3:
        ink = np.asarray(cv2.GaussianBlur(ink, (0, 0), sigma), np.float32)
    seen: Picture = np.asarray(
        cv2.warpAffine(ink, fine * np.float64(coarse), (wide, tall), flags=cv2.INTER_LINEAR), np.float32
    )
    if rng.random() < 0.3:
        seen = _bent(seen, rng)
    gray = _lit(seen, rng)
    if (wide, tall) == (width, HEIGHT) and rng.random() < 0.15:
        gray = crossed(gray, rng)
    if rng.random() < 0.5:
        _, coded = cv2.imencode(".jpg", gray, (cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(25, 92))))
        gray = np.asarray(cv2.imdecode(coded, cv2.IMREAD_GRAYSCALE), np.uint8)
    if (wide, tall) != (width, HEIGHT):
        gray = np.asarray(cv2.resize(gray, (width, HEIGHT), interpolation=cv2.INTER_CUBIC), np.uint8)
    if rng.random() < 0.8:
        gray = np.asarray(cv2.GaussianBlur(gray, (0, 0), float(rng.uniform(0.35, 0.75))), np.uint8)
    return gray


def _grain(shape: tuple[int, ...], rng: Rng) -> Picture:
    """Dirty or dark paper as a scanner sees it: spots of a few pixels, in shares of the ink's contrast."""
    spots = cv2.GaussianBlur(rng.standard_normal(shape, np.float32), (0, 0), float(rng.uniform(0.6, 2.0)))
    return np.asarray(float(rng.uniform(0.03, 0.2)) * (spots / max(1e-3, float(spots.std())) - 1), np.float32)


def _bent(seen: Picture, rng: Rng) -> Picture:
    """With what is left of the paper's curl: the line rises and falls by a pixel or two."""
    height, width = seen.shape
    columns = np.arange(width, dtype=np.float32)
    rise = float(rng.normal(0, 0.9)) * np.sin(
        columns / width * float(rng.uniform(2, 7)) + float(rng.uniform(0, 6))
    )
    ys = np.arange(height, dtype=np.float32)[:, None] + rise[None, :].astype(np.float32)
    return np.asarray(
        cv2.remap(seen, np.broadcast_to(columns, ys.shape).copy(), ys, cv2.INTER_LINEAR), np.float32
    )


def _lit(seen: Picture, rng: Rng) -> NDArray[np.uint8]:
    """Ink on paper with the light's unevenness and the camera's noise."""
    contrast = float(rng.choice([rng.uniform(60, 215), rng.uniform(25, 90)], p=[0.75, 0.25]))
    gray = PAPER - contrast * seen
    if rng.random() < 0.35:
        gray += 30 * (_clouds(seen.shape, rng, 1.0) - 0.6)
    if rng.random() < 0.1:
        gray += contrast * _grain(seen.shape, rng)
    if rng.random() < 0.08:
        # A fold: a dark and a light line side by side across the print.
        column = int(rng.integers(seen.shape[1]))
        gray[:, column : column + 2] -= float(rng.uniform(5, 60))
    noise = float(rng.choice([0, rng.uniform(1, 8), rng.uniform(8, 25)], p=[0.25, 0.55, 0.2]))
    if noise:
        gray += noise * rng.standard_normal(gray.shape, np.float32)
    return np.asarray(np.clip(gray, 0, 255), np.uint8)
