"""What is known of a receipt's pictures and paper from those that came before: data alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from domain.duplicates.likeness import Likeness

# Of 256 bits. Copies that were re-encoded, cropped by up to 6 % a side, turned by up to 5 degrees or relit
# differ in 42 (99 of 100) and at most 51; photographs of two papers in 78 or more.
DISTANCE_SURE: Final = 42
DISTANCE_MAX: Final = 56


@dataclass(frozen=True, slots=True)
class Holder:
    """An earlier receipt that holds the same claim; `channel` says whether a partner told of it."""

    receipt_id: UUID
    same_shopper: bool
    channel: str = "photo"


@dataclass(frozen=True, slots=True)
class PhotoMatch:
    """An earlier receipt with a picture alike. `distance` counts the bits, of 256, that differ."""

    receipt_id: UUID
    same_shopper: bool
    distance: int

    @property
    def strength(self) -> float:
        """How surely one picture is a copy of the other, 0 to 1."""
        beyond = max(0, self.distance - DISTANCE_SURE)
        return max(0.0, 1.0 - 0.5 * beyond / (DISTANCE_MAX - DISTANCE_SURE))


@dataclass(frozen=True, slots=True)
class PaperMatch:
    """An earlier receipt of what may be the same paper."""

    receipt_id: UUID
    same_shopper: bool
    likeness: Likeness
    channel: str = "photo"


@dataclass(frozen=True, slots=True)
class Duplicates:
    """Earlier receipts that a receipt may repeat.

    `image_holders` sent the very same picture, `print_holders` the same print; earliest first.
    `copies` are earlier receipts with a picture alike, nearest first; `papers` those of the same
    paper by what is printed, surest first; `likenesses` says how what was read here compares with
    each of `copies`, in their order.
    """

    image_holders: Sequence[Holder] = ()
    print_holders: Sequence[Holder] = ()
    copies: Sequence[PhotoMatch] = ()
    likenesses: Sequence[Likeness] = ()
    papers: Sequence[PaperMatch] = ()

    @property
    def copied(self) -> list[tuple[PhotoMatch, Likeness]]:
        """The copies that are not told to be of another paper by what is printed."""
        pairs = zip(self.copies, self.likenesses, strict=True)
        return [(match, likeness) for match, likeness in pairs if not likeness.other]

    @property
    def of_others(self) -> list[UUID]:
        """Other shoppers' receipts that show the same paper."""
        photos = [match for match, _ in self.copied]
        alike: list[Holder | PhotoMatch | PaperMatch] = [
            *self.image_holders,
            *self.print_holders,
            *photos,
            *self.papers,
        ]
        return list(dict.fromkeys(found.receipt_id for found in alike if not found.same_shopper))
