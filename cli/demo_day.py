"""A day at the demo: shoppers send receipts over HTTP, some twice, and wait for what becomes of them."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
from rich.progress import Progress, TaskID

import samples
from infra.processes import LOOPBACK
from schemas.receipts import WAITING_STATUSES

WAITING = WAITING_STATUSES[0]
LOOK_AGAIN_SECONDS = 0.4
# Twelve receipts take some ten seconds on two cores; a machine ten times as slow still gets there.
PATIENCE_SECONDS = 300.0
CODE_PATIENCE_SECONDS = 60.0
PRINTED_CODE = "the code for {number} is "
CODE_DIGITS = 6


class DemoError(Exception):
    """Something that the demo relies on did not happen."""


@dataclass
class Upload:
    """One receipt that a shopper sends, and the status and reason that it should end with."""

    shopper: str
    title: str
    pages: Sequence[bytes]
    expected: str
    reason: str | None = None
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

    def send(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """Send a body as JSON, with more headers if need be; return what the API answers.

        Raises:
            httpx.HTTPError: It refuses or is away.
        """
        answer = self._client.request(method, path, json=body, headers=headers).raise_for_status()
        return answer.json() if answer.content else None

    def agree(self) -> None:
        """Agree to take part and that brands see purchases, to the words that are shown today.

        Raises:
            httpx.HTTPError: It refuses or is away.
        """
        asked = self.get("/v1/me/consents")["consents"]
        yes = [
            {"purpose": one["purpose"], "given": True, "text_version": one["text"]["version"]}
            for one in asked
            if one["purpose"] in {"programme", "brand_insight"} and one["brand"] is None
        ]
        self.send("PUT", "/v1/me/consents", {"consents": yes, "language": "en"})

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


def sign_in(port: int, phone: str, log: Path) -> Door:
    """Sign a shopper in as their app would: ask for a code, read it in the workers' log, send it back, agree.

    Raises:
        DemoError: No code came.
        httpx.HTTPError: The API refuses or is away.
    """
    with httpx.Client(base_url=f"http://{LOOPBACK}:{port}/v1/auth", timeout=60, trust_env=False) as client:
        client.post("/codes", json={"phone": phone}).raise_for_status()
        sent = {"phone": phone, "code": _code_in(log, phone), "device_name": "demo"}
        tokens = client.post("/tokens", json=sent).raise_for_status().json()
    door = Door(port, tokens["access_token"])
    door.agree()
    return door


def _code_in(log: Path, phone: str) -> str:
    printed = PRINTED_CODE.format(number=phone.replace("0", "+84", 1))
    end = time.monotonic() + CODE_PATIENCE_SECONDS
    while time.monotonic() < end:
        _, found, rest = log.read_text(encoding="utf-8", errors="replace").rpartition(printed)
        if found:
            return rest[:CODE_DIGITS]
        time.sleep(LOOK_AGAIN_SECONDS)
    raise DemoError(f"No code for {phone} was printed in {log}.")


def first_uploads(shoppers: Sequence[str], folder: Path) -> list[Upload]:
    """Return every sample receipt once, handed out to the shoppers in turn."""
    rows = [row for row in samples.load_truth(folder) if "same_paper_as" not in row]
    return [
        Upload(shoppers[number % len(shoppers)], _title(row["image"]), _pages(folder, row), "approved")
        for number, row in enumerate(rows)
    ]


def second_uploads(first: Sequence[Upload], cheat: str, folder: Path) -> list[Upload]:
    """Return ways of sending a paper again: one's own picture, a copied file, another photo of it."""
    again = [
        Upload(cheat, _title(row["image"]), _pages(folder, row), "in_review", "same_receipt")
        for row in samples.load_truth(folder)
        if "same_paper_as" in row
    ]
    sent = next((upload for upload in first if upload.view.get("status") == "approved"), None)
    if sent is not None:
        own = Upload(sent.shopper, f"{sent.title}, once more", sent.pages, "rejected", "already_sent")
        copied = Upload(cheat, f"{sent.title}, copied", sent.pages, "rejected", "same_image")
        again += [own, copied]
    return again


def _title(image: str) -> str:
    return Path(image).stem


def _pages(folder: Path, row: Mapping[str, Any]) -> list[bytes]:
    return [(folder / name).read_bytes() for name in row.get("pages") or [row["image"]]]


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
