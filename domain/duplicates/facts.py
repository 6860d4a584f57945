"""What is known of a receipt's pictures and paper from those that came before: data alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

from domain.duplicates.likeness import Likeness
from domain.duplicates.photo_index import PhotoMatch
from domain.duplicates.same_paper import PaperMatch
from ocr.traces.types import PictureTraces


@dataclass(frozen=True, slots=True)
class PictureFacts:
    """What the picture signals look at.

    `copies` are earlier receipts with a picture alike, nearest first; `papers` those of the same
    paper by what is printed, surest first; `likenesses` says how what was read here compares with
    each of `copies`, in their order.
    """

    traces: Sequence[PictureTraces] = field(default_factory=tuple)
    copies: Sequence[PhotoMatch] = field(default_factory=tuple)
    likenesses: Sequence[Likeness] = field(default_factory=tuple)
    papers: Sequence[PaperMatch] = field(default_factory=tuple)

    @property
    def copied(self) -> list[tuple[PhotoMatch, Likeness]]:
        """The copies that are not told to be of another paper by what is printed."""
        pairs = zip(self.copies, self.likenesses, strict=True)
        return [(match, likeness) for match, likeness in pairs if not likeness.other]

    @property
    def others(self) -> list[UUID]:
        """Other shoppers' receipts that show the same paper."""
        found = [match.receipt_id for match, _ in self.copied if not match.same_shopper]
        found += [paper.receipt_id for paper in self.papers if not paper.same_shopper]
        return list(dict.fromkeys(found))


@dataclass(frozen=True, slots=True)
class Holder:
    """An earlier receipt that holds the same claim."""

    receipt_id: UUID
    same_shopper: bool
