"""Receipts of a labelled folder as the programme meets them: read once, then settled one by one."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from datetime import date
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import cv2
from sqlmodel import Session, select

from domain.campaigns.programme import read_terms
from domain.campaigns.versions import publish_terms, published_of
from domain.people.shoppers import join_shopper
from domain.settlement import settle_receipt
from infra import clock
from infra.storage import photo_hash
from ocr.reader import read_receipt
from ocr.types import Reading
from schemas.base import new_id
from schemas.campaigns import Campaign
from schemas.receipts import Receipt, ReceiptPage


def read_all(folder: Path, images: Sequence[str], processes: int | None = None) -> dict[str, Reading]:
    """Read pictures on several processes, as many as there are cores when None; by name below the folder."""
    # A process an own share of the cores: OpenCV would take all of them in each.
    pool = ProcessPoolExecutor(
        processes or os.cpu_count() or 1,
        mp_context=get_context("fork"),
        initializer=cv2.setNumThreads,
        initargs=(1,),
    )
    with pool:
        return dict(zip(images, pool.map(_read, [folder / image for image in images]), strict=True))


def read_once(
    folder: Path, images: Sequence[str], file: Path | None, processes: int | None = None
) -> dict[str, Reading]:
    """Read pictures, or take from a file what an earlier call has read, and leave it there.

    What pictures are known again by is not written: readings of a file are no copies of each other.
    """
    kept: dict[str, Reading] = {}
    if file is not None and file.is_file():
        rows = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
        kept = {row["image"]: Reading.model_validate(row["reading"]) for row in rows}
    missing = [image for image in images if image not in kept]
    read = read_all(folder, missing, processes) if missing else {}
    if file is not None and read:
        with file.open("a", encoding="utf-8") as out:
            for image, reading in read.items():
                row = {"image": image, "reading": reading.model_dump(mode="json")}
                out.write(json.dumps(row, ensure_ascii=False) + "\n")
    return {image: kept[image] if image in kept else read[image] for image in images}


def change_terms(session: Session, **changed: Any) -> None:
    """Publish every campaign that stands anew, with some of its terms changed."""
    for campaign in session.exec(select(Campaign)).all():
        if standing := published_of(session, campaign):
            terms = read_terms(standing.version.terms).model_copy(update=changed)
            publish_terms(session, campaign.id, terms)


def accept_any_day(session: Session) -> None:
    """Let the campaign take receipts of every day: what is measured is not how old they are."""
    change_terms(session, starts_on=date(2000, 1, 1), ends_on=date(2100, 1, 1), accepted_days=36_500)


def send_unseen(session: Session, phone: str) -> Receipt:
    """Let a shopper send a receipt whose picture is not kept."""
    now = clock.now()
    shopper = join_shopper(session, phone)
    receipt = Receipt(shopper_id=shopper.id, request_hash=new_id().hex, received_at=now, rung_at=now)
    session.add(receipt)
    session.flush()
    return receipt


def settle_picture(session: Session, phone: str, photo: bytes, reading: Reading) -> Receipt:
    """Let a shopper send a picture that was read, and settle it in the caller's transaction."""
    receipt = send_unseen(session, phone)
    session.add(
        ReceiptPage(
            receipt_id=receipt.id,
            position=0,
            sha256=photo_hash(photo),
            object_name=photo_hash(photo),
            media_type="image/jpeg",
            width=1,
            height=1,
            size_bytes=len(photo),
        )
    )
    session.flush()
    settle_receipt(session, receipt.id, reading)
    session.flush()
    return receipt


def _read(path: Path) -> Reading:
    return read_receipt(path.read_bytes())
