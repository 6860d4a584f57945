"""What a campaign promises, as data: its days, shops, brands, rules, caps, budgets and legal form."""

from __future__ import annotations

from typing import Annotated, Final, Literal, Self

from pydantic import Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from domain.campaigns.conditions import BasketPart, Condition, Goods, Slugs, Units
from domain.campaigns.measuring import Measuring
from domain.conditions import (
    DAYS_MAX,
    DEPTH_MAX,
    MINOR_MAX,
    NAMES_MAX,
    PARTS_MAX,
    Slug,
    SomeSlugs,
    walk,
)
from schemas.base import Body, Day, ShortText, Text

POINTS_MAX: Final = 100_000_000
# Of one minor unit. A slip of the keyboard above it earns what no account has room for.
RATE_MAX: Final = 1_000
# Said of points instead of a brand's slug: those that all brands of one owner share.
GROUP: Final = "group"
RULES_MAX: Final = 200
CONDITIONS_MAX: Final = 500
PERCENT_USUAL: Final = 100
PERCENT_MAX: Final = 10_000
# Of its form, law lets a gift or discount be worth half of the price at most (Decree 81/2018).
FORMS_OF_HALF_PRICE: Final = frozenset({"gift", "discount", "voucher"})
# Games of chance and contests are registered, or notified, before they start.
FORMS_WITH_FILE: Final = frozenset({"draw", "contest"})

Points = Annotated[int, Field(ge=1, le=POINTS_MAX)]
Paragraphs = Annotated[Text, StringConstraints(max_length=20_000)]


class PointsPerAmount(Body):
    """Points for what was paid; in whole steps only where so said.

    `minor` is a step, in minor units. `multiplied` says whether multipliers count for them.
    """

    kind: Literal["points_per_amount"] = Field(description="Says which kind it is.")
    points: Points = Field(description="Points of a step.")
    minor: Annotated[int, Field(ge=1, le=MINOR_MAX)] = Field(description="What a step costs, in minor units.")
    whole_steps: bool = Field(default=False, description="Whether parts of a step earn nothing.")
    goods: Goods = Field(default=Goods(), description="Which goods are meant.")
    multiplied: bool = Field(default=True, description="Whether multipliers count for these points.")

    @model_validator(mode="after")
    def _sensible(self) -> Self:
        if self.points > self.minor * RATE_MAX:
            raise PydanticCustomError("rate_too_high", "More than 1,000 points for 1 đồng")
        return self


class PointsPerUnit(Body):
    """Points for every so many units."""

    kind: Literal["points_per_unit"] = Field(description="Says which kind it is.")
    points: Points = Field(description="Points each time.")
    units: Units = Field(default=1, description="For every so many units.")
    goods: Goods = Field(default=Goods(), description="Which goods are meant.")
    multiplied: bool = Field(default=True, description="Whether multipliers count for these points.")


class PointsPerSet(Body):
    """Points for every whole set: one of A and two of B."""

    kind: Literal["points_per_set"] = Field(description="Says which kind it is.")
    points: Points = Field(description="Points of a whole set.")
    parts: Annotated[tuple[BasketPart, ...], Field(min_length=1, max_length=PARTS_MAX)] = Field(
        description="What makes a set."
    )
    sets_max: Units | None = Field(default=None, description="Most sets of one receipt that pay.")
    multiplied: bool = Field(default=True, description="Whether multipliers count for these points.")


class Fixed(Body):
    """Points for the receipt, however much was bought."""

    kind: Literal["fixed"] = Field(description="Says which kind it is.")
    points: Points = Field(description="Points of the receipt.")
    goods: Goods = Field(default=Goods(), description="Which goods are meant.")
    multiplied: bool = Field(default=False, description="Whether multipliers count for these points.")


class Multiplier(Body):
    """So many per cent of the base: 200 doubles it.

    Several add up (two doublings make three times) and are applied once. `of` says which base: what this
    campaign's own rules pay, or what all other campaigns pay for these goods.
    """

    kind: Literal["multiplier"] = Field(description="Says which kind it is.")
    percent: Annotated[int, Field(gt=PERCENT_USUAL, le=PERCENT_MAX)] = Field(
        description="Per cent of the base: 200 doubles it."
    )
    of: Literal["campaign", "programme"] = Field(
        default="campaign",
        description="What is multiplied: this campaign's own points, or those of all others.",
    )
    goods: Goods = Field(default=Goods(), description="Which goods are meant.")


