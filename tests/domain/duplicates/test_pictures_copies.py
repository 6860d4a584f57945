"""A picture sent again is known, however it was saved, cropped, turned or relit; another is not."""

from __future__ import annotations

from functools import cache

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from sqlmodel import Session

from domain.duplicates.facts import DISTANCE_MAX
from domain.duplicates.find import keep_pictures
from domain.duplicates.paper import PaperFacts
from domain.duplicates.photo_index import find_copies
from ocr.traces import codes
from ocr.traces.codes import BAND_BITS, BANDS, Probes, code_of, least_distances, probes_of
from ocr.traces.sketch import sketch_of
from schemas import duplicates
from schemas.duplicates import PhotoHash
from schemas.receipts import Receipt
from tests import make

Gray = NDArray[np.uint8]
NO_PAPER = PaperFacts(None, None, None, None, None, None, ())


@cache
def photo(seed: int) -> Gray:
    """A crumpled sheet of printed lines on a grained table, a little askew, under uneven light."""
    rng = np.random.default_rng(seed)
    height, width = 1200, 900
    table = cv2.resize(rng.normal(90, 25, (40, 30)).astype(np.float32), (width, height))
    sheet = np.full((height, width), 225, np.float32)
    for top in range(160, 1040, 26):
        left = 250 + int(rng.integers(0, 60))
        sheet[top : top + 12, left : left + int(rng.integers(90, 330))] = 70
    folds = cv2.resize(rng.normal(1, 0.16, (6, 4)).astype(np.float32), (width, height))
    corners = np.array([[230, 120], [660, 120], [660, 1080], [230, 1080]], np.float32)
    corners += rng.normal(0, 35, corners.shape).astype(np.float32)
    inside = np.zeros((height, width), np.uint8)
    cv2.fillConvexPoly(inside, corners.astype(np.int32), 1)
    light = np.linspace(rng.uniform(0.7, 1), rng.uniform(0.8, 1.1), width, dtype=np.float32)
    seen = np.where(inside > 0, sheet * folds, table) * light + rng.normal(0, 2, (height, width))
    return np.asarray(np.clip(seen, 0, 255), np.uint8)


def saved(picture: Gray, quality: int) -> Gray:
    _, encoded = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return np.asarray(cv2.imdecode(encoded, cv2.IMREAD_GRAYSCALE), np.uint8)


def cropped(picture: Gray) -> Gray:
    height, width = picture.shape
    return picture[int(0.03 * height) : int(0.96 * height), int(0.05 * width) : int(0.98 * width)]


def askew(picture: Gray, degrees: float) -> Gray:
    height, width = picture.shape
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1)
    return np.asarray(cv2.warpAffine(picture, turn, (width, height)), np.uint8)


def on_a_screen(picture: Gray) -> Gray:
    """A phone's screenshot of the picture: black bars, a clock."""
    screen = np.zeros((2340, 1080), np.uint8)
    shown = cv2.resize(picture, (1080, 1440), interpolation=cv2.INTER_AREA)
    screen[450:1890] = shown
    cv2.putText(screen, "21:56", (60, 80), cv2.FONT_HERSHEY_SIMPLEX, 1.4, 230, 3)
    return screen


COPIES = {
    "the same": lambda picture: picture,
    "saved badly": lambda picture: saved(picture, 30),
    "half the size": lambda picture: saved(cv2.resize(picture, None, fx=0.5, fy=0.5), 70),
    "cropped": cropped,
    "askew": lambda picture: askew(picture, -3.3),
    "upside down": lambda picture: np.ascontiguousarray(np.rot90(picture, 2)),
    "on its side": lambda picture: np.ascontiguousarray(np.rot90(picture)),
    "relit": lambda picture: np.clip(picture * 0.85 + 12, 0, 255).astype(np.uint8),
    "on a screen": on_a_screen,
    "cropped, relit and small": lambda picture: saved(
        cv2.resize(np.clip(cropped(picture) * 1.07, 0, 255).astype(np.uint8), None, fx=0.6, fy=0.6), 73
    ),
}


