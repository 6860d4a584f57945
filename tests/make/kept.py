"""What a run of the tests keeps, as its options say."""

from __future__ import annotations

pictures = False
