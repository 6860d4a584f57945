"""What one version of a campaign's terms changes against another."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

Json = dict[str, Any]


def differences(old: Json, new: Json) -> list[tuple[tuple[str, ...], Any, Any]]:
    """Return where two versions of terms differ: the path, and both values, None where one says nothing."""
    before, after = dict(_leaves(old)), dict(_leaves(new))
    return [
        (path, before.get(path), after.get(path))
        for path in dict.fromkeys([*before, *after])
        if before.get(path) != after.get(path)
    ]


def _leaves(value: Any, path: tuple[str, ...] = ()) -> Iterable[tuple[tuple[str, ...], Any]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _leaves(inner, (*path, key))
    elif isinstance(value, list) and any(isinstance(inner, dict) for inner in value):
        for place, inner in enumerate(value):
            yield from _leaves(inner, (*path, str(place + 1)))
    else:
        yield path, ", ".join(map(str, value)) if isinstance(value, list) else value
