"""Tags without the model: guesses by place and shape, so that a receipt is read in doubt and not refused."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from ocr.tagger.features import Features
from ocr.tagger.roles import ROLE_INDEX, ROLES, SECTION_INDEX, SECTIONS, STEP_INDEX, STEPS

_LIKELY: Final = 0.6


def plain_tags(
    features: Features, figure: NDArray[np.bool_], ean: NDArray[np.bool_]
) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
    """Roles, steps and sections that say: the last figure of a line is its amount, letters are names.

    Lines with a figure at the right edge begin items; a line without one begins the item of the line below.
    """
    words, lines = len(features.line_of), len(features.starts) - 1
    last = features.starts[1:] - 1
    roles = np.full((words, len(ROLES)), (1 - _LIKELY) / (len(ROLES) - 1), np.float32)
    guess = np.where(figure, ROLE_INDEX["price"], ROLE_INDEX["name"])
    guess[ean] = ROLE_INDEX["code"]
    ended = figure[last] & ~ean[last]
    guess[last[ended]] = ROLE_INDEX["amount"]
    roles[np.arange(words), guess] = _LIKELY
    named = np.add.reduceat((~figure & ~ean).astype(np.intp), features.starts[:-1]) > 0
    after = np.concatenate(([False], named[:-1] & ~ended[:-1]))
    step = np.where(ended & after & ~named, STEP_INDEX["inside"], STEP_INDEX["begin"])
    step[~ended & ~named] = STEP_INDEX["outside"]
    steps = np.full((lines, len(STEPS)), (1 - _LIKELY) / 2, np.float32)
    steps[np.arange(lines), step] = _LIKELY
    sections = np.full((lines, len(SECTIONS)), (1 - _LIKELY) / 3, np.float32)
    section = np.full(lines, SECTION_INDEX["items"])
    if ended.any():
        section[: int(np.argmax(ended))] = SECTION_INDEX["head"]
        section[lines - int(np.argmax(ended[::-1])) :] = SECTION_INDEX["tail"]
    sections[np.arange(lines), section] = _LIKELY
    return roles, steps, sections
