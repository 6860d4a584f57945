"""All text engines give the same receipt, and a benchmark can watch what reading keeps in memory."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import get_args

import pytest

from ocr.engines.factory import EngineName, make_engine
from ocr.reader import read_receipt
from tests.make.pictures import fields, pages_of, right_fields, right_items, truth_of

pytestmark = pytest.mark.ocr


def test_all_engines_give_the_same_fields_on_a_clean_photo() -> None:
    image = "04-bach-hoa-xanh.jpg"
    readings = [read_receipt(pages_of(image), make_engine(name)) for name in get_args(EngineName)]
    assert len(readings) == 3
    assert fields(readings[0]) == fields(readings[1]) == fields(readings[2])
    truth = truth_of(image)
    for reading in readings:
        assert right_fields(reading, truth) == {"chain", "receipt_no", "purchased_at", "total"}
        assert right_items(reading, truth["items"])["items"] == len(truth["items"])


def test_the_memory_of_a_process_that_reads_is_measured() -> None:
    # In a process of its own: this one holds whatever the tests before have loaded.
    command = [sys.executable, "-m", "cli.main", "bench", "memory", "--n", "2", "--json"]
    figures = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    assert figures["receipts"] == 2
    # A child shares its parent's pages and counts only those that it touched.
    assert all(50 < size < 300 for size in (figures["rss_mb"][0], figures["peak_mb"]))
    assert figures["cpu_seconds_per_receipt"] > 0
