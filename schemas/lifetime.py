"""Models of how a brand's shoppers buy, as they are kept and shown."""

from __future__ import annotations

from typing import Literal

# Why forecasts are shown, or not. Words under [verdict].
Verdict = Literal["shown", "too_few_repeat_buyers", "too_short", "not_found", "off_by_too_much"]
