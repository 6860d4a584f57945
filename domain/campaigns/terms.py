"""What a campaign promises, as data: its days, shops, brands, rules, caps, budgets and legal form."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Annotated, Final, Literal, Self

from pydantic import Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from domain.campaigns.conditions import (
    DAYS_MAX,
    MINOR_MAX,
    NAMES_MAX,
    PARTS_MAX,
    All,
    Any,
    BasketPart,
    Condition,
    Goods,
    Nothing,
    Part,
    Slug,
    Slugs,
    SomeSlugs,
    Units,
)
from schemas.base import ShortText, Text

POINTS_MAX: Final = 100_000_000
RULES_MAX: Final = 200
# A tree deeper than a person can read is a mistake, and recursion has an end.
DEPTH_MAX: Final = 5
CONDITIONS_MAX: Final = 500
PERCENT_USUAL: Final = 100
PERCENT_MAX: Final = 10_000
# Of its form, law lets a gift or discount be worth half of the price at most (Decree 81/2018).
FORMS_OF_HALF_PRICE: Final = frozenset({"gift", "discount", "voucher"})
# Games of chance and contests are registered, or notified, before they start.
FORMS_WITH_FILE: Final = frozenset({"draw", "contest"})

Points = Annotated[int, Field(ge=1, le=POINTS_MAX)]
Paragraphs = Annotated[Text, StringConstraints(max_length=20_000)]


class PointsPerAmount(Part):
    """Points for what was paid; in whole steps only where so said.

    `minor` is a step, in minor units. `multiplied` says whether multipliers count for them.
    """

    kind: Literal["points_per_amount"]
    points: Points
    minor: Annotated[int, Field(ge=1, le=MINOR_MAX)]
    whole_steps: bool = False
    goods: Goods = Goods()
    multiplied: bool = True


class PointsPerUnit(Part):
    """Points for every so many units."""

    kind: Literal["points_per_unit"]
    points: Points
    units: Units = 1
    goods: Goods = Goods()
    multiplied: bool = True


class PointsPerSet(Part):
    """Points for every whole set: one of A and two of B."""

    kind: Literal["points_per_set"]
    points: Points
    parts: Annotated[tuple[BasketPart, ...], Field(min_length=1, max_length=PARTS_MAX)]
    sets_max: Units | None = None
    multiplied: bool = True


class Fixed(Part):
    """Points for the receipt, however much was bought."""

    kind: Literal["fixed"]
    points: Points
    goods: Goods = Goods()
    multiplied: bool = False


class Multiplier(Part):
    """So many per cent of the base: 200 doubles it.

    Several add up (two doublings make three times) and are applied once. `of` says which base: what this
    campaign's own rules pay, or what all other campaigns pay for these goods.
    """

    kind: Literal["multiplier"]
    percent: Annotated[int, Field(gt=PERCENT_USUAL, le=PERCENT_MAX)]
    of: Literal["campaign", "programme"] = "campaign"
    goods: Goods = Goods()


class Stamp(Part):
    """A stamp for every so many units; a full card pays its points: buy 5, get the sixth."""

    kind: Literal["stamp"]
    card: Slug
    units: Units = 1
    full: Units
    points: Annotated[int, Field(ge=0, le=POINTS_MAX)] = 0
    reward: Slug | None = None
    goods: Goods = Goods()
    multiplied: bool = False


class GrantReward(Part):
    """A reward of the catalogue instead of points."""

    kind: Literal["grant_reward"]
    reward: Slug
    count: Annotated[int, Field(ge=1, le=100)] = 1


Effect = Annotated[
    PointsPerAmount | PointsPerUnit | PointsPerSet | Fixed | Multiplier | Stamp | GrantReward,
    Field(discriminator="kind"),
]


class Rule(Part):
    """What is given when a condition holds; without a condition, always."""

    name: Slug
    when: Condition | None = None
    give: Annotated[tuple[Effect, ...], Field(min_length=1, max_length=PARTS_MAX)]


class Cap(Part):
    """What one party may get at most: points, or how many receipts pay.

    A day, week or month is one of purchases, as printed; a week begins on Monday.
    """

    of: Literal["points", "receipts"] = "points"
    party: Literal["shopper", "household"] = "shopper"
    per: Literal["receipt", "day", "week", "month", "campaign"]
    most: Points

    @model_validator(mode="after")
    def _sensible(self) -> Self:
        if self.per == "receipt" and self.of == "receipts":
            raise PydanticCustomError("cap_of_one_receipt", "A receipt is one receipt: cap its points")
        return self


class Budget(Part):
    """What the campaign may give in all, and on one day of uploads; `short` says what happens at its end."""

    total: Points | None = None
    daily: Points | None = None
    short: Literal["nothing", "rest"] = "nothing"


class Shops(Part):
    """Where it counts: at listed chains, at every known one, or at any shop whose receipt can be read."""

    take: Literal["listed", "known", "any"] = "known"
    retailers: Slugs = ()

    @model_validator(mode="after")
    def _listed(self) -> Self:
        if (self.take == "listed") != bool(self.retailers):
            raise PydanticCustomError("chains_unlisted", "Name chains where, and only where, they are listed")
        return self


class Stacking(Part):
    """How it goes together with others: its group, and its place in it, the lowest first."""

    group: Slug = "base"
    place: Annotated[int, Field(ge=0, le=10_000)] = 100


class Legal(Part):
    """What the authorities ask of a promotion."""

    form: Literal["loyalty", "gift", "discount", "voucher", "contest", "draw"] = "loyalty"
    number: ShortText | None = None
    file: ShortText | None = None
    rules: Paragraphs = ""
    organiser: ShortText = ""
    areas: Annotated[tuple[ShortText, ...], Field(max_length=NAMES_MAX)] = ()
    results_due: date | None = None
    point_value_minor: Annotated[int, Field(ge=1, le=MINOR_MAX)] | None = None


class Terms(Part):
    """All that a version of a campaign says. Days are those of the till, both ends included.

    A receipt is taken until `accepted_days` after its printed day. Points can be spent for `valid_days`, or
    for ever. `currency` is the brand whose points are paid; without it each line pays its own brand's.
    """

    form: Literal[1] = 1
    starts_on: date
    ends_on: date
    accepted_days: Annotated[int, Field(ge=0, le=DAYS_MAX)] = 30
    valid_days: Annotated[int, Field(ge=1, le=DAYS_MAX)] | None = None
    brands: SomeSlugs
    currency: Slug | None = None
    shops: Shops = Shops()
    rules: Annotated[tuple[Rule, ...], Field(min_length=1, max_length=RULES_MAX)]
    multiplier_max: Annotated[int, Field(gt=PERCENT_USUAL, le=PERCENT_MAX)] = 1_000
    caps: Annotated[tuple[Cap, ...], Field(max_length=PARTS_MAX)] = ()
    budget: Budget = Budget()
    stacking: Stacking = Stacking()
    legal: Legal = Legal()

    @model_validator(mode="after")
    def _sensible(self) -> Self:
        if self.starts_on > self.ends_on:
            raise PydanticCustomError("days_in_disorder", "The last day is before the first")
        names = [rule.name for rule in self.rules]
        if len(set(names)) < len(names):
            raise PydanticCustomError("rules_named_twice", "Two rules have one name")
        cards = [effect.card for rule in self.rules for effect in rule.give if isinstance(effect, Stamp)]
        if len(set(cards)) < len(cards):
            raise PydanticCustomError("card_stamped_twice", "A stamp card is stamped by one rule")
        kinds = [(cap.of, cap.party, cap.per) for cap in self.caps]
        if len(set(kinds)) < len(kinds):
            raise PydanticCustomError("caps_alike", "Two caps are of one kind")
        seen = 0
        for rule in self.rules:
            for depth, _ in _walk(rule.when):
                seen += 1
                if depth > DEPTH_MAX or seen > CONDITIONS_MAX:
                    raise PydanticCustomError(
                        "conditions_too_many", "The conditions are too many or too deep"
                    )
        return self


def conditions_of(condition: Condition | None) -> Iterator[Condition]:
    """Yield a condition and all within it."""
    for _, part in _walk(condition):
        yield part


def _walk(condition: Condition | None, depth: int = 1) -> Iterator[tuple[int, Condition]]:
    """Yield a condition and all within it, with how deep they lie."""
    if condition is None:
        return
    yield depth, condition
    if isinstance(condition, All | Any | Nothing):
        for part in condition.of:
            yield from _walk(part, depth + 1)
