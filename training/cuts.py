"""Real lines out of scanned receipts: what the line finder cuts, with the transcript of the same place.

The receipts are split by merchant: those of one merchant are all for training, all for validation, or
all for the test, since a merchant's till prints like itself.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from rapidfuzz import fuzz

from ocr.engines.ctc import probabilities, read_glyphs
from ocr.engines.finder import Piece, find_pieces
from ocr.engines.model import Model
from ocr.engines.strips import cut
from ocr.preprocess.straighten import Page, straighten
from ocr.reader import look
from ocr.types import Box, union
from training.align import align, clear_edges, words_shown
from training.charset import clean
from training.measure import alphanumeric
from training.real import AROUND, plain

PARTS: Final = ("train", "validation", "test")
# Shares of the pictures that are held back.
_HELD_BACK: Final = {"test": 0.22, "validation": 0.06}
_ALIKE_MIN: Final = 80
_COMPANY: Final = re.compile(r"\bSDN\.? ?BHD|\bS/?B\b|SDN BHD|\bENTERPRISE|\bTRADING|\bBHD")
# A cut and its transcripts must cover the same columns this well.
_AGREE_MIN: Final = 0.86
_WIDTH_MAX: Final = 416
# A transcript that is less like what the network reads is another line's (0 to 100).
_DOUBTED_MAX: Final = 35
# Characters that the network sees with less probability are not cut out alone.
_SURE_MIN: Final = 0.6


@dataclass(frozen=True, slots=True)
class RealLine:
    """A cut of a line, what stands on it, and where its characters part.

    `gray` is (HEIGHT + 2 * AROUND, width + 2 * AROUND). `edges` are columns of the strip between its
    characters, -1 where they touch or are in doubt; empty where nothing tells.
    """

    gray: NDArray[np.uint8]
    text: str
    edges: NDArray[np.int16]


@dataclass(frozen=True, slots=True)
class Transcript:
    """What stands in a box of the picture at full size."""

    box: Box
    text: str


def parts_of(folder: Path) -> dict[str, str]:
    """Which part each picture belongs to, by the merchant in the set's `gt.jsonl`.

    Raises:
        OSError: The file cannot be read.
    """
    rows = [json.loads(line) for line in (folder / "gt.jsonl").read_text(encoding="utf-8").splitlines()]
    groups: list[list[str]] = []
    parts: dict[str, str] = {}
    by_group: list[list[str]] = []
    for row in sorted(rows, key=lambda row: str(row["merchant"])):
        name = str(row["merchant"]).upper()
        alike = [number for number, group in enumerate(groups) if any(_alike(name, other) for other in group)]
        if not alike:
            groups.append([])
            by_group.append([])
            alike = [len(groups) - 1]
        groups[alike[0]].append(name)
        by_group[alike[0]].append(str(row["image"]))
        # A name that is like two groups makes them one.
        for number in alike[1:]:
            groups[alike[0]] += groups[number]
            by_group[alike[0]] += by_group[number]
            groups[number], by_group[number] = [], []
    # By a hash of the name: the order owes nothing to what the merchants print.
    order = sorted(
        (hashlib.sha256(min(group).encode()).hexdigest(), images)
        for group, images in zip(groups, by_group, strict=True)
        if group
    )
    counts = dict.fromkeys(_HELD_BACK, 0)
    for _, images in order:
        room = (part for part, share in _HELD_BACK.items() if counts[part] + len(images) <= share * len(rows))
        part = next(room, "train")
        if part in counts:
            counts[part] += len(images)
        parts.update(dict.fromkeys(images, part))
    return parts


def _alike(one: str, other: str) -> bool:
    """Whether two names may be one merchant's, spelt, spaced and punctuated differently."""
    bare = [re.sub(r"[^A-Z0-9]", "", _COMPANY.sub("", name)) for name in (one, other)]
    return fuzz.ratio(*bare) >= _ALIKE_MIN or fuzz.token_set_ratio(one, other) >= _ALIKE_MIN


