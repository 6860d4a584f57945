"""Each fault of a picture is told by its own code, where it is seen, in words that help."""

from __future__ import annotations

from functools import cache

import cv2
import numpy as np
import pytest
from PIL import Image

import samples
from infra.words import LANGUAGES, all_words
from ocr.reader import check_picture
from ocr.types import ReadingReason
from samples import faults
from samples.render import photograph_receipt, print_receipt
from tests.make.pictures import as_jpeg, pages_of, read_photos

pytestmark = pytest.mark.ocr

PHOTOS = ("01-winmart.jpg", "07-circle-k.jpg")
VERDICTS = (
    "not_an_image",
    "no_text",
    "blurred",
    "too_dark",
    "glare",
    "too_far",
    "cut_off_top",
    "cut_off_bottom",
    "not_a_receipt",
    "several_receipts",
)


def photo(image: str) -> bytes:
    return pages_of(image)[0]


@cache
def checked(picture: bytes) -> tuple[ReadingReason, ...]:
    return check_picture(picture)


def only(reasons: tuple[ReadingReason, ...], code: str) -> ReadingReason:
    (found,) = (reason for reason in reasons if reason.code == code)
    return found


def size(image: str) -> tuple[int, int]:
    row = next(row for row in samples.load_truth(samples.photos_dir()) if row["image"] == image)
    return tuple(row["image_size"])


def without_print(picture: bytes) -> bytes:
    """The photograph as it were of blank paper: folds, shadows and table stay."""
    gray = cv2.imdecode(np.frombuffer(picture, np.uint8), cv2.IMREAD_GRAYSCALE)
    painted = cv2.GaussianBlur(
        cv2.morphologyEx(gray, cv2.MORPH_CLOSE, np.ones((31, 31), np.uint8)), (0, 0), 3
    )
    grain = np.random.default_rng(0).normal(0, 3, painted.shape)
    return as_jpeg(Image.fromarray(np.clip(painted + grain, 0, 255).astype(np.uint8)), 90)


def covers_the_paper(reason: ReadingReason, image: str) -> bool:
    """Whether the box holds most of the paper, and not much more than the frame."""
    row = next(row for row in samples.load_truth(samples.photos_dir()) if row["image"] == image)
    if reason.box is None:
        return False
    xs, ys = zip(*row["paper_quad"], strict=True)
    left, top, right, bottom = reason.box
    wide = min(right, max(xs)) - max(left, min(xs))
    high = min(bottom, max(ys)) - max(top, min(ys))
    width, height = row["image_size"]
    inside = left >= 0 and top >= 0 and right <= width + 1 and bottom <= height + 1
    return inside and wide * high >= 0.8 * (max(xs) - min(xs)) * (max(ys) - min(ys))


@pytest.mark.parametrize("image", ["03-coop.jpg", "07-circle-k.jpg", "09-long-1.jpg"])
def test_blank_paper_is_not_called_blurred(image: str) -> None:
    assert {reason.code for reason in checked(without_print(photo(image)))} <= {"no_text", "too_far"}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("code", VERDICTS)
def test_every_verdict_has_words_in_each_language(code: str, language: str) -> None:
    sentence = all_words(language)["reason"][code]
    assert sentence.endswith(".")
    assert len(sentence.split()) >= 5


@pytest.mark.parametrize("image", PHOTOS)
def test_a_clean_picture_has_no_fault(image: str) -> None:
    assert checked(photo(image)) == ()


@pytest.mark.parametrize("image", PHOTOS)
@pytest.mark.parametrize("sigma", [5.0, 9.0])
def test_a_blurred_picture_is_refused_as_blurred(image: str, sigma: float) -> None:
    picture = faults.blurred(photo(image), sigma=sigma)
    assert [(reason.code, reason.severity) for reason in checked(picture)] == [("blurred", "reject")]
    reading = read_photos(picture)
    assert (reading.status, reading.total_minor) == ("unreadable", None)
    assert only(reading.reasons, "blurred").severity == "reject"


