"""The dozen photos that come with the project: which receipts they show and how they were made."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from samples.paper import Difficulty
from samples.render import Sample, photograph_pages, photograph_receipt, print_receipt, write_truth


@dataclass(frozen=True, slots=True)
class Plan:
    """One receipt of the dozen.

    Attributes:
        name: Of the file, without its ending; pages add -1, -2.
        till: Key of `samples.tills.TILLS`.
        seed: Of the print and the paper.
        difficulty: Of the photo.
        lines: Number of goods.
        pages: Photos it takes.
        branded: False for goods of no brand.
        again: Name of the plan whose paper this photo shows again, in another light.
    """

    name: str
    till: str
    seed: int
    difficulty: Difficulty = "easy"
    lines: int | None = None
    pages: int = 1
    branded: bool = True
    again: str | None = None


PLANS = (
    Plan("01-winmart", "winmart", 2, lines=7),
    Plan("02-winmart-plus", "winmart_plus", 27, lines=6),
    Plan("03-coop", "coop", 12, lines=8),
    Plan("04-bach-hoa-xanh", "bach_hoa_xanh", 63, lines=6),
    Plan("05-lotte", "lotte", 8, lines=9),
    Plan("06-go", "go", 58, "medium", lines=8),
    Plan("07-circle-k", "circle_k", 18, lines=3),
    Plan("08-seven-eleven", "seven_eleven", 12, "medium", lines=4),
    Plan("09-long", "coop", 19, lines=26, pages=2),
    Plan("10-lotte-again", "lotte", 8, lines=9, again="05-lotte"),
    Plan("11-no-brand", "bach_hoa_xanh", 21, lines=4, branded=False),
)


def make_dozen(out_dir: Path, *, progress: Callable[[int, int], None] | None = None) -> list[dict[str, Any]]:
    """Render the dozen.

    Args:
        out_dir: Gets the photos and gt.jsonl; made if absent.
        progress: Called with the number of receipts done and of all after each.

    Returns:
        The rows of the ground truth. `pages` lists the photos of a receipt on several,
        `same_paper_as` names the photo of which this one is a second.
    """
    out_dir.mkdir(parents=True, exist_ok=True)
    rows = []
    for done, plan in enumerate(PLANS, 1):
        sample = shoot(plan)
        images = [sample.image, *sample.later_pages]
        endings = [f"-{page}.jpg" for page in range(1, len(images) + 1)] if plan.pages > 1 else [".jpg"]
        files = [plan.name + ending for ending in endings]
        for file, image in zip(files, images, strict=True):
            (out_dir / file).write_bytes(image)
        row = {"image": files[0]} | sample.truth
        if plan.pages > 1:
            row["pages"] = files
        if plan.again:
            row["same_paper_as"] = f"{plan.again}.jpg"
        rows.append(row)
        if progress:
            progress(done, len(PLANS))
    write_truth(rows, out_dir)
    return rows


def shoot(plan: Plan) -> Sample:
    """Print and photograph one receipt of the dozen."""
    receipt = print_receipt(plan.seed, till=plan.till, lines=plan.lines, branded=plan.branded)
    if plan.pages > 1:
        return photograph_pages(receipt, plan.seed, plan.difficulty, pages=plan.pages)
    # A second photo of a paper needs another seed, or it would be the first one again.
    photo_seed = plan.seed + 1000 if plan.again else plan.seed
    return photograph_receipt(receipt, photo_seed, plan.difficulty)
