from __future__ import annotations

import pytest

from ocr.reader import own_engine
from ocr.warm import warm_up


@pytest.mark.ocr
def test_the_first_reading_goes_through_every_step() -> None:
    reading = warm_up(own_engine())
    assert (reading.status, reading.total_minor) == ("read", 100_000)
    assert len(reading.lines) == 3
    assert reading.traces
