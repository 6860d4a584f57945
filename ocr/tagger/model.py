"""The trained tagger: checked, loaded, run on one thread; plain guesses where its file is gone."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from ocr.tagger.features import LINE_FEATURES, WORD_FEATURES, Features, features_of
from ocr.tagger.letters import BUCKETS, letters_of
from ocr.tagger.plain import plain_tags
from ocr.tagger.roles import ROLES, SECTIONS, STEPS
from ocr.types import TextLine

_log = logging.getLogger(__name__)

MODEL_FILE: Final = Path(__file__).parent / "models" / "tagger.onnx"
# What the file was trained for, written into it: a model for other roles or features is no model of ours.
CONTRACT_KEY: Final = "contract"
CONTRACT: Final = json.dumps(
    [list(ROLES), list(STEPS), list(SECTIONS), WORD_FEATURES, LINE_FEATURES, BUCKETS]
)
INPUTS: Final = ("words", "trigrams", "near", "line_of", "lines", "members")
OUTPUTS: Final = ("roles", "steps", "sections")
# Beside the model stands what it must hash to.
_SUM_SUFFIX: Final = ".sha256"


class TaggerError(Exception):
    """The tagger's model is missing, damaged, or no model of ours."""


@dataclass(frozen=True, slots=True)
class Tags:
    """What the tagger thinks of a receipt.

    `roles` is (words, len(ROLES)), words in the order of their lines; `steps` (lines, len(STEPS)) and
    `sections` (lines, len(SECTIONS)): probabilities, each row sums to 1. Words of line i are
    starts[i]:starts[i + 1]. `learned` is False where plain guesses stand in for a missing model.
    """

    roles: NDArray[np.float32]
    steps: NDArray[np.float32]
    sections: NDArray[np.float32]
    starts: NDArray[np.intp]
    learned: bool = True


class Tagger:
    """The network of one process; its threads may share it, a forked child may use its copy."""

    def __init__(self, file: Path = MODEL_FILE) -> None:
        """Load it.

        Raises:
            TaggerError: The file is missing, damaged, or no model of ours.
        """
        try:
            data = file.read_bytes()
            wanted = file.with_suffix(_SUM_SUFFIX).read_text(encoding="ascii").split()[0]
        except (OSError, IndexError, UnicodeDecodeError) as error:
            raise TaggerError(f"The tagger's model {file} is missing or cannot be read.") from error
        if hashlib.sha256(data).hexdigest() != wanted:
            raise TaggerError(f"The tagger's model {file} is damaged: it does not match its {_SUM_SUFFIX}.")
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        # Receipts differ in length: an arena would keep what the longest one took.
        options.enable_cpu_mem_arena = False
        options.log_severity_level = 3
        self._session = onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
        notes = self._session.get_modelmeta().custom_metadata_map
        if notes.get(CONTRACT_KEY) != CONTRACT:
            raise TaggerError(f"{file} is no model for these roles and features: train and export it anew.")

    def tag(self, lines: Sequence[TextLine]) -> Tags:
        """Tag a receipt's words and lines, top to bottom.

        Raises:
            ValueError: There is no line.
        """
        features = features_of(lines)
        feeds = {name: getattr(features, name) for name in INPUTS}
        roles, steps, sections = self._session.run(list(OUTPUTS), feeds)
        return Tags(roles, steps, sections, features.starts)


def tag(lines: Sequence[TextLine]) -> Tags:
    """Tag with this process's own model, or by plain guesses, `learned` False, where it cannot be loaded.

    Raises:
        ValueError: There is no line.
    """
    tagger = own_tagger()
    return guessed(lines) if tagger is None else tagger.tag(lines)


def guessed(lines: Sequence[TextLine]) -> Tags:
    """Tags by place and shape alone.

    Raises:
        ValueError: There is no line.
    """
    features: Features = features_of(lines)
    letters = letters_of([word.text or "?" for line in lines for word in line.words])
    roles, steps, sections = plain_tags(features, letters.figure, letters.ean)
    return Tags(roles, steps, sections, features.starts, learned=False)


@cache
def own_tagger() -> Tagger | None:
    """This process's tagger; None, said in the log once, where its model cannot be used."""
    try:
        return Tagger()
    except TaggerError as error:
        _log.warning("Receipts are read without the tagger: %s", error)
        return None
