"""The renderer of receipts: what it says is printed is printed, and a seed always gives the same."""

from __future__ import annotations

import io
import json
from datetime import date, datetime, timedelta
from pathlib import Path

import cv2
import numpy as np
import pytesseract
import pytest
import zxingcpp
from PIL import Image, ImageOps
from rapidfuzz import fuzz

import samples
from samples import faults, fonts
from samples.basket import check_digit, load_products
from samples.dozen import PLANS, shoot
from samples.names import bare
from samples.render import (
    make_samples,
    photograph_pages,
    photograph_receipt,
    print_receipt,
    render_sample,
)
from samples.slip import Slip
from samples.tills import TILLS

pytestmark = pytest.mark.skipif(
    bool(fonts.missing_packages()), reason=f"fonts are missing: {fonts.missing_packages()}"
)

SEEDS = range(12)


def opened(image: bytes) -> Image.Image:
    return Image.open(io.BytesIO(image))


def brightness(image: bytes) -> float:
    return float(np.asarray(opened(image).convert("L")).mean())


def sharpness(image: bytes) -> float:
    return float(cv2.Laplacian(np.asarray(opened(image).convert("L")), cv2.CV_64F).var())


def digits(text: str) -> str:
    return "".join(letter for letter in text if letter.isdigit())


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others() -> None:
    first, second, other = (render_sample(seed, till="go", lines=3) for seed in (5, 5, 6))
    assert first.image == second.image
    assert first.truth == second.truth
    assert first.image != other.image