def write_cuts(
    folder: Path, file: Path, model: Model | None = None, progress: Callable[[int, int], None] | None = None
) -> dict[str, int]:
    """Cut the lines of a set with `lines.jsonl` (quads and transcripts) and `gt.jsonl`.

    Args:
        folder: The set.
        file: Gets the lines.
        model: An earlier model, where there is one. It tells which words of a transcript a piece shows,
            where a transcript is another line's, and where characters part. Training lines alone owe it
            something: held-back ones are the same without it.
        progress: Called after each picture with how many are done, of how many.

    Returns:
        How many lines each part has.

    Raises:
        OSError: The set cannot be read.
    """
    parts = parts_of(folder)
    kept: dict[str, list[tuple[int, RealLine]]] = {part: [] for part in PARTS}
    rows = [json.loads(line) for line in (folder / "lines.jsonl").read_text(encoding="utf-8").splitlines()]
    for number, row in enumerate(rows):
        found = [Transcript(_box(line["quad"]), clean(line["text"])) for line in row["lines"]]
        part = parts[row["image"]]
        data = (folder / "img" / row["image"]).read_bytes()
        lines = _cuts(data, found, model if part == "train" else None)
        kept[part] += [(number, line) for line in lines]
        if progress:
            progress(number + 1, len(rows))
    arrays: dict[str, NDArray[np.generic]] = {}
    for part, numbered in kept.items():
        lines = [line for _, line in numbered]
        arrays[f"{part}_receipts"] = np.array([number for number, _ in numbered], np.int32)
        arrays[f"{part}_widths"] = np.array([line.gray.shape[1] for line in lines], np.int32)
        arrays[f"{part}_pixels"] = np.concatenate([line.gray for line in lines], axis=1)
        arrays[f"{part}_texts"] = np.array([line.text for line in lines])
        arrays[f"{part}_edge_counts"] = np.array([len(line.edges) for line in lines], np.int32)
        arrays[f"{part}_edges"] = np.concatenate([line.edges for line in lines])
    file.parent.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(file.with_suffix(".new.npz"), **arrays)  # type: ignore[arg-type] # numpy's stub takes bool
    file.with_suffix(".new.npz").replace(file)
    return {part: len(lines) for part, lines in kept.items()}


def _box(quad: Sequence[float]) -> Box:
    xs, ys = quad[0::2], quad[1::2]
    return round(min(xs)), round(min(ys)), round(max(xs)), round(max(ys))


def _cuts(data: bytes, transcripts: Sequence[Transcript], model: Model | None) -> list[RealLine]:
    view = look(data, 0)
    if view.sheet is None:
        return []
    page = straighten(view.sheet)
    pieces = find_pieces(page.gray)
    places = [_on_photo(page, piece, view.photo.scale) for piece in pieces]
    whole: list[tuple[NDArray[np.uint8], str]] = []
    parts: list[tuple[NDArray[np.uint8], str]] = []
    for of_pieces, of_transcripts in _groups(places, [transcript.box for transcript in transcripts]):
        together = [transcripts[number] for number in of_transcripts]
        together.sort(key=lambda transcript: transcript.box[0])
        covered = union([places[number] for number in of_pieces])
        wanted = union([transcript.box for transcript in together])
        text = " ".join(transcript.text for transcript in together).strip()
        if not text or not _beside(together):
            continue
        if _columns_shared(covered, wanted) >= _AGREE_MIN:
            whole.append((cut(page.gray, _joined([pieces[number] for number in of_pieces]), AROUND), text))
        else:
            parts += [(cut(page.gray, pieces[number], AROUND), text) for number in of_pieces]
    narrow = [(gray, text) for gray, text in whole if gray.shape[1] <= _WIDTH_MAX + 2 * AROUND]
    if model is None:
        return [RealLine(gray, text, np.zeros(0, np.int16)) for gray, text in narrow]
    parts = [(gray, text) for gray, text in parts if gray.shape[1] <= _WIDTH_MAX + 2 * AROUND]
    return _aligned(narrow, parts, model)


