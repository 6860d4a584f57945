"""Answers of the engine that still hold: until anything is written, the same question has the same answer."""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import Final

BYTES_MAX: Final = 32_000_000
# One answer may not push out all others.
ANSWER_BYTES_MAX: Final = BYTES_MAX // 8

Question = tuple[object, ...]


class KeptAnswers:
    """Answers by question, the one asked for longest ago given up first. For threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._answers: OrderedDict[Question, bytes] = OrderedDict()
        self._bytes = 0
        self._writes = 0

    def get(self, question: Question) -> tuple[bytes | None, int]:
        """Return the answer, None where none is kept, and the moment: what is answered from it on."""
        with self._lock:
            if (found := self._answers.get(question)) is not None:
                self._answers.move_to_end(question)
            return found, self._writes

    def keep(self, question: Question, answer: bytes, moment: int) -> None:
        """Keep an answer that was begun at a moment; not if something was written since."""
        if len(answer) > ANSWER_BYTES_MAX:
            return
        with self._lock:
            if moment != self._writes or question in self._answers:
                return
            self._answers[question] = answer
            self._bytes += len(answer)
            while self._bytes > BYTES_MAX:
                self._bytes -= len(self._answers.popitem(last=False)[1])

    def forget(self) -> None:
        """Give all up: something is being written, or was."""
        with self._lock:
            self._writes += 1
            self._answers.clear()
            self._bytes = 0
