"""The trained network as a file: checked, loaded, run on one thread."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Final

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from ocr.engines.base import EngineError
from ocr.engines.ctc import Steps
from ocr.engines.strips import Strip, padded, width_class

MODEL_FILE: Final = Path(__file__).parent / "models" / "recogniser.onnx"
CHARSET_KEY: Final = "charset"
STRIDE_KEY: Final = "stride"
# Beside the model stands what it must hash to.
_SUM_SUFFIX: Final = ".sha256"
_BATCH: Final = 8


class Model:
    """The network of one process; its threads may share it."""

    def __init__(self, file: Path = MODEL_FILE) -> None:
        """Load it.

        Raises:
            EngineError: The file is missing, damaged, or no model of ours.
        """
        try:
            data = file.read_bytes()
            wanted = file.with_suffix(_SUM_SUFFIX).read_text(encoding="ascii").split()[0]
        except (OSError, IndexError, UnicodeDecodeError) as error:
            raise EngineError(f"The recogniser's model {file} is missing or cannot be read.") from error
        if hashlib.sha256(data).hexdigest() != wanted:
            raise EngineError(
                f"The recogniser's model {file} is damaged: it does not match its {_SUM_SUFFIX}."
            )
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        # Pages differ in size: an arena would keep what the largest one took.
        options.enable_cpu_mem_arena = False
        options.log_severity_level = 3
        self._session = onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
        self._input = self._session.get_inputs()[0].name
        notes = self._session.get_modelmeta().custom_metadata_map
        if CHARSET_KEY not in notes:
            raise EngineError(f"{file} is no recogniser's model: it names no characters.")
        self.charset: str = notes[CHARSET_KEY]
        self.stride = int(notes[STRIDE_KEY])

    def scores(self, strips: list[Strip]) -> list[Steps]:
        """Score the characters of strips of any widths; what else is in the list changes nothing.

        Returns:
            For each strip (steps, characters + 1); a step is `stride` columns.
        """
        found: list[Steps] = [np.zeros((0, len(self.charset) + 1), np.float32)] * len(strips)
        by_width: dict[int, list[int]] = {}
        for number, strip in enumerate(strips):
            by_width.setdefault(width_class(strip.shape[1]), []).append(number)
        for numbers in by_width.values():
            for start in range(0, len(numbers), _BATCH):
                part = numbers[start : start + _BATCH]
                scored = self._run(padded([strips[number] for number in part]))
                for number, rows in zip(part, scored, strict=True):
                    found[number] = rows
        return found

    def _run(self, strips: NDArray[np.uint8]) -> Steps:
        depth = strips[:, None].astype(np.float32) / np.float32(255)
        (scored,) = self._session.run(None, {self._input: depth})
        return np.asarray(scored, np.float32)
