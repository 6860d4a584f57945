"""What conditions kept as data have in common, whatever they are about: names, groups, and an end."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Final

from pydantic import Field, StringConstraints

from schemas.base import Body, ShortText

PARTS_MAX: Final = 20
NAMES_MAX: Final = 200
MINOR_MAX: Final = 10**12
DAYS_MAX: Final = 36_600
# A tree deeper than a person can read is a mistake, and recursion has an end.
DEPTH_MAX: Final = 5

Slug = Annotated[ShortText, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]*$", max_length=160)]
SomeSlugs = Annotated[tuple[Slug, ...], Field(min_length=1, max_length=NAMES_MAX)]


class Group(Body):
    """Conditions taken together; its kind says whether all, any or none of them must hold."""

    kind: str = Field(description="Says which kind it is.")
    of: tuple[Body, ...] = Field(description="Conditions, each of any kind.")


def walk(condition: Body, depth: int = 1) -> Iterator[tuple[int, Body]]:
    """Yield a condition and all within it, each after how deep it lies; the outermost lies at 1."""
    yield depth, condition
    if isinstance(condition, Group):
        for part in condition.of:
            yield from walk(part, depth + 1)


def leaves_of(condition: Body) -> Iterator[Body]:
    """Yield the conditions that are no groups."""
    return (part for _, part in walk(condition) if not isinstance(part, Group))
