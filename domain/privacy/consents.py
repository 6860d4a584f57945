"""What a shopper agreed to: asked purpose by purpose, nothing on by itself, withdrawn as easily as given."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, ScalarSelect, Select, false, func, or_, true
from sqlalchemy import select as plain_select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Mapped
from sqlmodel import Session, col, select

from domain.errors import UnknownFilterValueError
from domain.events import outbox
from domain.events.due import note_due
from domain.events.outbox import NewEvent
from domain.paging import comes_before
from domain.privacy.errors import ConsentNeededError, ConsentTextChangedError
from domain.privacy.texts import all_asked, current_text
from infra import clock
from infra.settings import settings
from infra.words import Language
from schemas.catalog import Brand
from schemas.privacy import (
    AskedIn,
    Channel,
    Consent,
    ConsentAct,
    ConsentChoice,
    ConsentText,
    ConsentView,
    Purpose,
)

# Purpose, channel and brand.
_Key = tuple[Purpose, Channel | None, UUID | None]
# What another system may have asked for already, where a setting says so.
ASKED_ELSEWHERE: frozenset[Purpose] = frozenset({"programme", "brand_insight"})


def given(
    session: Session,
    shopper_id: UUID,
    purpose: Purpose,
    channel: Channel | None = None,
    brand_id: UUID | None = None,
) -> bool:
    """Say whether a shopper agrees to a purpose now; messages are asked about by channel.

    About a brand, the newest word counts, be it about that brand or about all; without a brand, the newest
    about all.
    """
    newest = _newest(purpose, channel, brand_id).where(col(Consent.shopper_id) == shopper_id)
    said = session.execute(newest).scalar_one_or_none()
    return _asked_elsewhere(purpose) if said is None else bool(said)


def _asked_elsewhere(purpose: Purpose) -> bool:
    """Say whether silence here means a yes: another system asked. A no said here counts."""
    return purpose in ASKED_ELSEWHERE and settings().consents_elsewhere


def given_among(
    session: Session, shopper_ids: Collection[UUID], brand_id: UUID | None = None
) -> dict[UUID, frozenset[tuple[Purpose, Channel | None]]]:
    """Return what each of some shoppers agrees to now, as `given` says it of one, in one statement."""
    about: list[ColumnElement[bool]] = [col(Consent.brand_id).is_(None)]
    if brand_id is not None:
        about.append(col(Consent.brand_id) == brand_id)
    key = (col(Consent.shopper_id), col(Consent.purpose), col(Consent.channel))
    newest = (col(Consent.said_at).desc(), col(Consent.id).desc())
    said = (
        plain_select(*key, col(Consent.given))
        .where(col(Consent.shopper_id).in_(shopper_ids), or_(*about))
        .ext(distinct_on(*key))
        .order_by(*key, *newest)
    )
    unsaid: set[tuple[Purpose, Channel | None]] = {
        (purpose, None) for purpose in ASKED_ELSEWHERE if _asked_elsewhere(purpose)
    }
    agreed = {shopper_id: set(unsaid) for shopper_id in shopper_ids}
    for shopper_id, purpose, channel, is_given in session.execute(said):
        asked: Any = (purpose, channel)
        (agreed[shopper_id].add if is_given else agreed[shopper_id].discard)(asked)
    return {shopper_id: frozenset(found) for shopper_id, found in agreed.items()}


def needed(session: Session, shopper_id: UUID, purpose: Purpose, channel: Channel | None = None) -> None:
    """Refuse what only who agreed to a purpose may do.

    Raises:
        ConsentNeededError: They don't.
    """
    if not given(session, shopper_id, purpose, channel):
        raise ConsentNeededError(purpose=f"{purpose}, {channel}" if channel else purpose)


def who_gave(
    shopper_id: Mapped[UUID],
    purpose: Purpose,
    brand_id: UUID | Mapped[UUID] | None = None,
    channel: Channel | None = None,
) -> ColumnElement[bool]:
    """Return the condition, for a statement of one's own, that a row's shopper agrees to a purpose now."""
    newest: ScalarSelect[bool] = (
        _newest(purpose, channel, brand_id).where(col(Consent.shopper_id) == shopper_id).scalar_subquery()
    )
    return func.coalesce(newest, true() if _asked_elsewhere(purpose) else false())


def _newest(purpose: Purpose, channel: Channel | None, brand_id: UUID | Mapped[UUID] | None) -> Select[bool]:
    about: list[ColumnElement[bool]] = [col(Consent.brand_id).is_(None)]
    if brand_id is not None:
        about.append(col(Consent.brand_id) == brand_id)
    return (
        plain_select(col(Consent.given))
        .where(
            col(Consent.purpose) == purpose, col(Consent.channel).is_not_distinct_from(channel), or_(*about)
        )
        .order_by(col(Consent.said_at).desc(), col(Consent.id).desc())
        .limit(1)
    )


def record(
    session: Session,
    shopper_id: UUID,
    choices: Sequence[ConsentChoice],
    *,
    asked_in: AskedIn,
    language: Language,
) -> None:
    """Keep what a shopper chose, all of it or nothing. What stands so already is not said again.

    Raises:
        ConsentTextChangedError: Somebody agrees to a text other than today's.
        UnknownFilterValueError: There is no such brand.
    """
    brands = _brand_ids(session, choices)
    standing = list(_standing(session, shopper_id))
    new = []
    for choice in choices:
        text = current_text(choice.purpose, choice.channel)
        shown = choice.text_version in {None, text.version} and choice.text_sha256 in {
            None,
            text.sha256[language],
        }
        if choice.given and not shown:
            raise ConsentTextChangedError(purpose=choice.purpose, version=text.version)
        said = Consent(
            shopper_id=shopper_id,
            purpose=choice.purpose,
            channel=choice.channel,
            brand_id=brands[choice.brand] if choice.brand else None,
            given=choice.given,
            text_version=text.version,
            text_sha256=text.sha256[language],
            language=language,
            asked_in=asked_in,
            said_at=clock.now(),
        )
        if not _stands(said, standing):
            new.append(said)
            standing.append(said)
    session.add_all(new)
    session.flush()
    if new:
        # What brands may know of earlier purchases follows at once.
        note_due(session, "shopper", [shopper_id])
    # Whoever waits for somebody to take part hears of it.
    outbox.record(
        session,
        [
            NewEvent(f"agreed:{said.id}", "shopper.agreed", shopper_id, said.said_at, shopper_id)
            for said in new
            if said.purpose == "programme" and said.given
        ],
    )


def _stands(said: Consent, standing: Sequence[Consent]) -> bool:
    """Say whether the newest word about the same says the same already."""
    about = [
        row
        for row in standing
        if (row.purpose, row.channel) == (said.purpose, said.channel)
        and (said.brand_id is None or row.brand_id in {None, said.brand_id})
    ]
    newest = max(about, key=lambda row: (row.said_at, row.id), default=None)
    return newest is not None and (newest.brand_id, newest.given, newest.text_version) == (
        said.brand_id,
        said.given,
        said.text_version,
    )


def record_for_trial(session: Session, shopper_id: UUID) -> None:
    """Have a made-up shopper agree to taking part and to brands' figures: for development and benchmarks."""
    purposes: tuple[Purpose, ...] = ("programme", "brand_insight")
    agreed = [
        ConsentChoice(purpose=purpose, given=True, text_version=current_text(purpose, None).version)
        for purpose in purposes
    ]
    record(session, shopper_id, agreed, asked_in="development", language="vi")


