"""What a picture tells of its making: a screen's colour, a program's letters, words put in later."""

from __future__ import annotations

import io
from functools import cache

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont, PngImagePlugin

from ocr.preprocess.decode import decode
from ocr.traces.drawn import drawing_marks
from ocr.traces.edits import PrintedWord, misfit
from ocr.traces.look import look_at
from ocr.traces.metadata import file_facts
from ocr.traces.screen import colour_pattern
from ocr.traces.types import PictureTraces
from ocr.types import Box

Colour = NDArray[np.uint8]
FONT = ImageFont.load_default(22)
ROWS = [
    f"{name:<18}{1000 * number + 500:>9,}" for number, name in enumerate(("OMO bot giat", "Sua tuoi") * 16)
]


@cache
def drawn() -> tuple[Image.Image, tuple[PrintedWord, ...]]:
    """A receipt as a program draws it, and where its words stand."""
    page = Image.new("RGB", (700, 1150), (250, 250, 250))
    pen = ImageDraw.Draw(page)
    words = []
    for number, row in enumerate(ROWS):
        for text, left in ((row[:18].strip(), 60), (row[18:].strip(), 480)):
            pen.text((left, 40 + 34 * number), text, font=FONT, fill=(30, 30, 34))
            x0, y0, x1, y1 = pen.textbbox((left, 40 + 34 * number), text, font=FONT)
            words.append(PrintedWord(text, (int(x0), int(y0), int(x1), int(y1)), 0.9))
    return page, tuple(words)


@cache
def photographed(blur: float = 1.1) -> Colour:
    """The same on paper, seen by a camera: blurred, unevenly lit, grained."""
    rng = np.random.default_rng(3)
    page = np.asarray(drawn()[0], np.float32)
    height, width = page.shape[:2]
    seen = cv2.GaussianBlur(page, (0, 0), blur)
    light = np.linspace(0.75, 0.98, width, dtype=np.float32)[None, :, None]
    grain = rng.normal(0, 2.5, (height, width, 1)).astype(np.float32)
    return np.asarray(np.clip(seen * light + grain, 0, 255), np.uint8)


def held(blur: float = 1.1) -> Colour:
    """The photograph taken by hand: a little askew, letters unevenly printed."""
    picture = photographed(blur)
    height, width = picture.shape[:2]
    wear = np.random.default_rng(4).normal(0, 16, (height // 3, width // 3)).astype(np.float32)
    ink = (255 - picture[..., :1].astype(np.float32)) / 255
    worn = picture + cv2.resize(wear, (width, height))[..., None] * ink
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), 1.3, 1.02)
    turned = cv2.warpAffine(
        np.clip(worn, 0, 255).astype(np.uint8), turn, (width, height), borderValue=(90,) * 3
    )
    return np.asarray(turned, np.uint8)


def jpeg(picture: Colour | Image.Image, quality: int = 80, **save: object) -> bytes:
    image = picture if isinstance(picture, Image.Image) else Image.fromarray(picture)
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=quality, **save)
    return buffer.getvalue()


def look(data: bytes, words: tuple[PrintedWord, ...] = ()) -> PictureTraces:
    return look_at(data, decode(data), words)


def on_screen(picture: Colour) -> Colour:
    """The picture on a screen whose stripes of red, green and blue the camera just resolves."""
    columns = np.arange(picture.shape[1])[None, :] + 0.04 * np.arange(picture.shape[0])[:, None]
    stripes = [1 + 0.18 * np.cos(2 * np.pi * (columns / 7.3 + third / 3)) for third in range(3)]
    return np.asarray(np.clip(picture * np.stack(stripes, axis=2), 0, 255), np.uint8)


def test_a_screen_shows_regular_colour() -> None:
    traces = look(jpeg(on_screen(photographed())))
    assert traces.pattern_height > 5.4
    assert 2 * traces.pattern_period == pytest.approx(7.3, rel=0.1)


def test_paper_print_and_coloured_ink_show_none() -> None:
    inked = photographed().astype(np.float32)
    inked[..., 2] += (255 - inked[..., 0]) * 0.4
    for picture in (photographed(), np.asarray(np.clip(inked, 0, 255), np.uint8)):
        assert look(jpeg(picture)).pattern_height < 4.2


def test_a_picture_too_small_to_tell_shows_none() -> None:
    assert colour_pattern(np.zeros((100, 90, 3), np.uint8)).patches == 0


@pytest.mark.parametrize("quality", [95, 80])
def test_a_drawing_repeats_its_letters_on_one_gray(quality: int) -> None:
    traces = look(jpeg(drawn()[0], quality))
    assert traces.plain > 0.4
    assert traces.equal > 0.1
    assert traces.level > 0.8


def test_a_photograph_repeats_none() -> None:
    traces = look(jpeg(held(), 90))
    assert traces.plain < 0.25
    assert traces.equal < 0.03


def test_a_scan_is_plain_but_repeats_none() -> None:
    scanned = np.clip(held().astype(np.float32) * 1.6, 0, 255).astype(np.uint8)
    marks = drawing_marks(np.ascontiguousarray(scanned[..., 0]))
    assert marks.plain > 0.4
    assert marks.equal < 0.03


