"""What the phone says of a picture before it is sent, held against OpenCV on pictures with known faults."""

from __future__ import annotations

import io
import json
from collections.abc import Generator
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from playwright.sync_api import Page, Route

from api.web_app import BUILT
from tests.make import browser as browsing
from tests.make import web_app
from tests.make.browser import needs_chromium

pytestmark = [needs_chromium, pytest.mark.slow]
Picture = NDArray[np.uint8]

GRID, CROP, THUMB = 3, 320, 256
FAULTS = ("clear", "clear", "blurred", "too_dark", "glare", "screenshot")
EACH = 10
NOISE = np.random.default_rng(0).normal(0, 3, (800, 600, 3)).astype(np.float32)
# Asks the worker that the app asks, one picture after the other.
LOOK = """async (names) => {
    const worker = new Worker(names.worker, { type: "module" });
    const look = async (name, number) => {
        const picture = await (await fetch(`/pictures/${name}`)).blob();
        const told = new Promise((done) => {
            worker.onmessage = ({ data }) => done(data.result ?? data.error);
        });
        worker.postMessage({ number, job: { kind: names.kind, picture } });
        return told;
    };
    const found = [];
    for (const [number, name] of names.pictures.entries()) found.push(await look(name, number));
    return Promise.all(found.map(async (one) =>
        one.small ? { ...one, small: [...new Uint8Array(await one.small.arrayBuffer())] } : one));
}"""


def draw(fault: str, seed: int) -> Picture:
    """A receipt on a table, 600 by 800, with one fault of a kind, or a screenshot of one."""
    rng = np.random.default_rng(seed)
    screen = fault == "screenshot"
    picture = np.full((800, 600, 3), 255 if screen else 70, np.uint8)
    paper = int(rng.integers(185, 225))
    if not screen:
        cv2.rectangle(picture, (120, 40), (480, 760), (paper, paper, paper - 8), -1)
    for row in range(22):
        words = f"SP{int(rng.integers(10**6))} {int(rng.integers(10**5))}"
        ink = (30, 30, 40)
        cv2.putText(picture, words, (140, 80 + row * 31), cv2.FONT_HERSHEY_SIMPLEX, 0.7, ink, 2)
    if screen:
        return picture
    noisy = picture + np.roll(NOISE, seed, axis=1)
    if fault == "blurred":
        noisy = cv2.GaussianBlur(noisy, (0, 0), float(rng.uniform(3, 5)))
    if fault == "too_dark":
        noisy *= float(rng.uniform(0.1, 0.2))
    if fault == "glare":
        ys, xs = np.ogrid[-1:1:800j, -1:1:600j]
        at, wide = rng.uniform(-0.2, 0.2), float(rng.uniform(0.45, 0.7))
        noisy += 400 * np.exp(-((np.hypot(ys - at, xs) / wide) ** 4))[..., None]
    return np.clip(noisy, 0, 255).astype(np.uint8)


def sharpness(gray: Picture) -> float:
    """The variance of the Laplacian of the sharpest of nine crops."""
    height, width = gray.shape
    crops = (
        (int((height - CROP) * (row + 0.5) / GRID + 0.5), int((width - CROP) * (column + 0.5) / GRID + 0.5))
        for row in range(GRID)
        for column in range(GRID)
    )
    return max(
        cv2.Laplacian(gray[top : top + CROP, left : left + CROP], cv2.CV_64F).var() for top, left in crops
    )


def expected(gray: Picture) -> tuple[float, set[str]]:
    """What OpenCV says of the same picture."""
    size = (round(THUMB * gray.shape[1] / gray.shape[0]), THUMB)
    thumb = cv2.resize(gray, size, interpolation=cv2.INTER_AREA)
    found = sharpness(gray)
    dark = np.quantile(thumb, 0.75) <= 90 - 0.5 * 65
    warnings = {"too_dark"} if dark else {"blurred"} if found < 100 else set()
    lit = float(np.mean(cv2.dilate(thumb, np.ones((3, 3))) < 253)) < 0.15
    bare = cv2.morphologyEx((thumb >= 253).astype(np.uint8), cv2.MORPH_OPEN, np.ones((7, 7)))
    if not lit and bare.mean() >= 0.08:
        warnings.add("glare")
    return float(found), warnings


@pytest.fixture(scope="module")
def page() -> Generator[Page]:
    with browsing.serving() as address, browsing.chromium() as browser:
        opened = web_app.open_phone(browser).new_page()
        opened.goto(f"{address}/app/")
        yield opened


def looked_at(page: Page, pictures: dict[str, bytes], kind: str) -> list[Any]:
    def hand_over(route: Route) -> None:
        route.fulfill(body=pictures[route.request.url.rpartition("/")[2]])

    page.route("**/pictures/*", hand_over)
    [worker] = (BUILT / "assets").glob("worker-*.js")
    names = {"worker": f"/app/assets/{worker.name}", "kind": kind, "pictures": list(pictures)}
    return list(page.evaluate(LOOK, names))


def test_sixty_pictures_are_judged_as_opencv_judges_them(page: Page) -> None:
    drawn = {
        f"{fault}-{row * EACH + seed}.png": draw(fault, row * EACH + seed)
        for row, fault in enumerate(FAULTS)
        for seed in range(EACH)
    }
    quick = [cv2.IMWRITE_PNG_COMPRESSION, 1]
    files = {name: cv2.imencode(".png", picture, quick)[1].tobytes() for name, picture in drawn.items()}
    told = looked_at(page, files, "measure")
    assert len(told) == 60
    for (name, picture), found in zip(drawn.items(), told, strict=True):
        reference, warnings = expected(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY))
        assert found["sharpness"] == pytest.approx(reference, rel=0.001), name
        assert set(found["warnings"]) == warnings, json.dumps([name, found])
        fault = name.partition("-")[0]
        assert (fault in warnings) if fault in {"blurred", "too_dark", "glare"} else not warnings, name


def test_a_large_picture_is_sent_small_without_its_place(page: Page) -> None:
    pixels = cv2.cvtColor(cv2.resize(draw("clear", 1), (2400, 3200)), cv2.COLOR_BGR2RGB)
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "JPEG", exif=web_app.exif_of_a_phone())
    photo = buffer.getvalue()
    [found] = looked_at(page, {"large.jpg": photo}, "prepare")
    sent = bytes(found["small"])
    # It was measured on the way, without being decoded a second time.
    assert (found["looked"]["width"], found["looked"]["height"]) == (2400, 3200)
    assert "too_dark" not in found["looked"]["warnings"]
    picture, notes = web_app.opened(sent)
    assert max(picture.size) == 2500
    assert len(sent) < 0.7 * len(photo)
    assert notes == {"Make": "samsung", "Model": "SM-A155F", "DateTime": "2026:11:08 13:27:00"}
    assert b"GPS" not in sent
