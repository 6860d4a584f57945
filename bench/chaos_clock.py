"""Clocks that jump while parts run: libfaketime, where this machine has it, reads from a file by how much."""

from __future__ import annotations

from pathlib import Path
from typing import Final

_LIBRARIES: Final = sorted(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))
# Debian's package; a machine without it has its other faults done, and a run's figures say which were not.
HAS_CLOCKS: Final = bool(_LIBRARIES)
NO_CLOCKS: Final = "libfaketime is not installed"


class Clock:
    """The clock of one part and of all that it starts: right until it is told to jump."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self.jump(0)

    def jump(self, seconds: int) -> None:
        """Go by so many seconds ahead of the machine's clock, or behind it."""
        # In place of the whole file at once: it may be read at any moment.
        new = self._file.with_suffix(".new")
        new.write_text(f"{seconds:+d}", encoding="ascii")
        new.rename(self._file)

    @property
    def environment(self) -> dict[str, str]:
        """Return what a part is started with; nothing where clocks can't be told to jump."""
        if not HAS_CLOCKS:
            return {}
        return {
            "LD_PRELOAD": str(_LIBRARIES[0]),
            "FAKETIME_TIMESTAMP_FILE": str(self._file),
            "FAKETIME_CACHE_DURATION": "1",
            # Who waits for so many seconds does so by a clock that nobody sets.
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        }
