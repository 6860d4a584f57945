"""The printed strip: rows of text, rules, barcodes and QR codes, as dots of a thermal print head."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from samples.code128 import bars
from samples.fonts import FACES, load_font

Dots = NDArray[np.uint8]
Side = Literal["left", "centre", "right"]
ANCHORS: dict[Side, str] = {"left": "ls", "centre": "ms", "right": "rs"}
# Anti-aliased ink darker than this becomes a dot: a print head has no grey.
DOT_THRESHOLD = 150
WHITE = 255
# Distance of two base lines over the letter size: ESC/POS prints 24-dot letters every 30 dots.
LEADING = 1.28
BASELINE = 0.98
# What capitals with two accents take above that, as a share of the letter size.
HEADROOM = 0.3
BARCODE_HEIGHT = 72
QR_DOTS = 5


@dataclass(frozen=True, slots=True)
class Cell:
    """One run of text. `at` is the place of its `side` as a share of the print width."""

    text: str
    at: float = 0.0
    side: Side = "left"


@dataclass(frozen=True, slots=True)
class Row:
    """One printed line of text, or a rule, code or space where `kind` says so."""

    cells: tuple[Cell, ...] = ()
    size: float = 1.0
    bold: bool = False
    kind: Literal["text", "rule", "inverse", "barcode", "qr", "space"] = "text"
    payload: str = ""

    @property
    def text(self) -> str:
        """The cells from left to right with single spaces; empty for anything but letters."""
        if self.kind not in ("text", "inverse"):
            return ""
        return re.sub(r"\s+", " ", " ".join(cell.text for cell in self.cells)).strip()


@dataclass(slots=True)
class Slip:
    """A strip being printed, top to bottom.

    Attributes:
        face: Key of `samples.fonts.FACES`.
        size: Height of ordinary letters in dots.
        width: Printable dots: 576 on paper of 80 mm, 384 on 58 mm.
        tight: Scales the row distance.
    """

    face: str
    size: int
    width: int = 576
    tight: float = 1.0
    rows: list[Row] = field(default_factory=list)

    @property
    def text_lines(self) -> list[str]:
        """What is printed, line by line."""
        return [row.text for row in self.rows if row.text]

    @property
    def codes(self) -> list[str]:
        """Payloads of the barcodes and QR codes."""
        return [row.payload for row in self.rows if row.payload and row.kind in ("barcode", "qr")]

    def cells(self, *cells: Cell, size: float = 1.0, bold: bool = False) -> None:
        """Print one line of cells."""
        self.rows.append(Row(cells, size, bold))

    def left(self, text: str, *, indent: float = 0.0, size: float = 1.0, bold: bool = False) -> None:
        """Print text from the left, on as many lines as it needs."""
        for part in self.wrap(text, 1.0 - indent, size=size, bold=bold):
            self.cells(Cell(part, indent), size=size, bold=bold)

    def centre(self, text: str, *, size: float = 1.0, bold: bool = False) -> None:
        """Print centred text, on as many lines as it needs."""
        for part in self.wrap(text, 1.0, size=size, bold=bold):
            self.cells(Cell(part, 0.5, "centre"), size=size, bold=bold)

    def pair(
        self, left: str, right: str, *, indent: float = 0.0, size: float = 1.0, bold: bool = False
    ) -> None:
        """Print a label at the left edge and a value at the right one."""
        self.cells(Cell(left, indent), Cell(right, 1.0, "right"), size=size, bold=bold)

    def logo(self, text: str, *, size: float = 2.0) -> None:
        """Print white letters on a dark box."""
        self.rows.append(Row((Cell(text, 0.5, "centre"),), size, bold=True, kind="inverse"))

    def rule(self, character: str = "-") -> None:
        """Print a line of characters across, or a drawn one for an empty `character`."""
        self.rows.append(Row(kind="rule", payload=character))

    def space(self, lines: float = 0.5) -> None:
        """Feed paper."""
        self.rows.append(Row(kind="space", size=lines))

    def barcode(self, payload: str) -> None:
        """Print a Code 128 barcode."""
        self.rows.append(Row(kind="barcode", payload=payload))

    def qr(self, payload: str) -> None:
        """Print a QR code."""
        self.rows.append(Row(kind="qr", payload=payload))

    def width_of(self, text: str, *, size: float = 1.0, bold: bool = False) -> float:
        """Printed width of `text` as a share of the print width."""
        font = load_font(self.face, round(self.size * size), bold=bold)
        return font.getlength(text) * FACES[self.face].squeeze / self.width

    def wrap(self, text: str, share: float, *, size: float = 1.0, bold: bool = False) -> list[str]:
        """Break `text` at spaces into lines no wider than `share` of the print width."""
        lines = [""]
        for word in text.split():
            longer = f"{lines[-1]} {word}".strip()
            if lines[-1] and self.width_of(longer, size=size, bold=bold) > share:
                lines.append(word)
            else:
                lines[-1] = longer
        return lines

    def clip(self, text: str, share: float) -> str:
        """Cut `text` where it would pass `share` of the print width, as tills cut long names."""
        while self.width_of(text) > share:
            text = text[:-1]
        return text.rstrip()

    def dots(self) -> Dots:
        """Print.

        Returns:
            (height, width) uint8: 0 where the head burns a dot, 255 where the paper stays white.
        """
        strips = [self._strip(row) for row in self.rows]
        # The accents of capitals reach into the row above.
        first = strips[0][1]
        roll = self._blank(first + sum(strip.shape[0] - head for strip, head in strips))
        top = first
        for strip, head in strips:
            place = roll[top - head : top - head + strip.shape[0]]
            np.minimum(place, strip, out=place)
            top += strip.shape[0] - head
        return roll

    def _strip(self, row: Row) -> tuple[Dots, int]:
        """The dots of a row, and how many of its lines lie above where the row begins."""
        if row.kind == "space":
            return self._blank(round(self.size * LEADING * self.tight * row.size)), 0
        if row.kind == "barcode":
            return self._placed(_barcode(row.payload, self.width)), 0
        if row.kind == "qr":
            return self._placed(_qr(row.payload)), 0
        if row.kind == "rule":
            return self._rule(row.payload)
        strip, head = self._letters(row)
        return (self._boxed(strip), 0) if row.kind == "inverse" else (strip, head)

    def _letters(self, row: Row) -> tuple[Dots, int]:
        squeeze = FACES[self.face].squeeze
        size = round(self.size * row.size)
        head = round(size * HEADROOM)
        height = head + round(size * LEADING * self.tight)
        wide = round(self.width / squeeze)
        canvas = Image.new("L", (wide, height), WHITE)
        pen = ImageDraw.Draw(canvas)
        font = load_font(self.face, size, bold=row.bold)
        for cell in row.cells:
            place = (cell.at * (wide - 1), head + size * BASELINE)
            pen.text(place, cell.text, font=font, fill=0, anchor=ANCHORS[cell.side])
        gray: Dots = np.asarray(canvas)
        if wide != self.width:
            gray = np.asarray(cv2.resize(gray, (self.width, height), interpolation=cv2.INTER_AREA), np.uint8)
        return np.where(gray < DOT_THRESHOLD, 0, WHITE).astype(np.uint8), head

    def _boxed(self, strip: Dots) -> Dots:
        """White on black, the box a little wider than the letters."""
        columns = np.flatnonzero(strip.min(axis=0) < WHITE)
        left, right = max(0, columns[0] - self.size), min(self.width, columns[-1] + self.size)
        boxed = np.full_like(strip, WHITE)
        boxed[:, left:right] = WHITE - strip[:, left:right]
        return np.vstack([boxed, self._blank(self.size // 3)])

    def _rule(self, character: str) -> tuple[Dots, int]:
        if not character:
            strip = self._blank(round(self.size * 0.6))
            strip[strip.shape[0] // 2 :][:2] = 0
            return strip, 0
        count = int(1 / self.width_of(character))
        return self._letters(Row((Cell(character * count, 0.5, "centre"),)))

    def _placed(self, code: Dots) -> Dots:
        """A code in the middle of the width with white above and below."""
        margin = self.size // 2
        strip = self._blank(code.shape[0] + 2 * margin)
        left = (self.width - code.shape[1]) // 2
        strip[margin : margin + code.shape[0], left : left + code.shape[1]] = code
        return strip

    def _blank(self, height: int) -> Dots:
        return np.full((height, self.width), WHITE, np.uint8)


def _barcode(payload: str, width: int) -> Dots:
    """Code 128, three dots a module where the paper is wide enough, else two."""
    modules = bars(payload)
    module = 3 if 3 * len(modules) < width - 40 else 2
    line = np.where(np.repeat(modules, module), 0, WHITE).astype(np.uint8)
    return np.repeat(line[None], BARCODE_HEIGHT, axis=0)


def _qr(payload: str) -> Dots:
    code = np.asarray(cv2.QRCodeEncoder.create().encode(payload), np.uint8)
    return code.repeat(QR_DOTS, axis=0).repeat(QR_DOTS, axis=1)
