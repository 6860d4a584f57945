"""Why a receipt ended as it did: one reason, and how a receipt keeps several."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from sqlalchemy import Dialect, TypeDecorator
from sqlalchemy.dialects.postgresql import JSONB

Severity = Literal["info", "review", "reject"]


class Noticed(Protocol):
    """What a reason is made of, whoever noticed it: reading or a fraud signal."""

    @property
    def code(self) -> str:
        """Stable name in snake_case."""

    @property
    def severity(self) -> Severity:
        """What it does to the receipt."""

    @property
    def evidence(self) -> dict[str, Any]:
        """What was seen."""


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason. `code` is stable; words for people are added when it is shown.

    `box` is (left, top, right, bottom) in pixels of the photographed page `page`, counted from 0.
    """

    code: str
    severity: Severity
    evidence: dict[str, Any] = field(default_factory=dict)
    box: tuple[int, int, int, int] | None = None
    page: int = 0

    @classmethod
    def of(cls, noticed: Noticed) -> Reason:
        """Return what was noticed as a reason, with its place where one is told."""
        box, page = getattr(noticed, "box", None), getattr(noticed, "page", 0)
        return cls(noticed.code, noticed.severity, noticed.evidence, box, page)

    @classmethod
    def from_stored(cls, stored: Mapping[str, Any]) -> Reason:
        """Return a reason as `stored` wrote it."""
        box = stored.get("box")
        return cls(
            stored["code"],
            stored["severity"],
            stored.get("evidence") or {},
            tuple(box) if box else None,
            stored.get("page", 0),
        )

    def stored(self) -> dict[str, Any]:
        """Return the reason as JSON: what rows and answers of jobs hold."""
        placed = {"box": list(self.box), "page": self.page} if self.box else {}
        placed = placed or ({"page": self.page} if self.page else {})
        return {"code": self.code, "severity": self.severity, "evidence": self.evidence, **placed}

    @property
    def matching_receipt_id(self) -> str | None:
        """The id of the receipt that this one is like, where that is the reason."""
        return self.evidence.get("matching_receipt_id")


class Reasons(TypeDecorator[list[Reason]]):
    """A JSONB column that holds a receipt's reasons in order."""

    impl = JSONB
    cache_ok = True

    def process_bind_param(self, value: Iterable[Reason] | None, dialect: Dialect) -> list[dict[str, Any]]:  # noqa: ARG002 - SQLAlchemy's signature
        """Return the reasons as JSON."""
        return [reason.stored() for reason in value or ()]

    def process_result_value(self, value: Any, dialect: Dialect) -> list[Reason]:  # noqa: ARG002 - SQLAlchemy's signature
        """Return the stored reasons."""
        return [Reason.from_stored(stored) for stored in value or ()]

    def coerce_compared_value(self, op: Any, value: Any) -> Any:  # noqa: ARG002 - SQLAlchemy's signature
        """Compare as plain JSONB: what is looked for is part of a reason."""
        return JSONB()