def standing_consents(session: Session, shopper_id: UUID, language: Language) -> list[ConsentView]:
    """Return how each purpose stands, then what was said about single brands."""
    rows: dict[_Key, Consent] = {
        (row.purpose, row.channel, row.brand_id): row  # type: ignore[misc] # checked by the table
        for row in _standing(session, shopper_id)
    }
    slugs = _slugs(session, [row.brand_id for row in rows.values() if row.brand_id])
    keys: list[_Key] = [(purpose, channel, None) for purpose, channel in all_asked()]
    branded = sorted(
        (key for key in rows if key[2]), key=lambda key: (key[0], slugs[key[2]] if key[2] else "")
    )
    return [_view(key, rows.get(key), slugs, language) for key in [*keys, *branded]]


def _view(key: _Key, row: Consent | None, slugs: dict[UUID, str], language: Language) -> ConsentView:
    purpose, channel, brand_id = key
    text = current_text(purpose, channel)
    return ConsentView(
        purpose=purpose,
        channel=channel,
        brand=slugs[brand_id] if brand_id else None,
        given=_asked_elsewhere(purpose) if row is None else row.given,
        said_at=row.said_at if row else None,
        text_version=row.text_version if row else None,
        text=ConsentText(
            version=text.version, language=language, text=text.words[language], sha256=text.sha256[language]
        ),
    )


def history(
    session: Session, shopper_id: UUID, *, before: tuple[datetime, UUID] | None, limit: int
) -> list[tuple[UUID, ConsentAct]]:
    """Return what a shopper said with each row's id, newest first, from before a (said_at, id) on."""
    statement = (
        select(Consent, Brand.slug)
        .outerjoin(Brand, col(Brand.id) == Consent.brand_id)
        .where(Consent.shopper_id == shopper_id)
    )
    if before is not None:
        statement = statement.where(comes_before(col(Consent.said_at), col(Consent.id), before))
    newest = (col(Consent.said_at).desc(), col(Consent.id).desc())
    return [
        (row.id, ConsentAct(brand=slug, **row.model_dump(exclude={"id", "shopper_id", "brand_id"})))
        for row, slug in session.exec(statement.order_by(*newest).limit(limit)).all()
    ]


def _standing(session: Session, shopper_id: UUID) -> Sequence[Consent]:
    """Return the newest word about each purpose, channel and brand."""
    key = (col(Consent.purpose), col(Consent.channel), col(Consent.brand_id))
    newest = (col(Consent.said_at).desc(), col(Consent.id).desc())
    said = plain_select(Consent).where(col(Consent.shopper_id) == shopper_id).ext(distinct_on(*key))
    return session.execute(said.order_by(*key, *newest)).scalars().all()


def _brand_ids(session: Session, choices: Sequence[ConsentChoice]) -> dict[str, UUID]:
    slugs = {choice.brand for choice in choices if choice.brand}
    found = (
        dict(session.exec(select(Brand.slug, Brand.id).where(col(Brand.slug).in_(slugs))).all())
        if slugs
        else {}
    )
    if found.keys() != slugs:
        raise UnknownFilterValueError(field="brand")
    return found


def _slugs(session: Session, brand_ids: Sequence[UUID]) -> dict[UUID, str]:
    return dict(session.exec(select(Brand.id, Brand.slug).where(col(Brand.id).in_(brand_ids))).all())
