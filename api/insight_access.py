"""Who may read a brand's figures: its staff, or a tool of the brand's with a key that opens nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends
from fastapi.security import HTTPAuthorizationCredentials

from api.auth import bearer, claims, current_person, current_staff, current_standing
from api.errors import TooManyRequestsError, UnauthenticatedError
from api.limits import HOUR_SECONDS
from domain.errors import NotFoundError
from domain.insights.brand_keys import PREFIX, standing_key
from domain.insights.invitations import Within, within
from domain.insights.measures.answers import Asker
from infra import rates
from infra.settings import settings
from infra.web import ReadOnly
from schemas.base import ShortText


@dataclass(frozen=True, slots=True)
class Reader:
    """Who may read a brand's figures."""

    brand: str
    asker: Asker
    within: Within | None = None


def insight_reader(
    brand: ShortText,
    session: ReadOnly,
    credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(bearer)],
) -> Reader:
    """Return who reads the figures of the path's brand.

    Raises:
        UnauthenticatedError: No token or key, or none that is good any more.
        NotFoundError: The brand is not theirs.
        TooManyRequestsError: The key has had as many answers in an hour as it may.
    """
    if credentials is None or not credentials.credentials.startswith(PREFIX):
        person = current_person(current_standing(claims(credentials), session))
        staff = current_staff(person)
        part = within(session, staff, brand)
        session.close()
        return Reader(brand, Asker(staff_id=staff.id), part)
    key = standing_key(session, credentials.credentials)
    session.close()
    if key is None:
        raise UnauthenticatedError
    rate = rates.Rate("brand_key", settings().insight_key_hour_max, HOUR_SECONDS)
    if (wait := rates.take(rate, str(key.id))) is not None:
        raise TooManyRequestsError(retry_after_seconds=wait)
    if key.brand != brand:
        raise NotFoundError
    return Reader(brand, Asker(key_id=key.id))


InsightReader = Annotated[Reader, Depends(insight_reader)]
