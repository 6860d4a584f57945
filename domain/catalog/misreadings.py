"""Compare words that the catalogue does not know with the spellings and cues it knows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

import numpy as np
from rapidfuzz.distance import Levenshtein
from rapidfuzz.process import cdist

from domain.catalog.snapshot import MISREADS_MAX, Catalogue


def near_names(keys: Iterable[str], catalogue: Catalogue) -> dict[str, list[tuple[str, int]]]:
    """Return for each key the comparable names near it, with how many letters differ.

    Every key of every line goes into one comparison: that is what makes it fast.
    """
    asked = list(dict.fromkeys(keys))
    names = catalogue.comparable
    if not asked or not names:
        return {}
    distances = cdist(asked, names, scorer=Levenshtein.distance, score_cutoff=MISREADS_MAX, dtype=np.uint8)
    near: dict[str, list[tuple[str, int]]] = defaultdict(list)
    rows, columns = np.nonzero(distances <= catalogue.misreads_allowed)
    for row, column in zip(rows.tolist(), columns.tolist(), strict=True):
        near[asked[row]].append((names[column], int(distances[row, column])))
    return dict(near)