@pytest.mark.parametrize("copy", COPIES)
def test_a_copy_is_known_by_a_band_and_by_its_bits(copy: str) -> None:
    for seed in range(4):
        kept = code_of(sketch_of(photo(seed)))
        (looked_up,) = probes(np.asarray(COPIES[copy](photo(seed)), np.uint8))
        assert bands(kept) & known_bands(looked_up)
        assert least_distances(looked_up, [kept])[0] <= DISTANCE_MAX


def test_another_sheet_on_another_table_is_not_alike() -> None:
    (looked_up,) = probes(photo(0))
    others = [code_of(sketch_of(photo(seed))) for seed in range(1, 12)]
    assert min(least_distances(looked_up, others)) > DISTANCE_MAX


def test_a_plain_table_is_no_bar() -> None:
    table = np.random.default_rng(1).normal(120, 4, (600, 400)).clip(0, 255).astype(np.uint8)
    table[150:450, 100:300] = 230
    assert sketch_of(table).aspect == pytest.approx(1.5, abs=0.02)


def bands(code: str) -> set[tuple[int, int]]:
    """The bands of a code, as the database works them out."""
    end = BANDS * BAND_BITS
    return {(band, int(code[band:end:BANDS][::-1], 2)) for band in range(BANDS)}


def known_bands(looked_up: Probes) -> set[tuple[int, int]]:
    columns = (looked_up.lists[name].split(",") for name in ("bands", "values"))
    return {(int(band), int(value)) for band, value in zip(*columns, strict=True)}


def settled(session: Session, phone: str, *pictures: Gray, status: str = "approved") -> Receipt:
    receipt = make.make_receipt(session, make.make_shopper(session, phone), status=status)
    keep_pictures(session, receipt.id, [code_of(sketch_of(picture)) for picture in pictures], NO_PAPER)
    return receipt


def probes(*pictures: Gray) -> list[Probes]:
    return [probes_of(sketch_of(picture)) for picture in pictures]


@pytest.mark.parametrize("copy", COPIES)
def test_a_copy_finds_the_receipt_it_was_sent_with(session: Session, copy: str) -> None:
    first = settled(session, "0901000001", photo(5))
    settled(session, "0901000002", photo(6))
    sent = np.asarray(COPIES[copy](photo(5)), np.uint8)
    later = settled(session, "0901000003", sent, status="reading")
    (match,) = find_copies(session, later, probes(sent))
    assert match.receipt_id == first.id
    assert not match.same_shopper
    assert match.strength > 0.9


def test_a_picture_kept_before_is_found_by_the_bands_that_the_database_works_out(session: Session) -> None:
    receipt = settled(session, "0901000001", photo(5))
    code = code_of(sketch_of(photo(5)))
    kept = session.get(PhotoHash, (receipt.id, 0))
    assert kept is not None
    assert {(0, kept.band_0), (1, kept.band_1), (2, kept.band_2)} == bands(code)


def test_any_page_of_several_is_enough(session: Session) -> None:
    first = settled(session, "0901000001", photo(7), photo(8))
    copy = settled(session, "0901000002", photo(9), saved(photo(8), 50), status="reading")
    assert [match.receipt_id for match in find_copies(session, copy, probes(photo(9), photo(8)))] == [
        first.id
    ]


def test_ones_own_pages_are_no_copies_of_each_other(session: Session) -> None:
    receipt = settled(session, "0901000001", photo(5), photo(5))
    assert find_copies(session, receipt, probes(photo(5))) == []


@pytest.mark.parametrize("status", ["rejected", "unreadable"])
def test_a_refused_receipt_does_not_stand_in_the_way(session: Session, status: str) -> None:
    settled(session, "0901000001", photo(5), status=status)
    again = settled(session, "0901000002", photo(5), status="reading")
    assert find_copies(session, again, probes(photo(5))) == []


def test_keeping_twice_keeps_once(session: Session) -> None:
    receipt = settled(session, "0901000001", photo(5))
    keep_pictures(session, receipt.id, [code_of(sketch_of(photo(5)))], NO_PAPER)
    assert session.get(PhotoHash, (receipt.id, 0)) is not None


def test_tables_hold_the_codes_that_are_made() -> None:
    kept = (duplicates.CODE_BITS, duplicates.BANDS, duplicates.BAND_BITS)
    assert kept == (codes.CODE_BITS, codes.BANDS, codes.BAND_BITS)
