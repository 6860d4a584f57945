"""What a journey says, as data: what begins it, for whom, its steps by arm, and who is told nothing."""

from __future__ import annotations

import re
from typing import Annotated, Final, Literal, Self

from pydantic import AfterValidator, Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from domain.conditions import Slug
from schemas.base import Body, TrimmedText
from schemas.journeys import HELD, JourneyChannel, ReadyName

ARMS_MAX: Final = 4
STEPS_MAX: Final = 12
SEGMENTS_MAX: Final = 20
TITLE_LENGTH_MAX: Final = 80
BODY_LENGTH_MAX: Final = 300
# All that words may have gaps for; which of them a journey can fill depends on what begins it.
GAPS: Final = frozenset({"brand", "points", "last_day", "days", "tier", "campaign"})
GAP: Final = re.compile(r"\{([^{}]*)\}")


def _gaps_known(text: str) -> str:
    unknown = sorted(set(GAP.findall(text)) - GAPS)
    if unknown or "{" in GAP.sub("", text) or "}" in GAP.sub("", text):
        raise PydanticCustomError("unknown_gap", "There is no such gap to fill")
    return text


Title = Annotated[
    TrimmedText,
    StringConstraints(min_length=1, max_length=TITLE_LENGTH_MAX),
    AfterValidator(_gaps_known),
]
Words = Annotated[
    TrimmedText,
    StringConstraints(min_length=1, max_length=BODY_LENGTH_MAX),
    AfterValidator(_gaps_known),
]
ArmName = Annotated[Slug, StringConstraints(max_length=30)]


class OnJoined(Body):
    """Somebody joined."""

    kind: Literal["joined"] = Field(description="Says which kind it is.")


class OnFirstReceipt(Body):
    """A shopper's first receipt was approved; of a brand's journey, the first with its goods."""

    kind: Literal["first_receipt"] = Field(description="Says which kind it is.")


class OnNoSecondReceipt(Body):
    """So many days after the first approved receipt there is no second."""

    kind: Literal["no_second_receipt"] = Field(description="Says which kind it is.")
    days: Annotated[int, Field(ge=1, le=180)] = Field(default=30, description="So many days after the first.")


class OnSegment(Body):
    """A shopper is in a segment of the brand, such as that of those with a sign of leaving."""

    kind: Literal["in_segment"] = Field(description="Says which kind it is.")
    segment: Slug = Field(description="Slug of the segment.")


class OnPointsExpiring(Body):
    """Points expire soon; it is told of 30 days before, a week before, and on the day before."""

    kind: Literal["points_expiring"] = Field(description="Says which kind it is.")
    days: Annotated[int, Field(ge=1, le=30)] = Field(default=7, description="In at most so many days.")


class OnTierNear(Body):
    """Few points are missing for the next tier."""

    kind: Literal["tier_near"] = Field(description="Says which kind it is.")
    points_missing: Annotated[int, Field(ge=1, le=1_000_000_000)] = Field(
        description="At most so many points are missing."
    )


class OnNewOffer(Body):
    """A campaign of the brand, or of the group, begins."""

    kind: Literal["new_offer"] = Field(description="Says which kind it is.")


class OnReceiptRefused(Body):
    """A receipt could not be taken for a reason that a clearer photo would mend."""

    kind: Literal["receipt_refused"] = Field(description="Says which kind it is.")


Trigger = Annotated[
    OnJoined
    | OnFirstReceipt
    | OnNoSecondReceipt
    | OnSegment
    | OnPointsExpiring
    | OnTierNear
    | OnNewOffer
    | OnReceiptRefused,
    Field(discriminator="kind"),
]


class ReadyWords(Body):
    """Words that stand ready in every language."""

    kind: Literal["ready"] = Field(description="Says which kind it is.")
    template: ReadyName = Field(description="Which words.")


class OwnWords(Body):
    """The journey's own words, which law takes for advertising whatever they say.

    Gaps are `{brand}`, `{points}`, `{last_day}`, `{days}`, `{tier}` and `{campaign}`.
    """

    kind: Literal["own"] = Field(description="Says which kind it is.")
    title_vi: Title = Field(description="Title in Vietnamese.")
    body_vi: Words = Field(description="Text in Vietnamese.")
    title_en: Title = Field(description="Title in English.")
    body_en: Words = Field(description="Text in English.")


