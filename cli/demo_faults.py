"""Whether the demo's day went as it should."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import samples
from cli.demo_day import Upload

# A reading in doubt goes to a person, which is as it should be; most must do without one.
APPROVED_SHARE_MIN = 0.8


def faults(
    first: Sequence[Upload],
    again: Sequence[Upload],
    balances: Mapping[str, Sequence[Mapping[str, Any]]],
    folder: Path,
) -> list[str]:
    """Say what did not go as it should; nothing where all did.

    Args:
        first: The sample receipts, each sent once.
        again: Papers that were sent before.
        balances: What the API says that each shopper holds.
        folder: Of the samples, whose truth says what was paid.
    """
    return [
        *_unsettled(first),
        *_misread(first, folder),
        *_not_caught(again),
        *_wrong_balances([*first, *again], balances),
    ]


def _unsettled(first: Sequence[Upload]) -> Iterator[str]:
    for upload in first:
        if upload.view.get("status") not in {"approved", "in_review"}:
            yield f"{upload.title} ended {_ended(upload)}"
    approved = sum(upload.view.get("status") == "approved" for upload in first)
    if approved < APPROVED_SHARE_MIN * len(first):
        yield f"only {approved} of {len(first)} receipts were approved"


def _misread(first: Sequence[Upload], folder: Path) -> Iterator[str]:
    totals = {Path(row["image"]).stem: row["total"] for row in samples.load_truth(folder)}
    for upload in first:
        if upload.view.get("status") == "approved":
            read = upload.view["reading"]["total"]
            if read != totals[upload.title]:
                yield f"{upload.title} was approved with a total of {read}, not {totals[upload.title]}"


def _not_caught(again: Sequence[Upload]) -> Iterator[str]:
    if not any(upload.expected == "rejected" for upload in again):
        yield "no receipt was approved that could be sent again"
    for upload in again:
        if upload.view.get("status") != upload.expected or upload.reason not in upload.reason_codes:
            yield f"{upload.title} ended {_ended(upload)}, not {upload.expected} ({upload.reason})"


def _wrong_balances(
    uploads: Sequence[Upload], balances: Mapping[str, Sequence[Mapping[str, Any]]]
) -> Iterator[str]:
    credited = points_by_brand(uploads)
    if not any(credited.values()):
        yield "nobody was credited a point"
    for shopper, rows in balances.items():
        shown = {row["brand"]: row["available"] for row in rows if row["available"]}
        if shown != credited.get(shopper, {}):
            yield f"{shopper} holds {shown}, but the receipts earned {credited.get(shopper, {})}"


def points_by_brand(uploads: Sequence[Upload]) -> dict[str, dict[str, int]]:
    """Add up the points on approved receipts' lines, by shopper and brand."""
    added: dict[str, dict[str, int]] = {}
    for upload in uploads:
        brands = added.setdefault(upload.shopper, {})
        if upload.view.get("status") == "approved":
            for line in upload.view["lines"]:
                if line["points"]:
                    brands[line["brand"]] = brands.get(line["brand"], 0) + line["points"]
    return added


def _ended(upload: Upload) -> str:
    return f"{upload.view.get('status', 'nowhere')} ({', '.join(upload.reason_codes) or 'no reason'})"
