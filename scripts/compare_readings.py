"""Say where two runs of `quetbill read --jsonl` differ, but for the seconds they took.

Use: python -m scripts.compare_readings BEFORE.jsonl AFTER.jsonl. Exit status 1 where they do.
"""

from __future__ import annotations

import json
import sys
from itertools import zip_longest
from pathlib import Path


def without_seconds(line: str | None) -> str:
    """Return a reading as it is written, without the one field that no two runs share."""
    if line is None:
        return "nothing"
    reading = json.loads(line)
    reading.pop("seconds", None)
    return json.dumps(reading, ensure_ascii=False)


def fields_that_differ(before: str, after: str) -> str:
    """Return the names of the fields in which two readings differ."""
    if "nothing" in {before, after}:
        return "one is missing"
    one, other = json.loads(before), json.loads(after)
    return ", ".join(name for name in {**one, **other} if one.get(name) != other.get(name))


def main(before: str, after: str) -> int:
    """Compare two files line by line; return the exit status."""
    files = (Path(name).read_text(encoding="utf-8").splitlines() for name in (before, after))
    pairs = list(zip_longest(*files))
    differing = 0
    for pair in pairs:
        one, other = (without_seconds(line) for line in pair)
        if one != other:
            differing += 1
            image = json.loads(next(line for line in pair if line))["image"]
            sys.stdout.write(f"{image}: {fields_that_differ(one, other)}\n")
    sys.stdout.write(f"{len(pairs) - differing} of {len(pairs)} readings are the same.\n")
    return int(differing > 0)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:3]))
