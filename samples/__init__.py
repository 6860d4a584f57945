"""Rendered Vietnamese till receipts with exact ground truth, and the photos the demo uploads."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

TRUTH_FILE = "gt.jsonl"


def photos_dir() -> Path:
    """Return the folder of the committed photos: JPEG files and their ground truth."""
    return Path(__file__).parent / "photos"


def load_truth(folder: Path) -> list[dict[str, Any]]:
    """Read the ground truth of a folder of samples, one row a receipt.

    Args:
        folder: As written by `samples.render.make_samples`; `image` in a row, and each of `pages`
            where a receipt was taken on several photos, is a path relative to it.

    Raises:
        FileNotFoundError: The folder holds no ground truth.
    """
    lines = (folder / TRUTH_FILE).read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]
