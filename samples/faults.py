"""Bad pictures for tests: what shoppers send by mistake, and what a reader must refuse or survive."""

from __future__ import annotations

from io import BytesIO

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from samples.background import draw_background
from samples.noise import clouds
from samples.paper import Wear, burn
from samples.photo import draw_look, photograph, to_jpeg
from samples.render import Receipt, photograph_receipt, print_receipt
from samples.slip import Cell, Slip

Picture = NDArray[np.uint8]
QUALITY = 85
# EXIF orientations by the clockwise degrees that a viewer turns the stored picture.
ORIENTATIONS = {0: 1, 90: 6, 180: 3, 270: 8}
ORIENTATION_TAG = 0x0112
TURNS = {90: cv2.ROTATE_90_CLOCKWISE, 180: cv2.ROTATE_180, 270: cv2.ROTATE_90_COUNTERCLOCKWISE}
PLAIN_PRINT = Wear(density=0.95)


def blurred(image: bytes, *, sigma: float = 9.0) -> bytes:
    """Return the picture out of focus; `sigma` is in pixels, 9 leaves no letter."""
    return _encode(cv2.GaussianBlur(_decode(image), (0, 0), sigma))


def too_dark(image: bytes, *, light: float = 0.06) -> bytes:
    """Return the picture with this share of its light, and the grain of a sensor in the dark."""
    pixels = _decode(image)
    rng = np.random.Generator(np.random.PCG64(pixels.shape[0]))
    grain = rng.standard_normal(pixels.shape, dtype=np.float32) * 4
    return _encode(pixels * np.float32(light) + grain)


def glaring(image: bytes, *, share: float = 0.5) -> bytes:
    """Return the picture with a lamp's reflection over this share of its width and height."""
    pixels = _decode(image)
    height, width = pixels.shape[:2]
    ys, xs = np.ogrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
    spot = np.exp(-((np.hypot(ys, xs) / share) ** 4)).astype(np.float32)
    return _encode(pixels + 400 * spot[..., None])


