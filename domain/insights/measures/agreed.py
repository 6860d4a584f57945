"""What was agreed of a campaign before it was live, for whoever may ask of it."""

from __future__ import annotations

from sqlmodel import or_, select

from domain.campaigns import trials
from domain.campaigns.trials import Measured
from domain.errors import UnknownFilterValueError
from domain.insights.measures.measure import Asked
from schemas.catalog import Brand


def campaign_of(asked: Asked) -> Measured:
    """Return the campaign that is asked about as it began: the brand's own, or one of the whole group.

    Raises:
        UnknownFilterValueError: There is none.
    """
    found = next(trials.measured(asked.session, asked.question.asked.campaign), None)
    if found is not None:
        of_brand = select(Brand.id).where(
            Brand.slug == asked.question.brand, or_(found.brand_id is None, Brand.id == found.brand_id)
        )
        if asked.session.exec(of_brand).first() is not None:
            return found
    raise UnknownFilterValueError(field="campaign")