class Tell(Body):
    """A message. Where what holds it up will pass, it waits for up to three days, or does not."""

    kind: Literal["message"] = Field(description="Says which kind it is.")
    channel: JourneyChannel = Field(
        description="The inbox alone, the inbox and its bell (`push`), or a text message."
    )
    words: Annotated[ReadyWords | OwnWords, Field(discriminator="kind")] = Field(description="What it says.")
    blocked: Literal["wait", "skip"] = Field(
        default="wait", description="What is done where it may not go out now: wait, or leave it out."
    )


class Wait(Body):
    """A pause before the next message."""

    kind: Literal["wait"] = Field(description="Says which kind it is.")
    hours: Annotated[int, Field(ge=1, le=2_160)] = Field(description="For so many hours.")


Step = Annotated[Tell | Wait, Field(discriminator="kind")]


class JourneyArm(Body):
    """One way through the journey; shoppers are shared out by weight."""

    name: ArmName = Field(description="Its name, one of its kind in the journey.")
    weight: Annotated[int, Field(ge=1, le=100)] = Field(
        default=1, description="Its share beside the others'."
    )
    steps: Annotated[tuple[Step, ...], Field(min_length=1, max_length=STEPS_MAX)] = Field(
        description="Messages and pauses, in their order."
    )

    @model_validator(mode="after")
    def _sensible(self) -> Self:
        if self.name == HELD:
            raise PydanticCustomError("arm_named_held", "That is the name of those who are told nothing")
        if not any(isinstance(step, Tell) for step in self.steps):
            raise PydanticCustomError("arm_without_message", "An arm tells something")
        return self


Segments = Annotated[tuple[Slug, ...], Field(max_length=SEGMENTS_MAX)]


class JourneyAudience(Body):
    """Whom it is for: in any of some segments, and in none of others; asked again before each message."""

    segments: Segments = Field(
        default=(), description="In any of these segments; everybody where none is named."
    )
    not_segments: Segments = Field(default=(), description="In none of these.")

    @property
    def slugs(self) -> tuple[str, ...]:
        """Return every segment it names."""
        return (*self.segments, *self.not_segments)


class Ringing(Body):
    """Between which hours in Vietnam phones may ring; law's own limits hold besides."""

    from_hour: Annotated[int, Field(ge=7, le=12)] = Field(default=8, description="From this hour on.")
    until_hour: Annotated[int, Field(ge=13, le=22)] = Field(default=21, description="Until this hour.")


class JourneyTerms(Body):
    """All that a version of a journey says."""

    form: int = Field(default=1, ge=1, le=1, description="By which form the terms are written.")
    trigger: Trigger = Field(description="What begins it for a shopper.")
    audience: JourneyAudience = Field(default=JourneyAudience(), description="Whom it is for.")
    arms: Annotated[tuple[JourneyArm, ...], Field(min_length=1, max_length=ARMS_MAX)] = Field(
        description="Ways through it that are compared."
    )
    hold_out: Annotated[int, Field(ge=1, le=50)] = Field(
        default=10, description="Per cent of those who enter that are told nothing, for good."
    )
    goal: Literal["none", "receipt"] = Field(
        default="receipt", description="What ends it early: nothing, or an approved receipt sent since."
    )
    again_days: Annotated[int, Field(ge=1, le=3_650)] | None = Field(
        default=None,
        description="After how many days a shopper may enter again; never where nothing is said.",
    )
    window_days: Annotated[int, Field(ge=1, le=180)] = Field(
        default=28, description="For how many days after entering receipts count for the results."
    )
    ringing: Ringing = Field(default=Ringing(), description="When phones may ring.")
    most_per_week: Annotated[int, Field(ge=1, le=21)] = Field(
        default=3, description="Not sent to whom journeys sent so many ads in the last seven days."
    )

    @model_validator(mode="after")
    def _sensible(self) -> Self:
        names = [arm.name for arm in self.arms]
        if len(set(names)) < len(names):
            raise PydanticCustomError("arms_named_twice", "Two arms have one name")
        return self

    def arm(self, name: str) -> JourneyArm | None:
        """Return an arm by its name; None of those held out, or of one that is no more."""
        return next((arm for arm in self.arms if arm.name == name), None)