class Stamp(Body):
    """A stamp for every so many units; a full card pays its points: buy 5, get the sixth."""

    kind: Literal["stamp"] = Field(description="Says which kind it is.")
    card: Slug = Field(description="Slug of the card.")
    units: Units = Field(default=1, description="A stamp for every so many units.")
    full: Units = Field(description="How many stamps fill a card.")
    points: Annotated[int, Field(ge=0, le=POINTS_MAX)] = Field(
        default=0, description="What a full card pays."
    )
    reward: Slug | None = Field(default=None, description="Slug of the reward that a full card brings.")
    goods: Goods = Field(default=Goods(), description="Which goods are meant.")
    multiplied: bool = Field(default=False, description="Whether multipliers count for these points.")


class GrantReward(Body):
    """A reward of the catalogue instead of points."""

    kind: Literal["grant_reward"] = Field(description="Says which kind it is.")
    reward: Slug = Field(description="Slug of the reward.")
    count: Annotated[int, Field(ge=1, le=100)] = Field(default=1, description="How many of it.")


Effect = Annotated[
    PointsPerAmount | PointsPerUnit | PointsPerSet | Fixed | Multiplier | Stamp | GrantReward,
    Field(discriminator="kind"),
]


class Rule(Body):
    """What is given when a condition holds; without a condition, always."""

    name: Slug = Field(description="The rule's name, one of its kind in the campaign.")
    when: Condition | None = Field(default=None, description="What must hold; always where nothing is said.")
    give: Annotated[tuple[Effect, ...], Field(min_length=1, max_length=PARTS_MAX)] = Field(
        description="What it gives."
    )


class Exchange(Body):
    """Points of one brand, or of the group, turned into another's at a rate; what comes is whole steps.

    `day_max` is of what is given, for one shopper and local day. What comes out of it can be spent for the
    terms' `valid_days`, and counts against their budget.
    """

    from_points_of: Slug = Field(
        description="Slug of the brand whose points are given; `group` for shared ones."
    )
    to_points_of: Slug = Field(description="Slug of the brand whose points come; `group` for shared ones.")
    points: Points = Field(description="Points given in one step.")
    becoming: Points = Field(description="Points that come for one step.")
    day_max: Points | None = Field(
        default=None,
        description="Most points that a shopper may give in a day; no limit where nothing is said.",
    )

    @model_validator(mode="after")
    def _sensible(self) -> Self:
        if self.from_points_of == self.to_points_of:
            raise PydanticCustomError("exchange_of_one", "Points are exchanged for another's")
        return self


class Cap(Body):
    """What one party may get at most: points, or how many receipts pay.

    A day, week or month is one of purchases, as printed; a week begins on Monday.
    """

    of: Literal["points", "receipts"] = Field(
        default="points", description="What is counted: points, or receipts that pay."
    )
    party: Literal["shopper", "household"] = Field(
        default="shopper", description="Whose: a shopper's, or a whole household's."
    )
    per: Literal["receipt", "day", "week", "month", "campaign"] = Field(
        description="In what: a receipt, a period, or the whole campaign."
    )
    most: Points = Field(description="How much at most.")

    @model_validator(mode="after")
    def _sensible(self) -> Self:
        if self.per == "receipt" and self.of == "receipts":
            raise PydanticCustomError("cap_of_one_receipt", "A receipt is one receipt: cap its points")
        return self


class Budget(Body):
    """What the campaign may give in all, and on one day of uploads; `short` says what happens at its end."""

    total: Points | None = Field(
        default=None, description="Most points in all; no limit where nothing is said."
    )
    daily: Points | None = Field(default=None, description="Most points of one day of uploads.")
    short: Literal["nothing", "rest"] = Field(
        default="nothing", description="What is paid where less is left: nothing, or the rest."
    )


class Shops(Body):
    """Where it counts: at listed chains, at every known one, or at any shop whose receipt can be read."""

    take: Literal["listed", "known", "any"] = Field(
        default="known", description="Listed chains, every known one, or any shop."
    )
    retailers: Slugs = Field(default=(), description="Slugs of chains, where they are listed.")

    @model_validator(mode="after")
    def _listed(self) -> Self:
        if (self.take == "listed") != bool(self.retailers):
            raise PydanticCustomError("chains_unlisted", "Name chains where, and only where, they are listed")
        return self


class Stacking(Body):
    """How it goes together with others: its group, and its place in it, the lowest first."""

    group: Slug = Field(default="base", description="Slug of the group.")
    place: Annotated[int, Field(ge=0, le=10_000)] = Field(
        default=100, description="Its place in the group, the lowest first."
    )


