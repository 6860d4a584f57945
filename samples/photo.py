"""A phone's photo of a sheet: pinhole camera, bent paper, light, shadow, glare, blur, noise, JPEG."""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from samples.background import draw_background
from samples.noise import clouds, slope
from samples.paper import PIXELS_A_DOT, Difficulty, Sheet

Picture = NDArray[np.uint8]
Quad = tuple[tuple[float, float], ...]
# Long side of the picture in pixels: apps scale a 12-megapixel photo down to about this.
LONG_SIDE_MIN, LONG_SIDE_MAX = 1500, 3600
PIXELS_A_DOT_MAX = 2.0
# A phone's focal length over the long side of its picture (26 mm on 36 mm film, as main cameras have).
FOCAL = 0.75
ASPECTS = (3 / 4, 9 / 16)
# Maps of light and geometry are smooth, so they are drawn this many times smaller.
COARSE = 8


@dataclass(frozen=True, slots=True)
class Look:
    """How a photo is taken.

    Attributes:
        pixels_a_dot: Picture pixels a printer dot gets in the middle of the paper.
        fill: The paper's share of the frame along its tighter side.
        tilt: Degrees the phone leans, around the horizontal and the vertical axis.
        roll: Degrees the paper lies turned.
        bend: Waves of the paper, as a share of its width, across and down.
        light: Darkening from one side to the other, 0 to 1.
        shadow: Darkness of a hand's or phone's shadow, 0 to 1.
        glare: Strength of a lamp's reflection, 0 to 1.
        exposure: Brightness, 1 is right.
        blur: Sigma of the defocus in pixels.
        motion: Length of a shake in pixels.
        noise: Standard deviation of the grain in grey levels.
        quality: Of the JPEG, 1 to 95.
    """

    pixels_a_dot: float
    fill: float
    tilt: tuple[float, float]
    roll: float
    bend: tuple[float, float]
    light: float
    shadow: float
    glare: float
    exposure: float
    blur: float
    motion: float
    noise: float
    quality: int


@dataclass(frozen=True, slots=True)
class Photo:
    """A picture in blue, green, red, the paper's corners in it (from top left, clockwise), the table."""

    pixels: Picture
    quad: Quad
    table: str


def draw_look(rng: np.random.Generator, difficulty: Difficulty) -> Look:
    """Draw how a photo of this difficulty is taken."""
    ease = {"easy": 0.3, "medium": 0.65, "hard": 1.0}[difficulty]
    hard, medium = difficulty == "hard", difficulty != "easy"
    spread = rng.uniform(-1, 1, 5) * ease
    return Look(
        pixels_a_dot=rng.uniform(0.9, 1.2) if hard else rng.uniform(1.15, 1.6),
        fill=rng.uniform(0.78, 0.96),
        tilt=(float(spread[0] * 22), float(spread[1] * 16)),
        roll=float(spread[2] * 9),
        bend=(float(spread[3] * 0.03), float(spread[4] * 0.025)),
        light=rng.uniform(0, 0.6) * ease,
        shadow=rng.uniform(0.15, 0.45) * ease if medium and rng.random() < ease else 0.0,
        glare=rng.uniform(0.3, 1) * ease if medium and rng.random() < ease / 2 else 0.0,
        exposure=1 - rng.uniform(-0.05, 0.35) * ease,
        blur=rng.uniform(0.3, 1.4) * ease,
        motion=rng.uniform(2, 5) if hard and rng.random() < ease / 3 else 0.0,
        noise=rng.uniform(1, 5) * ease,
        quality=int(rng.integers(60, 78) if hard else rng.integers(74, 90)),
    )