def test_a_blank_picture_has_no_letters_to_compare() -> None:
    marks = drawing_marks(np.full((500, 400), 200, np.uint8))
    assert (marks.plain, marks.equal, marks.level) == (1.0, 0.0, 0.0)


def edited(boxes: list[Box]) -> NDArray[np.uint8]:
    """The photograph with some words typed anew by a program."""
    picture = Image.fromarray(photographed())
    pen = ImageDraw.Draw(picture)
    for left, top, right, bottom in boxes:
        ground = picture.getpixel((left - 6, top))
        pen.rectangle((left - 2, top - 2, right + 2, bottom + 2), fill=ground)
        pen.text((left, bottom), "987,500", font=FONT, fill=(40, 40, 44), anchor="ls")
    return np.asarray(picture.convert("L"), np.uint8)


def test_words_typed_onto_a_photograph_are_sharper_than_the_rest() -> None:
    words = drawn()[1]
    changed = [words[number].box for number in (9, 21, 41, 43)]
    found = misfit(edited(changed), words)
    assert found is not None
    assert set(found.boxes) == set(changed)
    assert found.strength >= 0.5


def test_one_blur_over_all_words_is_no_misfit() -> None:
    assert misfit(edited([]), drawn()[1]) is None


def test_blur_that_grows_over_the_frame_is_no_misfit() -> None:
    sharp, soft = photographed(0.8), photographed(1.8)
    weight = np.linspace(0, 1, sharp.shape[0], dtype=np.float32)[:, None, None]
    blended = np.asarray(sharp * (1 - weight) + soft * weight, np.uint8)
    assert misfit(np.asarray(Image.fromarray(blended).convert("L"), np.uint8), drawn()[1]) is None


def test_a_shadow_s_rim_across_words_is_no_misfit() -> None:
    photo = edited([]).astype(np.float32)
    light = np.where(np.arange(photo.shape[1]) < 490, 1.0, 0.55).astype(np.float32)
    light = np.convolve(np.pad(light, 12, mode="edge"), np.ones(25, np.float32) / 25, mode="valid")
    rows = np.arange(photo.shape[0])
    shaded = np.where(((rows > 300) & (rows < 440))[:, None], photo * light, photo)
    assert misfit(shaded.astype(np.uint8), drawn()[1]) is None


def test_few_words_are_not_judged() -> None:
    assert misfit(edited([drawn()[1][3].box]), drawn()[1][:8]) is None


def test_boxes_of_edits_are_in_pixels_of_the_full_picture() -> None:
    words = drawn()[1]
    changed = [words[number].box for number in (9, 21, 41, 43)]
    data = jpeg(Image.fromarray(edited(changed)), 95)
    assert set(look(data, words).edit_boxes) == set(changed)


def test_a_file_names_its_camera() -> None:
    exif = Image.Exif()
    exif[0x010F], exif[0x0110], exif[0x0131] = "Apple", "iPhone 13", "17.4.1"
    facts = file_facts(jpeg(photographed(), exif=exif))
    assert (facts.camera, facts.editor, facts.generator) == ("Apple iPhone 13", None, None)


@pytest.mark.parametrize("software", ["Adobe Photoshop 24.1 (Windows)", "GIMP 2.10", "Canva", "PicsArt"])
def test_a_file_names_its_editor(software: str) -> None:
    exif = Image.Exif()
    exif[0x0131] = software
    assert file_facts(jpeg(photographed(), exif=exif)).editor == software


@pytest.mark.parametrize("software", ["HDR+ 1.0.585804401zd", "MediaTek Camera Application", "A145FXXU5CXE2"])
def test_what_phones_write_is_no_editor(software: str) -> None:
    exif = Image.Exif()
    exif[0x0131] = software
    assert file_facts(jpeg(photographed(), exif=exif)).editor is None


def test_generators_are_known_by_their_notes_and_credentials() -> None:
    notes = PngImagePlugin.PngInfo()
    notes.add_text("parameters", "a receipt, steps: 30, model: stable-diffusion-xl")
    buffer = io.BytesIO()
    drawn()[0].save(buffer, "PNG", pnginfo=notes)
    assert file_facts(buffer.getvalue()).generator is not None
    credentials = b"<Iptc4xmpExt:DigitalSourceType>http://cv.iptc.org/trainedAlgorithmicMedia"
    assert file_facts(jpeg(drawn()[0]) + credentials).generator == "trainedAlgorithmicMedia"


def test_bytes_that_are_no_picture_say_nothing() -> None:
    assert file_facts(b"no picture").camera is None


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_other_formats_are_looked_at_too(kind: str) -> None:
    buffer = io.BytesIO()
    drawn()[0].save(buffer, kind, lossless=True)
    assert look(buffer.getvalue()).equal > 0.1


def test_what_a_picture_is_known_by_is_handed_on_but_not_kept_with_the_reading() -> None:
    traces = look(jpeg(photographed()))
    assert traces.code
    assert traces.probes
    kept = traces.model_dump(mode="json")
    assert not {"code", "probes"} & kept.keys()
    assert PictureTraces.model_validate(kept).code is None
