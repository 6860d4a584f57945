"""What a photograph's file tells of a person is never kept; the picture and how it was made are."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pillow_heif
import pytest
from fastapi.testclient import TestClient
from PIL import Image, ImageOps, PngImagePlugin
from sqlmodel import Session, select

from domain.receipts.photos import MEDIA_TYPES, check_photo
from domain.receipts.stripping import without_metadata
from infra import storage
from infra.settings import settings
from ocr.traces.metadata import file_facts
from schemas.receipts import ReceiptPage
from tests import make

PLACE = "S3cretPlace"
GPS = 0x8825
KINDS = ("JPEG", "MPO", "PNG", "WEBP", "HEIF")


def told_everything(kind: str, *, orientation: int = 6) -> bytes:
    """A picture by a phone, edited, whose file says where it was taken in every way that its kind has."""
    pillow_heif.register_heif_opener()
    exif = Image.Exif()
    exif[0x0112], exif[0x010F], exif[0x0110] = orientation, "Apple", "iPhone 13"
    exif[0x0131], exif[0x010E], exif[0x013B] = "Adobe Photoshop 25.0 (Windows)", PLACE, PLACE
    exif.get_ifd(0x8769)[0x9286] = PLACE.encode()
    gps = exif.get_ifd(GPS)
    gps[1], gps[2], gps[3], gps[4] = "N", (10.0, 46.0, 1.2), "E", (106.0, 42.0, 0.5)
    xmp = f"<x:xmpmeta><exif:GPSLatitude>{PLACE}</exif:GPSLatitude></x:xmpmeta>".encode()
    picture = Image.fromarray(np.random.default_rng(7).integers(0, 255, (400, 320, 3), np.uint8))
    save: dict[str, Any] = {"exif": exif, "xmp": xmp}
    if kind == "PNG":
        notes = PngImagePlugin.PngInfo()
        notes.add_text("Comment", f"{PLACE}, drawn by stable diffusion")
        notes.add_itxt("XML:com.adobe.xmp", xmp.decode())
        save = {"exif": exif, "pnginfo": notes}
    if kind in {"JPEG", "MPO"}:
        save |= {"comment": PLACE.encode(), "progressive": kind == "MPO"}
    if kind == "MPO":
        save |= {"save_all": True, "append_images": [picture.resize((80, 60))]}
    buffer = io.BytesIO()
    picture.save(buffer, kind, **save)
    trailer = f"MotionPhoto {PLACE}".encode() if kind == "JPEG" else b""
    return buffer.getvalue() + trailer


def pixels(photo: bytes) -> Any:
    with Image.open(io.BytesIO(photo)) as picture:
        return np.asarray(ImageOps.exif_transpose(picture))


@pytest.mark.parametrize("kind", KINDS)
def test_the_place_goes_and_the_picture_stays(kind: str) -> None:
    told = told_everything(kind)
    assert PLACE.encode() in told
    kept = without_metadata(told, MEDIA_TYPES[kind])
    assert PLACE.encode() not in kept
    with Image.open(io.BytesIO(kept)) as picture:
        assert not picture.getexif().get_ifd(GPS)
        assert set(picture.getexif()) <= {0x010F, 0x0112, 0x0131}
    assert check_photo(kept).media_type == MEDIA_TYPES[kind]
    assert np.array_equal(pixels(kept), pixels(told))


@pytest.mark.parametrize("kind", KINDS)
def test_what_tells_a_forgery_stays_and_doing_it_again_changes_nothing(kind: str) -> None:
    kept = without_metadata(told_everything(kind), MEDIA_TYPES[kind])
    facts = file_facts(kept)
    assert (facts.camera, (facts.editor or "").split(",")[0]) == ("Apple iPhone 13", "Photoshop 25.0")
    assert ("stable diffusion" in (facts.generator or "")) == (kind == "PNG")
    assert without_metadata(kept, MEDIA_TYPES[kind]) == kept


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "HEIF"])
def test_a_picture_without_metadata_is_kept_byte_by_byte(kind: str) -> None:
    photo = make.make_photo(kind)
    assert without_metadata(photo, MEDIA_TYPES[kind]) == photo


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_picture_stays_turned_as_it_was(orientation: int) -> None:
    told = told_everything("JPEG", orientation=orientation)
    assert np.array_equal(pixels(without_metadata(told, "image/jpeg")), pixels(told))


@pytest.mark.parametrize("cut", [2, 20, 33, 60, 200, 1000])
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_file_that_says_its_lengths_wrong_ends(kind: str, cut: int) -> None:
    told = told_everything(kind)
    broken = told[:cut] + b"\xff\xff\xff\xff" + told[cut + 4 :]
    without_metadata(broken, MEDIA_TYPES[kind])


def test_a_heic_whose_metadata_can_t_be_blanked_is_written_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    told = told_everything("HEIF")
    monkeypatch.setattr("domain.receipts.stripping._heic_metadata", lambda _: {"xmp 0": b"not in one place"})
    kept = without_metadata(told, "image/heic")
    monkeypatch.undo()
    assert PLACE.encode() not in kept
    assert check_photo(kept).media_type == "image/heic"
    assert pillow_heif.open_heif(kept).size == pillow_heif.open_heif(told).size


def test_what_is_stored_and_shown_of_an_upload_tells_no_place(
    client: TestClient, session: Session, empty_redis: None
) -> None:
    shopper = make.make_shopper(session)
    told = told_everything("JPEG")
    sent = {"files": [("image", ("a.jpg", told))], "headers": make.bearer(shopper)}
    receipt_id = client.post("/v1/receipts", **sent).json()["id"]  # type: ignore[arg-type]
    page = session.exec(select(ReceiptPage)).one()
    assert page.sha256 == storage.photo_hash(told)
    shown = client.get(f"/v1/receipts/{receipt_id}/image", headers=make.bearer(shopper)).content
    assert shown == storage.get_photo(page.object_name)
    owned = list((settings().data_dir.resolve() / "photos").rglob(f"*/{shopper.id.hex}/*"))
    assert [PLACE.encode() in path.read_bytes() for path in owned] == [False]