class Legal(Body):
    """What the authorities ask of a promotion."""

    form: Literal["loyalty", "gift", "discount", "voucher", "contest", "draw"] = Field(
        default="loyalty", description="What kind of promotion it is."
    )
    number: ShortText | None = Field(default=None, description="The number that the authority gave.")
    file: ShortText | None = Field(default=None, description="The authority's file.")
    rules: Paragraphs = Field(default="", description="The rules as shoppers read them.")
    organiser: ShortText = Field(default="", description="Who holds it.")
    areas: Annotated[tuple[ShortText, ...], Field(max_length=NAMES_MAX)] = Field(
        default=(), description="Where it is held."
    )
    results_due: Day | None = Field(default=None, description="By when results are told.")
    point_value_minor: Annotated[int, Field(ge=1, le=MINOR_MAX)] | None = Field(
        default=None, description="What a point is worth, in minor units."
    )


class Terms(Body):
    """All that a version of a campaign says. Days are those of the till, both ends included.

    A receipt is taken until `accepted_days` after its printed day. Points can be spent for `valid_days`, or
    for ever. `currency` is the brand whose points are paid; without it each line pays its own brand's.
    """

    form: int = Field(default=1, ge=1, le=1, description="By which form the terms are written.")
    starts_on: Day = Field(description="First day of purchases.")
    ends_on: Day = Field(description="Last day, included.")
    accepted_days: Annotated[int, Field(ge=0, le=DAYS_MAX)] = Field(
        default=30, description="Days after the printed one on which a receipt is taken."
    )
    valid_days: Annotated[int, Field(ge=1, le=DAYS_MAX)] | None = Field(
        default=None, description="Days for which points can be spent; null is for ever."
    )
    brands: SomeSlugs = Field(description="Slugs of the brands that take part.")
    currency: Slug | None = Field(
        default=None,
        description="Slug of the brand whose points are paid; each line's own where nothing is said.",
    )
    shops: Shops = Field(default=Shops(), description="Where it counts.")
    points_of: Literal["brand", "group"] = Field(
        default="brand",
        description="Whose points are paid: a brand's, or those that all brands of the owner share.",
    )
    rules: Annotated[tuple[Rule, ...], Field(max_length=RULES_MAX)] = Field(
        default=(), description="What is given for what; nothing only where it allows an exchange."
    )
    exchanges: Annotated[tuple[Exchange, ...], Field(max_length=PARTS_MAX)] = Field(
        default=(), description="Which points may be turned into which others, and at which rate."
    )
    multiplier_max: Annotated[int, Field(gt=PERCENT_USUAL, le=PERCENT_MAX)] = Field(
        default=1_000, description="Per cent that multipliers together reach at most."
    )
    caps: Annotated[tuple[Cap, ...], Field(max_length=PARTS_MAX)] = Field(
        default=(), description="What one party may get at most."
    )
    budget: Budget = Field(default=Budget(), description="What may be given in all.")
    stacking: Stacking = Field(default=Stacking(), description="How it goes together with other campaigns.")
    legal: Legal = Field(default=Legal(), description="What the authorities ask of it.")
    measuring: Measuring = Field(
        default=Measuring(), description="How it will be judged; fixed once the campaign is live."
    )

    @model_validator(mode="after")
    def _sensible(self) -> Self:
        if self.starts_on > self.ends_on:
            raise PydanticCustomError("days_in_disorder", "The last day is before the first")
        if not (self.rules or self.exchanges):
            raise PydanticCustomError("nothing_given", "It has neither rules nor exchanges")
        if self.points_of == "group" and self.currency is not None:
            raise PydanticCustomError("points_of_two", "Points are a brand's or the group's, not both")
        pairs = [(exchange.from_points_of, exchange.to_points_of) for exchange in self.exchanges]
        if len(set(pairs)) < len(pairs):
            raise PydanticCustomError("exchanges_alike", "Two exchanges are of the same points")
        names = [rule.name for rule in self.rules]
        if len(set(names)) < len(names):
            raise PydanticCustomError("rules_named_twice", "Two rules have one name")
        cards = [effect.card for rule in self.rules for effect in rule.give if isinstance(effect, Stamp)]
        if len(set(cards)) < len(cards):
            raise PydanticCustomError("card_stamped_twice", "A stamp card is stamped by one rule")
        kinds = [(cap.of, cap.party, cap.per) for cap in self.caps]
        if len(set(kinds)) < len(kinds):
            raise PydanticCustomError("caps_alike", "Two caps are of one kind")
        depths = [depth for rule in self.rules if rule.when for depth, _ in walk(rule.when)]
        if len(depths) > CONDITIONS_MAX or max(depths, default=0) > DEPTH_MAX:
            raise PydanticCustomError("conditions_too_many", "The conditions are too many or too deep")
        return self

    @property
    def uses_group(self) -> bool:
        """Whether it pays or exchanges points that all brands of an owner share."""
        named = [name for one in self.exchanges for name in (one.from_points_of, one.to_points_of)]
        return GROUP in (self.points_of, *named)
