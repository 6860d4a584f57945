"""From a seed to a photo of a receipt and its exact ground truth."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from samples import TRUTH_FILE
from samples.basket import BasketLine, Sale, draw_lines, ring_up
from samples.paper import Difficulty, Sheet, burn, draw_wear
from samples.photo import Look, Photo, draw_look, photograph, running_off, to_jpeg
from samples.slip import Slip
from samples.tills import TILLS
from samples.tills.base import Printed, PrintedLine

# Purchases are made in the 20 days up to this one unless the caller says another: the printed
# dates of a seed must not change with the day it is rendered.
UNTIL = date(2026, 11, 20)
DAYS_BACK = 20
OPEN_HOUR, CLOSE_HOUR = 8, 21
DIFFICULTIES: tuple[Difficulty, ...] = ("easy", "medium", "hard")
DIFFICULTY_WEIGHTS = (0.4, 0.4, 0.2)
# Neighbouring photos of a long receipt share this part of a page, so no line is lost.
OVERLAP = 0.15
# Which stream of chance: what is printed, how the paper is, how the photo is taken.
PRINT, PAPER, PHOTO = range(3)


@dataclass(frozen=True, slots=True)
class Receipt:
    """A printed receipt before any photo. `truth` lacks only what a photo adds."""

    seed: int
    slip: Slip
    truth: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Sample:
    """One receipt photographed.

    Attributes:
        image: JPEG of the first page.
        truth: The row of the ground truth; money in dong.
        later_pages: JPEGs of the other pages of a long receipt, in order.
    """

    image: bytes
    truth: dict[str, Any]
    later_pages: tuple[bytes, ...] = ()


def print_receipt(
    seed: int,
    *,
    till: str | None = None,
    until: date = UNTIL,
    lines: int | None = None,
    branded: bool = True,
    heading: str | None = None,
) -> Receipt:
    """Fill a basket and print it.

    Args:
        seed: Same seed and arguments, same receipt.
        till: Key of `samples.tills.TILLS`; drawn if None.
        until: Last possible day of the purchase; the first is 19 days before.
        lines: Number of different goods; drawn as usual for the till if None.
        branded: False leaves goods of brands out.
        heading: Printed above all else, such as HÓA ĐƠN IN LẠI on a reprint.

    Raises:
        MissingFontError: A font is not installed.
    """
    rng = _stream(seed, PRINT)
    family = TILLS[till or str(rng.choice(list(TILLS)))]
    face, size = family.faces[int(rng.integers(len(family.faces)))]
    slip = Slip(face, size, family.width, tight=float(rng.uniform(0.94, 1.08)))
    if heading:
        slip.centre(heading, size=1.2, bold=True)
    fewest, most = family.lines_usual
    count = lines or int(rng.integers(fewest, most + 1))
    basket = draw_lines(rng, count, branded=branded, weighed=family.weighed)
    sale = ring_up(rng, basket, round_to=family.round_to, up=family.round_up)
    at = _draw_time(rng, until)
    printed = family.print_sale(sale, at, slip, rng)
    return Receipt(seed, slip, _truth(sale, at, printed, slip) | {"till": family.code})


def photograph_receipt(
    receipt: Receipt, seed: int, difficulty: Difficulty, *, worn: Difficulty | None = None
) -> Sample:
    """Photograph a receipt.

    Args:
        receipt: What is printed. The same one photographed twice shows the same paper.
        seed: Of the photo.
        difficulty: Of the photo, and of the paper unless `worn` says another.
        worn: How worn the paper is.
    """
    sheet = _sheet(receipt, worn or difficulty)
    rng = _stream(seed, PHOTO)
    look = draw_look(rng, difficulty)
    return _sample(receipt, [photograph(sheet, look, rng)], look, difficulty)


def photograph_pages(receipt: Receipt, seed: int, difficulty: Difficulty, *, pages: int) -> Sample:
    """Photograph a long receipt in `pages` overlapping parts from top to bottom."""
    sheet = _sheet(receipt, difficulty)
    look = draw_look(_stream(seed, PHOTO), difficulty)
    photos = []
    for page in range(pages):
        top, bottom = max(0.0, page - OVERLAP) / pages, min(pages, page + 1 + OVERLAP) / pages
        # The same stream for every page: one table, one light.
        photo = photograph(sheet.crop(top, bottom), look, _stream(seed, PHOTO))
        photos.append(running_off(photo, top=page > 0, bottom=page < pages - 1))
    return _sample(receipt, photos, look, difficulty)


def render_sample(
    seed: int,
    *,
    difficulty: Difficulty = "medium",
    till: str | None = None,
    until: date = UNTIL,
    lines: int | None = None,
    branded: bool = True,
) -> Sample:
    """Print and photograph a receipt; the arguments are those of `print_receipt`."""
    receipt = print_receipt(seed, till=till, until=until, lines=lines, branded=branded)
    return photograph_receipt(receipt, seed, difficulty)


def make_samples(
    n: int, seed: int, out_dir: Path, *, progress: Callable[[int, int], None] | None = None
) -> list[dict[str, Any]]:
    """Write `n` photos and their ground truth.

    Args:
        n: Number of receipts, at least 0.
        seed: Receipt i of a seed is the same whatever `n` is.
        out_dir: Gets img/00000.jpg and so on, and gt.jsonl; made if absent.
        progress: Called with the number done and `n` after each photo.

    Returns:
        The rows of the ground truth.

    Raises:
        MissingFontError: A font is not installed.
    """
    pictures = out_dir / "img"
    pictures.mkdir(parents=True, exist_ok=True)
    rows = []
    for index in range(n):
        one = int(np.random.SeedSequence([seed, index]).generate_state(1)[0])
        difficulty = DIFFICULTIES[_stream(one, PAPER).choice(len(DIFFICULTIES), p=DIFFICULTY_WEIGHTS)]
        sample = render_sample(one, difficulty=difficulty)
        name = f"img/{index:05d}.jpg"
        (out_dir / name).write_bytes(sample.image)
        rows.append({"image": name} | sample.truth)
        if progress:
            progress(index + 1, n)
    write_truth(rows, out_dir)
    return rows


def write_truth(rows: list[dict[str, Any]], out_dir: Path) -> None:
    """Write the ground truth as one JSON object a line."""
    text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    (out_dir / TRUTH_FILE).write_text(text, encoding="utf-8")


def _stream(seed: int, purpose: int) -> np.random.Generator:
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence([seed, purpose])))


def _draw_time(rng: np.random.Generator, until: date) -> datetime:
    day = until - timedelta(days=int(rng.integers(DAYS_BACK)))
    hour, minute, second = (int(part) for part in rng.integers([OPEN_HOUR, 0, 0], [CLOSE_HOUR, 60, 60]))
    # Tills print local time without a zone.
    return datetime.combine(day, time(hour, minute, second))


def _sheet(receipt: Receipt, difficulty: Difficulty) -> Sheet:
    """The paper depends on the receipt, not on the photo."""
    rng = _stream(receipt.seed, PAPER)
    return burn(receipt.slip.dots(), draw_wear(rng, difficulty), rng)


def _sample(receipt: Receipt, photos: list[Photo], look: Look, difficulty: Difficulty) -> Sample:
    images = [to_jpeg(photo.pixels, look.quality) for photo in photos]
    height, width = photos[0].pixels.shape[:2]
    truth = receipt.truth | {
        "difficulty": difficulty,
        "degradations": asdict(look) | {"table": photos[0].table},
        "paper_quad": [[round(x, 1), round(y, 1)] for x, y in photos[0].quad],
        "image_size": [width, height],
    }
    return Sample(images[0], truth, tuple(images[1:]))


def _truth(sale: Sale, at: datetime, printed: Printed, slip: Slip) -> dict[str, Any]:
    """The ground truth of what is printed; keys as the scoring of readings names them."""
    text_lines = slip.text_lines
    # Most tills print minutes; the truth holds no more than the paper does.
    seconds = any(f"{at:%H:%M:%S}" in line for line in text_lines)
    names = printed.retailer
    return {
        "merchant": printed.merchant,
        "retailer": names[0] if len(names) == 1 else list(names) or None,
        "store": printed.store,
        "address": printed.address,
        "tax_code": printed.tax_code,
        "receipt_no": printed.receipt_no,
        "purchased_at": (at if seconds else at.replace(second=0)).isoformat(),
        "items": [_item(line, shown) for line, shown in zip(sale.lines, printed.lines, strict=True)],
        "subtotal": sale.subtotal,
        "discount_total": sale.discount_total,
        "rounding": sale.rounding,
        "total": sale.total,
        "payment": asdict(sale.payment),
        "text_lines": text_lines,
        "codes": slip.codes,
        "font": slip.face,
    }


def _item(line: BasketLine, shown: PrintedLine) -> dict[str, Any]:
    product = line.product
    item: dict[str, Any] = {
        "raw_name": shown.raw_name,
        "name": product.name,
        "brand": product.brand,
        "manufacturer": product.maker,
        "barcode": shown.barcode,
        "ean": product.ean,
        "quantity": float(line.quantity) if product.plu else int(line.quantity),
        "unit_price": product.price,
        "amount": line.amount,
        "discount": line.discount,
        "kind": "fresh" if product.plu else "pack",
        "vat_rate": product.vat,
    }
    if shown.quantity_printed is not None:
        item["printed_quantity"] = shown.quantity_printed
    return item