def test_a_receipt_of_a_folder_does_not_depend_on_how_many_are_made(tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    make_samples(1, 3, tmp_path / "one")
    make_samples(2, 3, tmp_path / "two", progress=lambda done, total: seen.append((done, total)))
    assert (tmp_path / "one/img/00000.jpg").read_bytes() == (tmp_path / "two/img/00000.jpg").read_bytes()
    assert seen == [(1, 2), (2, 2)]
    rows = samples.load_truth(tmp_path / "two")
    assert [row["image"] for row in rows] == ["img/00000.jpg", "img/00001.jpg"]
    assert all((tmp_path / "two" / row["image"]).is_file() for row in rows)


@pytest.mark.parametrize("till", TILLS)
def test_the_sums_of_every_till_add_up(till: str) -> None:
    for seed in SEEDS:
        truth = print_receipt(seed, till=till).truth
        items = truth["items"]
        assert sum(item["amount"] for item in items) == truth["subtotal"]
        assert sum(item["discount"] for item in items) == truth["discount_total"]
        assert truth["subtotal"] - truth["discount_total"] + truth["rounding"] == truth["total"]
        assert truth["payment"]["tendered"] - truth["payment"]["change"] == truth["total"]
        for item in items:
            assert abs(item["quantity"] * item["unit_price"] - item["amount"]) <= 0.5
            assert 0 <= item["discount"] < item["amount"]


@pytest.mark.parametrize("till", TILLS)
def test_every_value_of_the_truth_stands_among_the_text_lines(till: str) -> None:
    for seed in SEEDS:
        truth = print_receipt(seed, till=till).truth
        text = " ".join(truth["text_lines"])
        numbers = {digits(word) for word in text.split()}
        decimals = "00" if till == "coop" else ""
        assert f"{truth['total']}{decimals}" in numbers
        for item in truth["items"]:
            # A name may be wrapped beside the numbers, so its words are looked for one by one.
            assert set(item["raw_name"].split()) <= set(text.split())
            assert f"{item['amount']}{decimals}" in numbers
            if item["barcode"]:
                assert any(number.endswith(item["barcode"]) for number in numbers)
        assert truth["receipt_no"] in text
        at = datetime.fromisoformat(truth["purchased_at"])
        day_in_text = any(f"{at:{form}}" in text for form in ("%d/%m/%Y", "%Y-%m-%d", "%d, %Y"))
        assert day_in_text
        assert f"{at:%M}" in text


def test_purchases_are_of_the_days_before_the_date_asked_for() -> None:
    until = date(2026, 3, 31)
    days = {date.fromisoformat(print_receipt(seed, until=until).truth["purchased_at"][:10]) for seed in SEEDS}
    assert max(days) <= until
    assert min(days) > until - timedelta(days=20)


def test_a_basket_without_brands_has_none() -> None:
    truth = print_receipt(1, till="bach_hoa_xanh", branded=False, lines=5).truth
    assert [item["brand"] for item in truth["items"]] == [None] * 5


def test_every_ean_of_the_goods_has_its_check_digit_and_is_used_once() -> None:
    eans = [product.ean for product in load_products() if product.ean]
    assert all(len(ean) == 13 and check_digit(ean[:12]) == ean[12] for ean in eans)
    assert len(set(eans)) == len(eans)


def test_printed_barcodes_and_qr_codes_can_be_scanned() -> None:
    for till in ("bach_hoa_xanh", "lotte", "go", "winmart", "seven_eleven"):
        receipt = print_receipt(2, till=till)
        found = [
            code.text for code in zxingcpp.read_barcodes(np.pad(receipt.slip.dots(), 40, constant_values=255))
        ]
        assert receipt.truth["codes"]
        assert sorted(found) == sorted(receipt.truth["codes"])


def test_stacked_accents_are_drawn_by_every_face() -> None:
    for face in fonts.FACES:
        plain, accented = (Slip(face, 40, width=200) for _ in range(2))
        plain.left("Ê")
        accented.left("Ề")
        extra = (accented.dots() == 0).sum() - (plain.dots() == 0).sum()
        assert extra > 5, face


def test_a_missing_font_names_its_package(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(fonts, "FONT_FOLDERS", (tmp_path,))
    fonts._find.cache_clear()
    try:
        assert fonts.missing_packages() == fonts.packages()
        with pytest.raises(fonts.MissingFontError, match="apt-get install fonts-croscore"):
            fonts.load_font("cousine", 23)
    finally:
        fonts._find.cache_clear()


@pytest.mark.parametrize("till", TILLS)
def test_every_till_can_be_photographed(till: str) -> None:
    sample = render_sample(8, till=till, difficulty="hard", lines=2)
    picture = opened(sample.image)
    assert list(picture.size) == sample.truth["image_size"]
    for x, y in sample.truth["paper_quad"]:
        assert 0 <= x <= picture.width
        assert 0 <= y <= picture.height


def test_the_paper_quad_lies_around_the_paper() -> None:
    """Inside it is bright, just outside it is the table."""
    receipt = print_receipt(3, till="circle_k")
    sample = photograph_receipt(receipt, 31, "easy")
    gray = np.asarray(opened(sample.image).convert("L")).astype(float)
    quad = np.array(sample.truth["paper_quad"], np.float32)
    inner, outer = np.zeros(gray.shape, np.uint8), np.zeros(gray.shape, np.uint8)
    centre = quad.mean(axis=0)
    cv2.fillPoly(inner, [(centre + (quad - centre) * 0.97).astype(np.int32)], 1)
    cv2.fillPoly(outer, [(centre + (quad - centre) * 1.05).astype(np.int32)], 1)
    rim = (outer == 1) & (inner == 0)
    assert np.median(gray[inner == 1]) > np.percentile(gray[rim], 30) + 40


def test_two_photos_of_one_paper_differ_but_their_print_does_not() -> None:
    receipt = print_receipt(4, till="lotte", lines=3)
    first, second = photograph_receipt(receipt, 1, "easy"), photograph_receipt(receipt, 2, "easy")
    assert first.image != second.image
    assert first.truth["text_lines"] == second.truth["text_lines"]


def test_a_long_receipt_comes_on_overlapping_pages() -> None:
    receipt = print_receipt(4, till="coop", lines=20)
    sample = photograph_pages(receipt, 4, "easy", pages=3)
    assert len(sample.later_pages) == 2
    first = opened(sample.image)
    assert max(y for _, y in sample.truth["paper_quad"]) > first.height


def test_faults_do_what_they_say() -> None:
    receipt = print_receipt(6, till="circle_k", lines=2)
    image = photograph_receipt(receipt, 6, "easy").image
    size = opened(image).size
    assert sharpness(faults.blurred(image)) < sharpness(image) / 5
    assert brightness(faults.too_dark(image)) < 30
    assert brightness(faults.glaring(image)) > brightness(image) + 15
    assert opened(faults.too_far(image)).size == size
    assert opened(faults.cut_off(image, top=0.3)).height == round(size[1] * 0.7)
    assert opened(faults.turned(image, 90)).size == size[::-1]
    assert brightness(faults.half_in_shadow(image, 1)) < brightness(image)
    for make in (faults.menu, faults.bank_slip, faults.several_receipts, faults.blank):
        assert min(opened(make(1)).size) > 600
    assert opened(faults.chat_screenshot(receipt)).width == 1080


@pytest.mark.parametrize("degrees", [0, 90, 180, 270])
def test_a_picture_turned_by_its_tag_looks_upright(degrees: int) -> None:
    image = photograph_receipt(print_receipt(6, till="circle_k", lines=2), 6, "easy").image
    upright = ImageOps.exif_transpose(opened(faults.turned_by_exif(image, degrees)))
    assert upright is not None
    difference = np.abs(np.asarray(upright).astype(int) - np.asarray(opened(image)).astype(int))
    assert difference.mean() < 3


def test_the_committed_dozen_is_what_its_plans_print() -> None:
    rows = samples.load_truth(samples.photos_dir())
    assert len(rows) == len(PLANS)
    files = [name for row in rows for name in row.get("pages", [row["image"]])]
    assert sorted(files) == sorted(path.name for path in samples.photos_dir().glob("*.jpg"))
    assert len(files) == 12
    for row, plan in zip(rows, PLANS, strict=True):
        printed = print_receipt(plan.seed, till=plan.till, lines=plan.lines, branded=plan.branded).truth
        assert {key: row[key] for key in printed} == json.loads(json.dumps(printed))
    assert shoot(PLANS[6]).truth["paper_quad"] == rows[6]["paper_quad"]


@pytest.mark.ocr
@pytest.mark.parametrize("till", ["coop", "winmart", "bach_hoa_xanh"])
def test_a_text_engine_reads_from_the_print_what_the_truth_says(till: str) -> None:
    receipt = print_receipt(9, till=till, lines=3)
    dots = np.pad(receipt.slip.dots(), 30, constant_values=255)
    flat = Image.fromarray(cv2.resize(dots, None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC))
    read = pytesseract.image_to_string(flat, lang="vie", config="--psm 6")
    printed = "\n".join(receipt.truth["text_lines"])
    likeness = fuzz.ratio(bare(" ".join(read.split())).upper(), bare(" ".join(printed.split())).upper())
    assert likeness > 85
