"""What the demo leaves to try by hand: the shoppers' web app, a number to join with, a receipt to send."""

from __future__ import annotations

import re
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from cli.demo_day import CODE_DIGITS, LOOK_AGAIN_SECONDS, PRINTED_CODE
from cli.services import shown
from samples.dozen import Plan, shoot
from samples.fonts import MissingFontError

# Nobody of the demo's day.
PHONE: Final = "0901000009"
# A paper that nobody of them sent.
_RECEIPT: Final = Plan("receipt", "coop", 77, lines=6)
_CODE: Final = re.compile(PRINTED_CODE.format(number=r"\+84(\d+)") + rf"(\d{{{CODE_DIGITS}}})")


def receipt_to_send(folder: Path) -> Path | None:
    """Print and photograph a receipt; None where this machine lacks the fonts."""
    try:
        photo = shoot(_RECEIPT).image
    except MissingFontError:
        return None
    path = folder / f"{_RECEIPT.name}.jpg"
    path.write_bytes(photo)
    return path


def way_in(base: str, receipt: Path | None) -> list[str]:
    """Return what to do, a line each."""
    lines = [
        f"web app: {base}/app/",
        f"  sign in as {PHONE}; the code is shown here as soon as the app asks for it",
    ]
    return lines if receipt is None else [*lines, f"  and send this receipt: {receipt}"]


def show_codes(log: Path, api: subprocess.Popen[bytes]) -> None:
    """Show each code that the workers print from now on, while the API runs."""
    with log.open(encoding="utf-8", errors="replace") as printed:
        printed.seek(0, 2)
        left = ""
        while api.poll() is None:
            *lines, left = (left + printed.read()).split("\n")
            for phone, code in codes_in(lines):
                shown.print(f"code for {phone}: {code}", soft_wrap=True)
            time.sleep(LOOK_AGAIN_SECONDS)


def codes_in(lines: list[str]) -> Iterator[tuple[str, str]]:
    """Yield each phone, as people write it, and the code that is printed for it."""
    for line in lines:
        if found := _CODE.search(line):
            yield f"0{found[1]}", found[2]