def photograph(sheet: Sheet, look: Look, rng: np.random.Generator) -> Photo:
    """Take a photo of a sheet lying on a table."""
    quad, (height, width) = _frame(sheet, look, rng)
    columns, rows = _lookup(sheet, look, quad, (height, width))
    shade = cv2.remap(sheet.shade, columns, rows, cv2.INTER_LINEAR, borderValue=(255,))
    mask = cv2.remap(sheet.mask, columns, rows, cv2.INTER_LINEAR, borderValue=(0,))
    bare_table, kind = draw_background(rng, height, width)
    table = _under_paper(bare_table, np.asarray(mask, np.uint8), rng)
    cover = np.asarray(mask, np.uint8)[..., None].astype(np.uint16)
    paper = _coloured(np.asarray(shade, np.uint8), sheet).astype(np.uint16)
    scene = ((paper * cover + table * (255 - cover)) // 255).astype(np.uint8)
    lit = _lit(scene, look, rng)
    return Photo(_sensed(lit, look, rng), quad, kind)


def running_off(photo: Photo, *, top: bool, bottom: bool) -> Photo:
    """Cut the picture inside the paper's upper or lower edge, so that the paper runs off the frame."""
    height = photo.pixels.shape[0]
    ys = [y for _, y in photo.quad]
    # Bent paper's edge waves by up to this share around the line between its corners.
    wave = round(0.015 * height)
    first = round(max(ys[0], ys[1])) + wave if top else 0
    last = round(min(ys[2], ys[3])) - wave if bottom else height
    quad = tuple((x, y - first) for x, y in photo.quad)
    return Photo(photo.pixels[first:last], quad, photo.table)


def to_jpeg(pixels: Picture, quality: int, exif: Image.Exif | None = None) -> bytes:
    """Encode blue, green, red pixels; `quality` is 1 to 95."""
    target = BytesIO()
    picture = Image.fromarray(np.ascontiguousarray(pixels[..., ::-1]))
    extra = {"exif": exif.tobytes()} if exif is not None else {}
    picture.save(target, "JPEG", quality=quality, **extra)
    return target.getvalue()


def _frame(sheet: Sheet, look: Look, rng: np.random.Generator) -> tuple[Quad, tuple[int, int]]:
    """Project the sheet's corners and choose the frame around them."""
    height, width = (side / PIXELS_A_DOT for side in sheet.shade.shape)
    corners = np.array([[-width, -height], [width, -height], [width, height], [-width, height]]) / 2
    flat = np.hstack([corners, np.zeros((4, 1))]) @ _rotation(look).T
    # Leaning over a long receipt the phone is farther away: the distance grows with the paper.
    away = max(height, width) * FOCAL * 1.25
    seen = flat[:, :2] * (away / (away + flat[:, 2:]))
    size = seen.max(axis=0) - seen.min(axis=0)
    aspect = ASPECTS[int(rng.integers(len(ASPECTS)))]
    tall = max(size[1], size[0] / aspect) / look.fill
    # A short slip is photographed from nearer, a very long one does not get more pixels than there are.
    scale = max(look.pixels_a_dot, min(LONG_SIDE_MIN / tall, PIXELS_A_DOT_MAX))
    scale = min(scale, LONG_SIDE_MAX / tall)
    frame_height, frame_width = round(tall * scale), round(tall * aspect * scale)
    room = np.array([frame_width, frame_height]) - size * scale
    corner = room * rng.uniform(0.3, 0.7, 2)
    placed = (seen - seen.min(axis=0)) * scale + corner
    return tuple((float(x), float(y)) for x, y in placed), (frame_height, frame_width)


def _rotation(look: Look) -> NDArray[np.float64]:
    over, across, turn = np.radians([*look.tilt, look.roll])
    lean = np.array([[1, 0, 0], [0, np.cos(over), -np.sin(over)], [0, np.sin(over), np.cos(over)]])
    side = np.array([[np.cos(across), 0, np.sin(across)], [0, 1, 0], [-np.sin(across), 0, np.cos(across)]])
    roll = np.array([[np.cos(turn), -np.sin(turn), 0], [np.sin(turn), np.cos(turn), 0], [0, 0, 1]])
    return np.asarray(lean @ side @ roll, np.float64)


def _lookup(
    sheet: Sheet, look: Look, quad: Quad, frame: tuple[int, int]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Where on the sheet each picture pixel looks: columns and rows, both of the frame's shape."""
    height, width = sheet.shade.shape
    unit = np.array([[0, 0], [1, 0], [1, 1], [0, 1]], np.float32)
    to_sheet = cv2.getPerspectiveTransform(np.array(quad, np.float32), unit)
    # Nodes stand in the middle of each coarse cell, as cv2.resize takes them when it fills in;
    # one cell more on every side, since it repeats the outermost ones.
    coarse = (frame[0] // COARSE + 3, frame[1] // COARSE + 3)
    ys, xs = np.mgrid[0 : coarse[0], 0 : coarse[1]].astype(np.float32)
    ys, xs = (ys - 0.5) * COARSE - 0.5, (xs - 0.5) * COARSE - 0.5
    along = to_sheet @ np.stack([xs.ravel(), ys.ravel(), np.ones(xs.size)])
    u, v = (along[:2] / along[2]).reshape(2, *coarse)
    # The corners stay where they are; what lies between them waves.
    bent_u = u + look.bend[0] * np.sin(np.pi * v) * np.sin(2 * np.pi * v + 1)
    bent_v = v + look.bend[1] * width / height * np.sin(np.pi * u) * (0.4 + np.cos(3 * v))
    full = (coarse[1] * COARSE, coarse[0] * COARSE)
    inside = np.s_[COARSE : COARSE + frame[0], COARSE : COARSE + frame[1]]
    columns = cv2.resize((bent_u * width - 0.5).astype(np.float32), full)[inside]
    rows = cv2.resize((bent_v * height - 0.5).astype(np.float32), full)[inside]
    return np.asarray(columns, np.float32), np.asarray(rows, np.float32)


def _coloured(shade: Picture, sheet: Sheet) -> Picture:
    """From 0 burnt to 255 bare, in the colours of this paper and its ink."""
    levels = np.linspace(0, 1, 256)[:, None]
    table = levels * np.array(sheet.paper) + (1 - levels) * np.array(sheet.ink)
    return np.asarray(table.round().astype(np.uint8)[shade], np.uint8)


def _under_paper(table: Picture, mask: Picture, rng: np.random.Generator) -> NDArray[np.uint16]:
    """Darken the table beside the paper, on the side away from the light."""
    small = cv2.resize(mask, None, fx=0.25, fy=0.25, interpolation=cv2.INTER_AREA)
    shift = np.array([[1, 0, rng.uniform(-4, 4)], [0, 1, rng.uniform(0, 5)]])
    cast = cv2.GaussianBlur(cv2.warpAffine(small, shift, small.shape[::-1]), (0, 0), 3)
    dark = cv2.resize(cast, mask.shape[::-1]).astype(np.uint16) * int(rng.integers(60, 130)) // 255
    return np.asarray(table * (255 - dark[..., None]) // 255, np.uint16)


def _lit(scene: Picture, look: Look, rng: np.random.Generator) -> NDArray[np.float32]:
    """Light falling off, a shadow, a lamp's reflection, exposure and colour of the light."""
    shape = (scene.shape[0] // COARSE + 1, scene.shape[1] // COARSE + 1)
    light = look.exposure * (1 - look.light * (0.5 + 0.5 * slope(rng, shape)))
    if look.shadow:
        edge = slope(rng, shape) * 3 + clouds(rng, shape, (2, 2)) + rng.uniform(-1.2, 0.4)
        light *= 1 - look.shadow / (1 + np.exp(-edge * rng.uniform(3, 12)))
    cast = 1 + rng.uniform(-0.05, 0.05, 3).astype(np.float32) * np.array([1, 0.2, -1], np.float32)
    full = cv2.resize(light.astype(np.float32), scene.shape[1::-1])
    lit = scene.astype(np.float32) * full[..., None] * cast
    if look.glare:
        lit += _glare(shape, scene, look, rng)[..., None]
    return np.asarray(lit, np.float32)


def _glare(
    shape: tuple[int, int], scene: Picture, look: Look, rng: np.random.Generator
) -> NDArray[np.float32]:
    """A soft bright spot somewhere on the middle of the picture, in grey levels."""
    ys, xs = np.mgrid[0 : shape[0], 0 : shape[1]].astype(np.float32)
    middle = np.array(shape) * rng.uniform(0.25, 0.75, 2)
    radius = np.array(shape) * rng.uniform(0.08, 0.22, 2)
    spot = (
        130
        * look.glare
        * np.exp(-(((ys - middle[0]) / radius[0]) ** 2) - ((xs - middle[1]) / radius[1]) ** 2)
    )
    return np.asarray(cv2.resize(spot, scene.shape[1::-1]), np.float32)


def _sensed(lit: NDArray[np.float32], look: Look, rng: np.random.Generator) -> Picture:
    """Blur of lens and hand, then the sensor's grain."""
    if look.motion:
        lit = np.asarray(cv2.filter2D(lit, -1, _shake(look.motion, rng.uniform(0, np.pi))), np.float32)
    seen = np.asarray(cv2.GaussianBlur(lit, (0, 0), max(look.blur, 0.25)), np.float32)
    grain = rng.standard_normal(seen.shape[:2], dtype=np.float32) * look.noise
    # A phone smooths its grain before it compresses: spots of more than one pixel are left.
    grain = np.asarray(cv2.GaussianBlur(grain, (0, 0), 0.6), np.float32)
    return np.asarray((seen + grain[..., None]).clip(0, 255), np.uint8)


def _shake(length: float, angle: float) -> NDArray[np.float32]:
    """A straight stroke of `length` pixels as a blur kernel of sum 1."""
    side = int(length) * 2 + 1
    kernel = np.zeros((side, side), np.float32)
    for step in np.linspace(-length / 2, length / 2, 4 * side):
        row, column = round(side // 2 + step * np.sin(angle)), round(side // 2 + step * np.cos(angle))
        kernel[row, column] += 1
    return np.asarray(kernel / kernel.sum(), np.float32)
