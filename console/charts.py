"""Charts as shapes of an SVG, which pages draw without scripts; a table beside each says the same."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

WIDTH: Final = 720
HEIGHT: Final = 200
GAP_SHARE: Final = 0.25


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar and what it says to a pointer."""

    x: float
    y: float
    width: float
    height: float
    label: str


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart `width` by `height`: bars, or a line as SVG points, and where a forecast goes on from it."""

    width: int
    height: int
    bars: Sequence[Bar] = ()
    line: str = ""
    forecast: str = ""


def bars(values: Sequence[tuple[str, int]]) -> Chart:
    """Return a bar for each labelled value, the highest as high as the chart."""
    highest = max((value for _, value in values), default=0)
    step = WIDTH / max(1, len(values))
    drawn = []
    for place, (label, value) in enumerate(values):
        height = HEIGHT * value / highest if highest else 0
        x = step * (place + GAP_SHARE / 2)
        drawn.append(
            Bar(
                round(x, 1),
                round(HEIGHT - height, 1),
                round(step * (1 - GAP_SHARE), 1),
                round(height, 1),
                label,
            )
        )
    return Chart(WIDTH, HEIGHT, bars=drawn)


def burn_down(
    readings: Sequence[tuple[datetime, int]], highest: int, dry_at: datetime | None, last: datetime
) -> Chart:
    """Return what was left over time, and a line to the time at which nothing will be.

    Args:
        readings: Times and what was left, the oldest first; the last is now.
        highest: What the budget is.
        dry_at: When it runs dry, if it does.
        last: The right end of the chart, at least.
    """
    begin, end = readings[0][0], max(readings[-1][0], min(dry_at or last, last))
    seconds = max(1.0, (end - begin).total_seconds())

    def point(at: datetime, left: int) -> str:
        x = WIDTH * min(1.0, (at - begin).total_seconds() / seconds)
        return f"{x:.1f},{HEIGHT - HEIGHT * min(1.0, left / max(1, highest)):.1f}"

    line = " ".join(point(at, left) for at, left in readings)
    forecast = ""
    if dry_at is not None and dry_at > readings[-1][0]:
        now, left = readings[-1]
        # Where the chart ends before nothing is left, the line ends with it.
        shown = min(dry_at, end)
        share = (shown - now) / (dry_at - now)
        forecast = f"{point(now, left)} {point(shown, round(left * (1 - share)))}"
    return Chart(WIDTH, HEIGHT, line=line, forecast=forecast)
