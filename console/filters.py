"""The queue's filters in a page's address, there and back."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlencode
from uuid import UUID

from fastapi import Depends

from domain.errors import UnknownFilterValueError
from domain.review.workbench import CaseFilters


def filters_of(
    reason: str = "",
    retailer: str = "",
    total_from: str = "",
    held: str = "",
    overdue: str = "",
    second: str = "",
    linked: str = "",
) -> CaseFilters:
    """Return the filters that an address asks for.

    Raises:
        UnknownFilterValueError: A value can't be one.
    """
    if held not in {"", "me", "nobody"}:
        raise UnknownFilterValueError(field="held")
    digits = total_from.replace(".", "").replace(",", "").strip()
    if digits and not (digits.isascii() and digits.isdigit() and len(digits) <= 12):  # noqa: PLR2004 - more than any till prints
        raise UnknownFilterValueError(field="total_from")
    return CaseFilters(
        reason=reason[:60] or None,
        retailer_id=_id(retailer, "retailer"),
        total_from_minor=int(digits) if digits else None,
        held_by="me" if held == "me" else "nobody" if held == "nobody" else None,
        overdue=bool(overdue),
        second_person=bool(second),
        linked_to=_id(linked, "linked"),
    )


def _id(text: str, field: str) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError as error:
        raise UnknownFilterValueError(field=field) from error


def values_of(filters: CaseFilters) -> dict[str, str]:
    """Return filters as an address names them; what is not asked for is empty."""
    return {
        "reason": filters.reason or "",
        "retailer": str(filters.retailer_id or ""),
        "total_from": str(filters.total_from_minor or ""),
        "held": filters.held_by or "",
        "overdue": "1" if filters.overdue else "",
        "second": "1" if filters.second_person else "",
        "linked": str(filters.linked_to or ""),
    }


def query_of(filters: CaseFilters, **more: str) -> str:
    """Return the part of an address after and with its question mark; empty without filters."""
    values = values_of(filters) | more
    query = urlencode({name: value for name, value in values.items() if value})
    return f"?{query}" if query else ""


Filters = Annotated[CaseFilters, Depends(filters_of)]
