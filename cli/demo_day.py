"""A day at the demo: shoppers send receipts over HTTP, some twice, and wait for what becomes of them."""

from __future__ import annotations

import io
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
from PIL import Image
from rich.progress import Progress, TaskID

import samples
from infra.processes import LOOPBACK
from schemas.receipts import WAITING_STATUSES

WAITING = WAITING_STATUSES[0]
LOOK_AGAIN_SECONDS = 0.4
# Twelve receipts take some ten seconds on two cores; a machine ten times as slow still gets there.
PATIENCE_SECONDS = 300.0


class DemoError(Exception):
    """Something that the demo relies on did not happen."""


@dataclass
class Upload:
    """One receipt that a shopper sends. `expected` is the status it should end in.

    `reason` is the code of the reason it should end with, `total` what its paper says was paid.
    """

    shopper: str
    title: str
    pages: Sequence[bytes]
    expected: str
    reason: str | None = None
    total: float | None = None
    receipt_id: str = ""
    view: dict[str, Any] = field(default_factory=dict)

    @property
    def ended(self) -> bool:
        """Say whether it was decided."""
        return bool(self.view) and self.view["status"] not in WAITING_STATUSES

    @property
    def reason_codes(self) -> list[str]:
        """The codes of the reasons it ended with."""
        return [reason["code"] for reason in self.view.get("reasons", ())]


class Door:
    """The API, as one of the demo's people sees it."""

    def __init__(self, port: int, token: str) -> None:
        # Loopback is reached directly, whatever proxy the environment names.
        self._client = httpx.Client(
            base_url=f"http://{LOOPBACK}:{port}",
            headers={"Authorization": f"Bearer {token}", "Accept-Language": "en"},
            timeout=60,
            trust_env=False,
        )

    def get(self, path: str) -> Any:
        """Return what the API answers.

        Raises:
            httpx.HTTPError: It refuses or is away.
        """
        return self._client.get(path).raise_for_status().json()

    def upload(self, pages: Sequence[bytes]) -> str:
        """Send the pages of one receipt; return its id.

        Raises:
            DemoError: It was not accepted.
            httpx.HTTPError: The API is away.
        """
        files = [("image", (f"page{number}.jpg", page, "image/jpeg")) for number, page in enumerate(pages)]
        answer = self._client.post("/v1/receipts", files=files, headers={"Idempotency-Key": uuid4().hex})
        if answer.status_code != HTTPStatus.ACCEPTED:
            raise DemoError(f"An upload was answered {answer.status_code}: {answer.text[:500]}")
        return str(answer.json()["id"])


def first_uploads(shoppers: Sequence[str], folder: Path) -> list[Upload]:
    """Return every sample receipt, handed out to the shoppers in turn."""
    return [
        Upload(
            shopper=shoppers[number % len(shoppers)],
            title=Path(row["image"]).stem,
            pages=[(folder / name).read_bytes() for name in row.get("pages") or [row["image"]]],
            expected="approved",
            total=row["total"],
        )
        for number, row in enumerate(samples.load_truth(folder))
    ]


def second_uploads(first: Sequence[Upload], cheat: str) -> list[Upload]:
    """Return ways of sending one approved paper again: one's own, a copied file, another photo of it."""
    for upload in first:
        if upload.expected == upload.view["status"] and len(upload.pages) == 1:
            title, pages = upload.title, upload.pages
            return [
                Upload(upload.shopper, f"{title}, sent again", pages, "rejected", "already_sent"),
                Upload(cheat, f"{title}, a copied file", pages, "rejected", "same_image"),
                Upload(
                    cheat, f"{title}, another photo", [another_photo(pages[0])], "in_review", "same_receipt"
                ),
            ]
    return []


def another_photo(photo: bytes) -> bytes:
    """Return the picture as another phone might have taken it: a little smaller, other bytes."""
    picture = Image.open(io.BytesIO(photo)).convert("RGB")
    width, height = picture.size
    buffer = io.BytesIO()
    picture.resize((width * 96 // 100, height * 96 // 100), Image.Resampling.LANCZOS).save(
        buffer, "JPEG", quality=88
    )
    return buffer.getvalue()


def send(uploads: Sequence[Upload], doors: Mapping[str, Door], progress: Progress, bar: TaskID) -> None:
    """Upload each receipt as its shopper.

    Raises:
        DemoError: One was not accepted.
        httpx.HTTPError: The API is away.
    """
    for upload in uploads:
        upload.receipt_id = doors[upload.shopper].upload(upload.pages)
        progress.advance(bar)


def wait_for(uploads: Sequence[Upload], doors: Mapping[str, Door], progress: Progress, bar: TaskID) -> None:
    """Look at the receipts until each has ended; those that have not when patience ends stay as they are.

    Raises:
        httpx.HTTPError: The API is away.
    """
    end = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < end:
        for shopper in {upload.shopper for upload in uploads if not upload.ended}:
            # The list tells what has ended for less than a look at each receipt would cost.
            listed = doors[shopper].get("/v1/receipts?limit=100")["receipts"]
            status = {row["id"]: row["status"] for row in listed}
            for upload in uploads:
                if not upload.ended and status.get(upload.receipt_id, WAITING) not in WAITING_STATUSES:
                    upload.view = doors[shopper].get(f"/v1/receipts/{upload.receipt_id}")
                    progress.advance(bar)
        if all(upload.ended for upload in uploads):
            return
        time.sleep(LOOK_AGAIN_SECONDS)


def faults(uploads: Sequence[Upload], balances: Mapping[str, list[dict[str, Any]]]) -> list[str]:
    """Say what did not go as it should; nothing where all did."""
    found = [
        f"{upload.shopper}'s {upload.title} ended {upload.view.get('status', 'nowhere')}"
        f" ({', '.join(upload.reason_codes) or 'no reason'}), not {upload.expected}"
        for upload in uploads
        if upload.view.get("status") != upload.expected
        or (upload.reason and upload.reason not in upload.reason_codes)
    ]
    found += [
        f"{upload.title} was read to a total of {upload.view['reading']['total']}, not {upload.total}"
        for upload in uploads
        if upload.view.get("status") == "approved"
        and upload.total is not None
        and upload.view["reading"]["total"] != upload.total
    ]
    credited = points_by_brand(uploads)
    if not any(credited.values()):
        found.append("nobody was credited a point")
    for shopper, rows in balances.items():
        shown = {row["brand"]: row["available"] for row in rows if row["available"]}
        if shown != credited.get(shopper, {}):
            found.append(
                f"{shopper}'s balances {shown} are not the points of the receipts {credited[shopper]}"
            )
    return found


def points_by_brand(uploads: Sequence[Upload]) -> dict[str, dict[str, int]]:
    """Add up the points on approved receipts' lines, by shopper and brand."""
    added: dict[str, dict[str, int]] = {upload.shopper: {} for upload in uploads}
    for upload in uploads:
        if upload.view.get("status") == "approved":
            brands = added[upload.shopper]
            for line in upload.view["lines"]:
                if line["points"]:
                    brands[line["brand"]] = brands.get(line["brand"], 0) + line["points"]
    return added
