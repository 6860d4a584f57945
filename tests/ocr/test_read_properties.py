"""What must not change a reading: page order, cropping, recoding, and which way up the picture is."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from samples import faults
from samples.render import photograph_pages, print_receipt
from tests.make.pictures import cropped, fields, pages_of, read_photos, recoded, truth_of

pytestmark = pytest.mark.ocr

# Short receipts of different tills and fonts: a reading of each takes a third of a second.
CLEAN = ("11-no-brand.jpg", "04-bach-hoa-xanh.jpg")
# Every example is a whole reading, so one that fails is not made smaller.
FEW = settings(
    max_examples=6,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.too_slow],
)
TURNS = (90, 180, 270)

clean_photos = st.sampled_from(CLEAN)
shares = st.floats(0, 1)


def photo(image: str) -> bytes:
    return pages_of(image)[0]


@FEW
@given(image=clean_photos, quality=st.integers(60, 95))
def test_any_jpeg_quality_from_60_leaves_the_fields(image: str, quality: int) -> None:
    assert fields(read_photos(recoded(photo(image), quality))) == fields(read_photos(photo(image)))


@FEW
@given(image=clean_photos, kept=st.tuples(shares, shares, shares, shares))
def test_any_crop_that_keeps_the_paper_leaves_the_fields(
    image: str, kept: tuple[float, float, float, float]
) -> None:
    """`kept` is the share of the table that stays on each side: left, top, right, bottom."""
    truth = truth_of(image)
    xs, ys = zip(*truth["paper_quad"], strict=True)
    width, height = truth["image_size"]
    box = (
        int(min(xs) * (1 - kept[0])),
        int(min(ys) * (1 - kept[1])),
        round(max(xs) + (width - max(xs)) * kept[2]),
        round(max(ys) + (height - max(ys)) * kept[3]),
    )
    assert fields(read_photos(cropped(photo(image), box))) == fields(read_photos(photo(image)))


@pytest.mark.parametrize("degrees", TURNS)
@pytest.mark.parametrize("turn", [faults.turned, faults.turned_by_exif])
def test_all_orientations_leave_the_fields(turn: Callable[[bytes, int], bytes], degrees: int) -> None:
    for image in CLEAN:
        assert fields(read_photos(turn(photo(image), degrees))) == fields(read_photos(photo(image)))


def test_pages_may_come_in_any_order() -> None:
    pages = pages_of("09-long-1.jpg")
    assert fields(read_photos(*reversed(pages))) == fields(read_photos(*pages))


def test_three_pages_whose_edges_cut_lines_in_half_may_come_in_any_order() -> None:
    sample = photograph_pages(print_receipt(40, till="coop", lines=16), 40, "easy", pages=3)
    first, second, third = sample.image, *sample.later_pages
    in_order = fields(read_photos(first, second, third))
    assert in_order["total"] == sample.truth["total"]
    assert len(in_order["lines"]) == len(sample.truth["items"])
    assert fields(read_photos(third, first, second)) == in_order
    assert fields(read_photos(second, third, first)) == in_order


def test_a_page_sent_twice_doubles_no_line() -> None:
    pages = pages_of("07-circle-k.jpg")
    assert fields(read_photos(*pages, *pages)) == fields(read_photos(*pages))
