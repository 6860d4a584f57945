"""How long the web app takes on a phone's network: its first screen, and a photo from shutter to "received".

    python -m scripts.measure_web_app [--n 5] [--photo PATH]

Chromium throttles network and processor as its own tools for developers do; the API is on this machine.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import cv2
from playwright.sync_api import Browser, BrowserContext, Page, expect
from rich.table import Table

import samples
from bench.services import own_services
from cli.services import shown
from infra.settings import override_settings
from tests.make import browser as browsing
from tests.make import web_app

# Latency in milliseconds, kilobits a second down and up: as Chromium's presets of these names.
NETWORKS: Final = {"fast 4G": (165, 8_100, 1_350), "slow 4G": (562, 1_440, 675)}
CPU_SLOWER: Final = 4
# What a phone's sensor gives.
SENSOR: Final = (3000, 4000)


def main() -> None:
    """Measure on each network, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--n", type=int, default=5)
    parser.add_argument("--photo", type=Path, default=samples.photos_dir() / "07-circle-k.jpg")
    given = parser.parse_args()
    photo = as_of_a_sensor(given.photo)
    table = Table(
        "network", "first screen", "kB", "shutter to received", "kB sent", title=f"median of {given.n}"
    )
    with served() as address, browsing.chromium() as browser:
        for name, network in NETWORKS.items():
            rows = [one_visit(browser, address, network, photo, number) for number in range(given.n)]
            middle = [statistics.median(column) for column in zip(*rows, strict=True)]
            table.add_row(
                name, f"{middle[0]:.2f} s", f"{middle[1]:.0f}", f"{middle[2]:.2f} s", f"{middle[3]:.0f}"
            )
    shown.print(table)


@contextmanager
def served() -> Iterator[str]:
    """Serve the API on services of its own."""
    with own_services():
        override_settings(code_provider="http")
        with browsing.serving() as address:
            yield address


def as_of_a_sensor(path: Path) -> bytes:
    """Return a photo as large as phones take them."""
    photo = cv2.imread(str(path))
    if photo is None:
        raise SystemExit(f"{path} is no picture.")
    return cv2.imencode(".jpg", cv2.resize(photo, SENSOR, interpolation=cv2.INTER_CUBIC))[1].tobytes()


def one_visit(
    browser: Browser, address: str, network: tuple[int, int, int], photo: bytes, number: int
) -> tuple[float, float, float, float]:
    """Open the app as a newcomer on a cold cache, join, send a photo; return seconds and kB of both."""
    phone = web_app.open_phone(browser)
    page = phone.new_page()
    arrived = throttle(phone, page, network)
    began = time.perf_counter()
    page.goto(f"{address}/app/", wait_until="commit")
    expect(page.locator("#phone")).to_be_visible()
    first = time.perf_counter() - began
    first_kb = sum(arrived) / 1000
    web_app.sign_in(page, address, f"09012{network[0]:03}{number:02}")
    web_app.agree(page)
    page.goto(f"{address}/app/capture")
    sent: list[int] = []
    page.on("request", lambda request: sent.append(len(request.post_data_buffer or b"")))
    picture = {"name": "a.jpg", "mimeType": "image/jpeg", "buffer": photo + bytes([number])}
    page.set_input_files("input[type=file]", picture)
    began = time.perf_counter()
    page.locator("main button.main").last.click()
    page.wait_for_url("**/app/receipts/*")
    way = time.perf_counter() - began
    phone.close()
    return first, first_kb, way, max(sent) / 1000


def throttle(phone: BrowserContext, page: Page, network: tuple[int, int, int]) -> list[int]:
    """Slow network and processor down; return a list that gets the bytes of each piece that arrives."""
    latency, down, up = network
    tools = phone.new_cdp_session(page)
    arrived: list[int] = []

    def came(event: dict[str, Any]) -> None:
        arrived.append(int(event["encodedDataLength"]))

    tools.on("Network.loadingFinished", came)
    tools.send("Network.enable")
    speeds = {"downloadThroughput": down * 1000 / 8, "uploadThroughput": up * 1000 / 8}
    tools.send("Network.emulateNetworkConditions", {"offline": False, "latency": latency, **speeds})
    tools.send("Emulation.setCPUThrottlingRate", {"rate": CPU_SLOWER})
    return arrived


if __name__ == "__main__":
    main()