def too_far(image: bytes, *, share: float = 0.2) -> bytes:
    """Return a picture of the same size in which the whole old one fills this share of each side."""
    pixels = _decode(image)
    small = cv2.resize(pixels, None, fx=share, fy=share, interpolation=cv2.INTER_AREA)
    rng = np.random.Generator(np.random.PCG64(pixels.shape[0]))
    table, _ = draw_background(rng, *pixels.shape[:2])
    top, left = ((np.array(table.shape[:2]) - small.shape[:2]) // 2).tolist()
    table[top : top + small.shape[0], left : left + small.shape[1]] = small
    return _encode(table)


def cut_off(image: bytes, *, top: float = 0.0, bottom: float = 0.0) -> bytes:
    """Return the picture without these shares of its height."""
    pixels = _decode(image)
    height = pixels.shape[0]
    return _encode(pixels[round(top * height) : round((1 - bottom) * height)])


def turned(image: bytes, degrees: int) -> bytes:
    """Return the picture with its pixels turned clockwise by 90, 180 or 270."""
    return _encode(cv2.rotate(_decode(image), TURNS[degrees]))


def turned_by_exif(image: bytes, degrees: int) -> bytes:
    """Return a picture that looks the same, stored turned, its EXIF tag turning it back by `degrees`."""
    pixels = _decode(image)
    stored = cv2.rotate(pixels, TURNS[360 - degrees]) if degrees else pixels
    exif = Image.Exif()
    exif[ORIENTATION_TAG] = ORIENTATIONS[degrees]
    return to_jpeg(np.asarray(stored, np.uint8), QUALITY, exif)


def blank(seed: int, *, paper: bool = False) -> bytes:
    """Return a photo of a table, with an unprinted strip on it if `paper`."""
    rng = np.random.Generator(np.random.PCG64(seed))
    if not paper:
        return _encode(draw_background(rng, 1600, 1200)[0])
    sheet = burn(np.full((1200, 576), 255, np.uint8), PLAIN_PRINT, rng)
    return _encode(photograph(sheet, draw_look(rng, "easy"), rng).pixels)


def menu(seed: int) -> bytes:
    """Return a photo of a menu: dishes and prices, and nothing that was bought."""
    slip = Slip("roboto", 25)
    slip.centre("QUÁN CƠM NHÀ", size=1.8, bold=True)
    slip.centre("THỰC ĐƠN", size=1.4, bold=True)
    for title, dishes in MENU.items():
        slip.space()
        slip.left(title, size=1.15, bold=True)
        for dish, price in dishes:
            slip.pair(dish, f"{price}K")
    slip.space()
    slip.centre("Quý khách vui lòng gọi món tại quầy")
    return _photo_of(slip, seed)


def bank_slip(seed: int) -> bytes:
    """Return a photo of a card terminal's slip: a shop, a date and an amount, but no goods."""
    slip = Slip("cousine", 20, width=384)
    slip.centre("NGAN HANG TMCP PHUONG NAM", bold=True)
    slip.centre("CUA HANG HOA MAI")
    slip.pair("TID: 70312245", "MID: 000468213")
    slip.pair("BATCH: 000187", "TRACE: 004412")
    slip.centre("SALE / THANH TOAN", bold=True)
    slip.left("**** **** **** 4471")
    slip.pair("DATE 12/11/2026", "TIME 18:40")
    slip.left("APP CODE: 552190")
    slip.pair("TOTAL", "VND 186,100", size=1.2, bold=True)
    slip.centre("APPROVED")
    slip.centre("KHACH HANG GIU LIEN NAY")
    return _photo_of(slip, seed)


def chat_screenshot(receipt: Receipt) -> bytes:
    """Return a receipt as a phone's screen shows a drawn one: flat, level, pure colours, a status bar."""
    dots = receipt.slip.dots()
    width = 1080
    scale = (width - 120) / dots.shape[1]
    print_out = cv2.resize(dots, None, fx=scale, fy=scale, interpolation=cv2.INTER_LINEAR)
    screen = np.full((print_out.shape[0] + 380, width, 3), (250, 246, 240), np.uint8)
    bar = Slip("roboto", 36, width=width - 80)
    bar.cells(Cell("18:42"), Cell("5G  82%", 1.0, "right"))
    bar.left("Hóa đơn của bạn", size=1.2, bold=True)
    head = bar.dots()
    screen[30 : 30 + head.shape[0], 40 : width - 40] = head[..., None]
    screen[240 : 240 + print_out.shape[0], 60 : 60 + print_out.shape[1]] = np.asarray(print_out)[..., None]
    return to_jpeg(screen, 92)


def several_receipts(seed: int) -> bytes:
    """Return one photo that holds two receipts side by side."""
    photos = [
        _decode(photograph_receipt(print_receipt(one, lines=4), one, "easy").image)
        for one in (seed, seed + 1)
    ]
    height = min(photo.shape[0] for photo in photos)
    pair = [
        cv2.resize(
            photo, (round(photo.shape[1] * height / photo.shape[0]), height), interpolation=cv2.INTER_AREA
        )
        for photo in photos
    ]
    return _encode(np.hstack(pair))


def half_in_shadow(image: bytes, seed: int) -> bytes:
    """Return the picture with a deep soft shadow over one part, which local contrast survives."""
    pixels = _decode(image)
    rng = np.random.Generator(np.random.PCG64(seed))
    shade = clouds(rng, pixels.shape[:2], (1, 1)) + 0.2
    return _encode(pixels * (1 - 0.6 / (1 + np.exp(-6 * shade)))[..., None])


MENU = {
    "MÓN CHÍNH": (
        ("Cơm tấm sườn bì chả", 45),
        ("Cơm gà xối mỡ", 42),
        ("Bún bò Huế", 50),
        ("Mì xào hải sản", 55),
    ),
    "CANH": (("Canh chua cá lóc", 40), ("Canh khổ qua", 35)),
    "NƯỚC UỐNG": (("Trà đá", 5), ("Cà phê sữa", 20), ("Nước cam", 28), ("Sinh tố bơ", 35)),
}


def _photo_of(slip: Slip, seed: int) -> bytes:
    rng = np.random.Generator(np.random.PCG64(seed))
    sheet = burn(slip.dots(), PLAIN_PRINT, rng)
    return _encode(photograph(sheet, draw_look(rng, "easy"), rng).pixels)


def _decode(image: bytes) -> Picture:
    """Blue, green, red pixels as stored, whatever the EXIF tag says."""
    with Image.open(BytesIO(image)) as picture:
        return np.ascontiguousarray(np.asarray(picture.convert("RGB"))[..., ::-1])


def _encode(pixels: NDArray[np.generic]) -> bytes:
    return to_jpeg(np.clip(pixels, 0, 255).astype(np.uint8), QUALITY)
