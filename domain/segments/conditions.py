"""Who is in a segment: conditions as data about a shopper and one brand. Nothing of them is run.

Days are counted back from the day of counting; a year is 364 days, a quarter 91. What is wrong is told by its
path.
"""

from __future__ import annotations

from typing import Annotated, Final, Literal, Self

from pydantic import Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from domain.conditions import (
    DAYS_MAX,
    DEPTH_MAX,
    MINOR_MAX,
    PARTS_MAX,
    Group,
    SomeSlugs,
    leaves_of,
    walk,
)
from schemas.base import Body, TrimmedText
from schemas.partners import Slug
from schemas.segments import NAME_LENGTH_MAX, LeavingSign, RfmGroup, ValueTier

# Of a whole segment, groups within groups counted too.
LEAVES_MAX: Final = 50
COUNT_MAX: Final = 10_000

Span = Literal["quarter", "year"]
Days = Annotated[int, Field(ge=0, le=DAYS_MAX)]
Count = Annotated[int, Field(ge=0, le=COUNT_MAX)]
Minor = Annotated[int, Field(ge=0, le=MINOR_MAX)]
Chance = Annotated[float, Field(ge=0, le=1)]


class _Between(Body):
    """A number between two, both included; one of them at least is said."""

    @model_validator(mode="after")
    def _some_limit(self) -> Self:
        least, most = getattr(self, "least", None), getattr(self, "most", None)
        if least is None and most is None:
            raise PydanticCustomError("no_limit", "A least or a most is needed")
        if least is not None and most is not None and least > most:
            raise PydanticCustomError("limits_in_disorder", "The least is more than the most")
        return self


class GroupIn(Body):
    """Shoppers of one of these groups by recency, frequency and spend."""

    kind: Literal["group_in"] = Field(description="Says which kind it is.")
    groups: Annotated[tuple[RfmGroup, ...], Field(min_length=1, max_length=11)] = Field(
        description="Names of groups."
    )


class ValueIn(Body):
    """Shoppers whose value is in one of these fifths of the brand's buyers; needs a model that is shown."""

    kind: Literal["value_in"] = Field(description="Says which kind it is.")
    tiers: Annotated[tuple[ValueTier, ...], Field(min_length=1, max_length=5)] = Field(
        description="Names of tiers."
    )


class Leaving(Body):
    """Shoppers for whom any of these signs of leaving fired."""

    kind: Literal["leaving"] = Field(description="Says which kind it is.")
    signs: Annotated[tuple[LeavingSign, ...], Field(min_length=1, max_length=5)] = Field(
        description="Any of these signs."
    )


class Alive(_Between):
    """How likely they still buy the brand, 0 to 1; needs a model that is shown."""

    kind: Literal["alive"] = Field(description="Says which kind it is.")
    least: Chance | None = Field(default=None, description="At least so likely.")
    most: Chance | None = Field(default=None, description="At most so likely.")


class LastBought(_Between):
    """So many days since they last bought the brand."""

    kind: Literal["last_bought"] = Field(description="Says which kind it is.")
    least: Days | None = Field(default=None, description="At least so many days ago.")
    most: Days | None = Field(default=None, description="At most so many days ago.")


class DaysBought(_Between):
    """On so many days they bought the brand."""

    kind: Literal["days_bought"] = Field(description="Says which kind it is.")
    within: Span = Field(default="year", description="In the last quarter or year.")
    least: Count | None = Field(default=None, description="On at least so many.")
    most: Count | None = Field(default=None, description="On at most so many.")


class Paid(_Between):
    """So much they paid for the brand in the last year, in minor units."""

    kind: Literal["paid"] = Field(description="Says which kind it is.")
    least: Minor | None = Field(default=None, description="At least so much.")
    most: Minor | None = Field(default=None, description="At most so much.")


class Joined(_Between):
    """So many days since they joined."""

    kind: Literal["joined"] = Field(description="Says which kind it is.")
    least: Days | None = Field(default=None, description="At least so many days ago.")
    most: Days | None = Field(default=None, description="At most so many days ago.")


class BoughtProduct(Body):
    """Bought one of these products of the brand in the last year."""

    kind: Literal["bought_product"] = Field(description="Says which kind it is.")
    products: SomeSlugs = Field(description="Slugs of products.")


class BoughtAt(Body):
    """Bought the brand at one of these chains in the last year."""

    kind: Literal["bought_at"] = Field(description="Says which kind it is.")
    retailers: SomeSlugs = Field(description="Slugs of chains.")


Parts = Annotated[tuple["Condition", ...], Field(min_length=1, max_length=PARTS_MAX)]


class All(Group):
    """All of these hold."""

    kind: Literal["all"] = Field(description="Says which kind it is.")
    of: Parts = Field(description="Conditions, each of any kind.")


class Any(Group):
    """At least one of these holds."""

    kind: Literal["any"] = Field(description="Says which kind it is.")
    of: Parts = Field(description="Conditions, each of any kind.")


class Nothing(Group):
    """None of these holds."""

    kind: Literal["none"] = Field(description="Says which kind it is.")
    of: Parts = Field(description="Conditions, each of any kind.")


Leaf = (
    GroupIn | ValueIn | Leaving | Alive | LastBought | DaysBought | Paid | Joined | BoughtProduct | BoughtAt
)
Condition = Annotated[All | Any | Nothing | Leaf, Field(discriminator="kind")]

for _group in (All, Any, Nothing):
    _group.model_rebuild()


class NewSegment(Body):
    """A segment to be saved."""

    slug: Slug = Field(description="Its slug, for campaigns to name it by.")
    name: Annotated[TrimmedText, StringConstraints(min_length=1, max_length=NAME_LENGTH_MAX)] = Field(
        description="Its name."
    )
    conditions: Condition = Field(description="Who is in it.")

    @model_validator(mode="after")
    def _not_too_many(self) -> Self:
        if sum(1 for _ in leaves_of(self.conditions)) > LEAVES_MAX:
            raise PydanticCustomError("too_many_conditions", "A segment has 50 conditions at most")
        if any(depth > DEPTH_MAX for depth, _ in walk(self.conditions)):
            raise PydanticCustomError("conditions_too_many", "The conditions are too many or too deep")
        return self