@pytest.mark.parametrize("image", PHOTOS)
def test_a_fault_is_shown_where_it_is_seen(image: str) -> None:
    for spoil in (faults.glaring, faults.cut_off):
        for reason in checked(spoil(photo(image))):
            assert covers_the_paper(reason, image), reason
    assert covers_the_paper(only(checked(faults.glaring(photo(image))), "glare"), image)


@pytest.mark.parametrize("image", PHOTOS)
def test_a_dark_picture_is_refused_as_too_dark(image: str) -> None:
    picture = faults.too_dark(photo(image))
    assert [(reason.code, reason.severity) for reason in checked(picture)] == [("too_dark", "reject")]
    assert read_photos(picture).status == "unreadable"


@pytest.mark.parametrize("image", PHOTOS)
def test_glare_over_the_print_is_refused_and_a_little_is_not(image: str) -> None:
    picture = faults.glaring(photo(image))
    assert [(reason.code, reason.severity) for reason in checked(picture)] == [("glare", "reject")]
    assert read_photos(picture).status == "unreadable"
    assert not any(reason.severity == "reject" for reason in checked(faults.glaring(photo(image), share=0.2)))


@pytest.mark.parametrize("image", PHOTOS)
def test_a_picture_from_too_far_away_says_so(image: str) -> None:
    found = checked(faults.too_far(photo(image), share=0.2))
    assert "too_far" in {reason.code for reason in found}


@pytest.mark.parametrize("image", PHOTOS)
@pytest.mark.parametrize("end", ["top", "bottom"])
def test_a_receipt_that_runs_out_of_the_frame_is_cut_off_at_that_end(image: str, end: str) -> None:
    cut = {"top": 0.35} if end == "top" else {"bottom": 0.4}
    found = checked(faults.cut_off(photo(image), **cut))
    assert [reason.code for reason in found] == [f"cut_off_{end}"]
    assert found[0].box is not None


def test_no_total_is_taken_from_a_receipt_whose_foot_is_missing() -> None:
    """What stands where the picture ends is a subtotal: a person looks at it."""
    reading = read_photos(faults.cut_off(photo("01-winmart.jpg"), bottom=0.35))
    assert only(reading.reasons, "cut_off_bottom").severity != "info"


@pytest.mark.parametrize("make", [faults.menu, faults.bank_slip])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_other_printed_papers_are_no_receipts(make: object, seed: int) -> None:
    reading = read_photos(make(seed))  # type: ignore[operator]
    assert (reading.status, reading.lines) == ("not_a_receipt", ())
    assert only(reading.reasons, "not_a_receipt").severity == "reject"


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("paper", [False, True])
def test_a_picture_without_print_is_refused(seed: int, *, paper: bool) -> None:
    picture = faults.blank(seed, paper=paper)
    assert [reason.severity for reason in checked(picture)] == ["reject"]
    reading = read_photos(picture)
    assert reading.status != "read"
    assert (reading.total_minor, reading.lines) == (None, ())


@pytest.mark.parametrize("seed", [1, 2])
def test_two_receipts_in_one_picture_are_refused_and_the_other_one_is_shown(seed: int) -> None:
    picture = faults.several_receipts(seed)
    found = only(checked(picture), "several_receipts")
    assert found.severity == "reject"
    assert found.box is not None
    assert read_photos(picture).status == "unreadable"


def test_what_is_no_picture_is_told_apart_from_a_bad_one() -> None:
    for data in (b"", b"text", photo("07-circle-k.jpg")[:500]):
        assert [reason.code for reason in check_picture(data)] == ["not_an_image"]
        assert read_photos(data).status == "unreadable"


def test_the_worst_fault_comes_first() -> None:
    sample = photograph_receipt(print_receipt(5, till="go", lines=4), 5, "easy")
    found = checked(faults.blurred(faults.cut_off(sample.image, bottom=0.4)))
    assert found[0].severity == "reject"
