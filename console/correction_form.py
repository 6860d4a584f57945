"""What a reviewer typed over a misread field, as corrections."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import Depends, Request
from pydantic import ValidationError

from console.formats import parse_money
from domain.errors import InvalidValueError
from schemas.review import Corrections, LineCorrection

LINES_MAX = 400

Fields = dict[str, str]


async def corrections_in(request: Request) -> Corrections:
    """Read the correction fields of a form: those that differ from their hidden `NAME_before`.

    Fields: retailer, store, receipt_no, purchased_at, total, and for each line by its position
    from 0 line_brand_N and line_amount_N.

    Raises:
        InvalidValueError: A time or an amount can't be one.
    """
    form = {name: value.strip() for name, value in (await request.form()).items() if isinstance(value, str)}
    currency = form.get("currency") or None
    try:
        return Corrections(
            retailer=_typed(form, "retailer") or None,
            store=_typed(form, "store") or None,
            receipt_no=_typed(form, "receipt_no") or None,
            purchased_at=_time(_typed(form, "purchased_at")),
            total_minor=_minor(_typed(form, "total"), currency, "total"),
            lines=tuple(_lines(form, currency)),
        )
    except ValidationError as error:
        raise InvalidValueError(field=str(error.errors()[0]["loc"][-1])) from error


def _typed(form: Fields, name: str) -> str | None:
    value = form.get(name)
    return None if value == form.get(f"{name}_before", "") else value


def _lines(form: Fields, currency: str | None) -> list[LineCorrection]:
    lines = []
    for position in range(LINES_MAX):
        if f"line_amount_{position}" not in form:
            break
        brand = _typed(form, f"line_brand_{position}")
        amount_minor = _minor(_typed(form, f"line_amount_{position}"), currency, "amount")
        if brand is not None or amount_minor is not None:
            lines.append(LineCorrection(position=position, brand=brand, amount_minor=amount_minor))
    return lines


def _time(text: str | None) -> datetime | None:
    if not text:
        return None
    try:
        return datetime.fromisoformat(text).replace(tzinfo=None)
    except ValueError as error:
        raise InvalidValueError(field="purchased_at") from error


def _minor(text: str | None, currency: str | None, field: str) -> int | None:
    if not text:
        return None
    minor = parse_money(text, currency)
    if minor is None:
        raise InvalidValueError(field=field)
    return minor


CorrectionsInForm = Annotated[Corrections, Depends(corrections_in)]
