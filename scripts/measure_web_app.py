"""How long the web app takes on a phone's network: its first screen, and a photo from shutter to "received".

    python -m scripts.measure_web_app [--n 5] [--photo PATH] [--cpu 4]

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
from playwright.sync_api import Browser, BrowserContext, Page
from rich.table import Table

import samples
from bench.services import own_services
from cli.services import shown
from infra.settings import override_settings
from tests.make import browser as browsing
from tests.make import web_app

# Latency in milliseconds, kilobits a second down and up: as Chromium's presets of these names.
NETWORKS: Final = {"fast 4G": (165, 8_100, 1_350), "slow 4G": (562, 1_440, 675)}
# What a phone's sensor gives.
SENSOR: Final = (3000, 4000)
LOOKED_AT: Final = """() => {
    const told = document.querySelector(".taken [role=status]")?.textContent ?? "";
    return told.includes("Đã có trang 1.") && !told.includes("Đang kiểm tra ảnh…");
}"""


def main() -> None:
    """Measure on each network, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--n", type=int, default=5)
    parser.add_argument("--photo", type=Path, default=samples.photos_dir() / "07-circle-k.jpg")
    parser.add_argument("--cpu", type=int, default=4, help="how many times slower the phone's processor is")
    given = parser.parse_args()
    photo = as_of_a_sensor(given.photo)
    columns = ("network", "first screen", "kB", "press to received", "shutter to received")
    table = Table(*columns, title=f"median of {given.n}, processor {given.cpu} times slower")
    with served() as address, browsing.chromium() as browser:
        for name, network in NETWORKS.items():
            rows = [
                one_visit(browser, address, network, given.cpu, photo + bytes([number]))
                for number in range(given.n)
            ]
            first, kb, press, shutter = (statistics.median(one) for one in zip(*rows, strict=True))
            table.add_row(name, f"{first:.2f} s", f"{kb:.0f}", f"{press:.2f} s", f"{shutter:.2f} s")
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
    browser: Browser, address: str, network: tuple[int, int, int], cpu: int, photo: bytes
) -> tuple[float, float, float, float]:
    """Open the app as a newcomer on a cold cache, join, send a photo as soon as the phone has looked at it.

    Returns seconds until the first screen is there and its kB; seconds from the press of the button, and
    from the shutter, until the receipt is received.
    """
    phone = web_app.open_phone(browser)
    page = phone.new_page()
    arrived = throttle(phone, page, network, cpu)
    began = time.perf_counter()
    page.goto(f"{address}/app/", wait_until="commit")
    page.wait_for_function("() => document.getElementById('phone')?.checkVisibility()", polling="raf")
    first = time.perf_counter() - began
    first_kb = sum(arrived) / 1000
    web_app.sign_in(page, address, f"0901{time.time_ns() // 1000 % 10**6:06}")
    web_app.agree(page)
    page.goto(f"{address}/app/capture")
    shutter = time.perf_counter()
    page.set_input_files("input[type=file]", {"name": "a.jpg", "mimeType": "image/jpeg", "buffer": photo})
    # What a phone says of an enlarged photo is another matter: it is soft.
    # Looked for with each frame: an expectation looks every half second only.
    page.wait_for_function(LOOKED_AT, polling="raf")
    press = time.perf_counter()
    page.locator("main button.main").last.click()
    page.wait_for_url("**/app/receipts/*")
    received = time.perf_counter()
    phone.close()
    return first, first_kb, received - press, received - shutter


def throttle(phone: BrowserContext, page: Page, network: tuple[int, int, int], cpu: int) -> list[int]:
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
    tools.send("Emulation.setCPUThrottlingRate", {"rate": cpu})
    return arrived


if __name__ == "__main__":
    main()