def _aligned(
    whole: list[tuple[NDArray[np.uint8], str]], parts: list[tuple[NDArray[np.uint8], str]], model: Model
) -> list[RealLine]:
    """Lines whose transcripts stand on them, and pieces with the words of a transcript that they show."""
    strips = [plain(gray) for gray, _ in whole + parts]
    lines = []
    scored = model.scores(strips)
    for number, ((gray, text), strip, scores, glyphs) in enumerate(
        zip(whole + parts, strips, scored, read_glyphs(scored, model.charset), strict=True)
    ):
        read = "".join(glyph.text for glyph in glyphs)
        if number < len(whole):
            doubted = fuzz.ratio(alphanumeric(read), alphanumeric(text)) <= _DOUBTED_MAX
            shown = None if doubted and alphanumeric(text) else text
        else:
            shown = words_shown(read, text)
        if shown is None:
            continue
        placed = align(strip, probabilities(scores), shown, model.stride)
        edges = np.zeros(0, np.int16)
        if placed is not None:
            clear = clear_edges(strip, placed.edges)
            unsure = np.concatenate([[False], placed.sure < _SURE_MIN, [False]])
            clear &= ~(unsure[:-1] | unsure[1:])
            edges = np.where(clear, placed.edges, np.int16(-1)).astype(np.int16)
        lines.append(RealLine(gray, shown, edges))
    return lines


def _on_photo(page: Page, piece: Piece, scale: float) -> Box:
    end = piece.base + piece.slope * (piece.right - piece.left)
    top, bottom = min(piece.base, end) - piece.capitals, max(piece.base, end)
    left, above, right, below = page.photo_box((piece.left, round(top), piece.right, round(bottom)))
    return round(left * scale), round(above * scale), round(right * scale), round(below * scale)


def _groups(pieces: Sequence[Box], boxes: Sequence[Box]) -> list[tuple[list[int], list[int]]]:
    """Pieces and transcripts that lie on each other, directly or by others of theirs."""
    groups: list[tuple[set[int], set[int]]] = []
    for number, piece in enumerate(pieces):
        touched = {other for other, box in enumerate(boxes) if _touch(piece, box)}
        if not touched:
            continue
        met = [group for group in groups if group[1] & touched]
        for group in met:
            groups.remove(group)
        merged = ({number}.union(*(group[0] for group in met)), touched.union(*(group[1] for group in met)))
        groups.append(merged)
    return [(sorted(first), sorted(second)) for first, second in groups]


def _touch(piece: Box, box: Box) -> bool:
    wide = min(piece[2], box[2]) - max(piece[0], box[0])
    high = min(piece[3], box[3]) - max(piece[1], box[1])
    narrow = min(piece[2] - piece[0], box[2] - box[0])
    return wide > 0.25 * narrow and high > 0.4 * min(piece[3] - piece[1], box[3] - box[1])


def _columns_shared(one: Box, other: Box) -> float:
    shared = min(one[2], other[2]) - max(one[0], other[0])
    return shared / max(1, max(one[2], other[2]) - min(one[0], other[0]))


def _beside(transcripts: Sequence[Transcript]) -> bool:
    """Whether they stand on one line without overlapping."""
    for left, right in pairwise(transcripts):
        height = min(left.box[3] - left.box[1], right.box[3] - right.box[1])
        if right.box[0] < left.box[2] - 0.5 * height:
            return False
        if min(left.box[3], right.box[3]) - max(left.box[1], right.box[1]) < 0.5 * height:
            return False
    return True


def _joined(pieces: Sequence[Piece]) -> Piece:
    """One piece from the leftmost to the rightmost, as the longest one lies."""
    longest = max(pieces, key=lambda piece: piece.right - piece.left)
    left = min(piece.left for piece in pieces)
    return replace(
        longest,
        left=left,
        right=max(piece.right for piece in pieces),
        base=longest.base + longest.slope * (left - longest.left),
        ink=np.concatenate([piece.ink for piece in pieces]),
    )
