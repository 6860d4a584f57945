"""What an impact assessment needs (Decree 356/2025/ND-CP), written from the installation as it runs."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

from sqlalchemy import func, select
from sqlmodel import Session, col

from domain.privacy import erasure
from domain.privacy.consents import ASKED_ELSEWHERE
from domain.privacy.held import HELD, table
from domain.privacy.requests import requests_at
from domain.privacy.texts import all_asked, current_text
from infra import clock, sealed_objects
from infra.settings import Settings, settings
from infra.words import Language
from schemas.base import table_of
from schemas.people import Shopper, StaffMember
from schemas.privacy import Consent, PrivacyRequest
from schemas.webhooks import WebhookEndpoint

Dossier = dict[str, Any]
HOUR: Final = 3600
# Of these modes of libpq a connection is encrypted or there is none.
ENCRYPTED_MODES: Final = frozenset({"require", "verify-ca", "verify-full"})
ON_THIS_MACHINE: Final = frozenset({"localhost", "127.0.0.1", "::1"})


def dossier(session: Session) -> Dossier:
    """Return the dossier as JSON: counts are of now, settings those of this process."""
    return {
        "written_at": clock.now().isoformat(),
        "controller": settings().controller or None,
        "categories": [_category(session, name) for name in HELD],
        "purposes": _purposes(session),
        "recipients": _recipients(session),
        "retention": {
            "picture_days": settings().picture_days,
            "picture_days_by_campaign": settings().picture_days_by_campaign,
            "links_days": settings().links_days,
            "export_hours": settings().export_hours,
            "erasure_days": erasure.DUE.days,
        },
        "measures": _measures(),
        "transfers": list(_outside()),
        "rights": _rights(session),
    }


def _category(session: Session, name: str) -> dict[str, Any]:
    held = HELD[name]
    return {
        "area": held.area or "unsaid",
        "table": name,
        "columns": list(table(name).c.keys()),
        "rows": session.execute(select(func.count()).select_from(table(name))).scalar_one(),
        "erasure": held.erasure,
        "emptied": list(held.empties),
    }


def _purposes(session: Session) -> list[dict[str, Any]]:
    """Count how each purpose stands among shoppers who are here, by their newest word about all brands."""
    consent, shopper = table_of(Consent).c, table_of(Shopper).c
    newest = func.row_number().over(
        partition_by=(consent.shopper_id, consent.purpose, consent.channel),
        order_by=(consent.said_at.desc(), consent.id.desc()),
    )
    said = (
        select(consent.purpose, consent.channel, consent.given, newest.label("place"))
        .join(Shopper, shopper.id == consent.shopper_id)
        .where(consent.brand_id.is_(None), shopper.erased_at.is_(None))
        .subquery()
    )
    counted = select(said.c.purpose, said.c.channel, said.c.given, func.count()).where(said.c.place == 1)
    rows = session.execute(counted.group_by(said.c.purpose, said.c.channel, said.c.given)).all()
    by_answer = {(purpose, channel, given): count for purpose, channel, given, count in rows}
    here = session.execute(
        select(func.count()).select_from(Shopper).where(shopper.erased_at.is_(None))
    ).scalar_one()
    found = []
    for purpose, channel in all_asked():
        text = current_text(purpose, channel)
        given, refused = (by_answer.get((purpose, channel, answer), 0) for answer in (True, False))
        found.append(
            {
                "purpose": purpose,
                "channel": channel,
                "text_version": text.version,
                "text_sha256": text.sha256,
                "asked_elsewhere": settings().consents_elsewhere and purpose in ASKED_ELSEWHERE,
                "given": given,
                "refused": refused,
                "unanswered": here - given - refused,
            }
        )
    return found


def _recipients(session: Session) -> dict[str, Any]:
    working = col(StaffMember.ended_at).is_(None)
    by_role = session.execute(
        select(col(StaffMember.role), func.count()).where(working).group_by(col(StaffMember.role))
    ).all()
    seen = session.scalars(select(col(StaffMember.brands)).where(working)).all()
    told = session.scalars(select(col(WebhookEndpoint.url)).where(col(WebhookEndpoint.state) == "enabled"))
    return {
        "staff": dict(sorted((role, count) for role, count in by_role)),
        "brands": sorted({slug for brands in seen for slug in brands}),
        "systems": sorted({urlsplit(url).hostname or "" for url in told}),
    }


def _measures() -> dict[str, Any]:
    mode = parse_qs(urlsplit(settings().database_url).query).get("sslmode", [""])[0]
    return {
        "sealed": sealed_objects.is_sealing(),
        "metadata": True,
        "pseudonyms": True,
        "group_shoppers_min": settings().group_shoppers_min,
        "two_factors": True,
        "audit": True,
        "attestation": settings().attestation_mode,
        "https": settings().public_url.startswith("https://"),
        "database_tls": mode in ENCRYPTED_MODES,
        "log": True,
    }


def _outside() -> Iterable[dict[str, str]]:
    """Yield each service outside that a setting names and that is called; a new one needs no line here."""
    given = settings()
    not_called = {
        "public_url": True,
        "esms_url": given.code_provider != "esms",
        "code_http_url": given.code_provider != "http",
        "push_fcm_url": given.push_fcm_account is None,
    }
    for name in Settings.model_fields:
        value = getattr(given, name)
        parts = urlsplit(value) if isinstance(value, str) and "://" in value else None
        if parts is None or not_called.get(name) or parts.scheme == "file":
            continue
        host = parts.hostname or ""
        here = host in ON_THIS_MACHINE or not host
        yield {
            "setting": name,
            "kind": parts.scheme,
            "host": host,
            "place": "on_this_machine" if here else "fill",
        }
    if given.push_vapid_key is not None:
        # Browsers' own services, which are named without an address.
        for host in filter(None, (part.strip() for part in given.push_hosts.split(","))):
            yield {"setting": "push_hosts", "kind": "https", "host": host, "place": "fill"}


def _rights(session: Session) -> dict[str, Any]:
    found = requests_at(session, clock.now())
    request, shopper = table_of(PrivacyRequest).c, table_of(Shopper).c
    taken = func.max(func.extract("epoch", request.done_at - request.asked_at))
    ended = session.execute(
        select(request.kind, func.count(), taken).where(request.done_at.is_not(None)).group_by(request.kind)
    ).all()
    joined, gone = session.execute(select(func.count(), func.count(shopper.erased_at))).one()
    return {
        "shoppers": joined - gone,
        "erased": gone,
        "open": found.open,
        "overdue": found.overdue,
        **{kind: count for kind, count, _ in ended},
        "longest_hours": round(max((float(seconds) for _, _, seconds in ended), default=0.0) / HOUR, 1),
    }


def as_markdown(found: Dossier, language: Language) -> str:
    """Return a dossier as a document in one language."""
    words = _Words(language)
    fill = words.of("fill")
    areas = list(dict.fromkeys(row["area"] for row in found["categories"]))
    lines = [f"# {words.of('title')}", words.of("note"), found["written_at"]]
    lines += [f"## {words.said('heading', 'controller')}", found["controller"] or fill]
    lines.append(f"## {words.said('heading', 'categories')}")
    for area in areas:
        rows = [row for row in found["categories"] if row["area"] == area]
        cells = [[f"`{row['table']}`", row["rows"], words.said("erasure", row["erasure"])] for row in rows]
        lines += [words.said("area", area), words.table(("table", "rows", "on_erasure"), cells)]
    lines.append(f"## {words.said('heading', 'purposes')}")
    lines.append(words.table(PURPOSE_COLUMNS, [_purpose_cells(row, words) for row in found["purposes"]]))
    for part in ("recipients", "retention", "measures"):
        lines += [f"## {words.said('heading', part)}", words.list_of(found[part])]
    outside = [
        [row["setting"], row["host"] or row["kind"], words.place(row["place"])] for row in found["transfers"]
    ]
    lines += [f"## {words.said('heading', 'transfers')}"]
    lines.append(
        words.table(("setting", "host", "country"), outside)
        if outside
        else words.said("label", "on_this_machine")
    )
    lines += [f"## {words.said('heading', 'rights')}", words.list_of(found["rights"])]
    return "\n\n".join(lines) + "\n"


PURPOSE_COLUMNS: Final = ("purpose", "legal_basis", "text_version", "given", "refused", "unanswered")


def _purpose_cells(row: Mapping[str, Any], words: _Words) -> list[Any]:
    name = f"{row['purpose']} ({row['channel']})" if row["channel"] else row["purpose"]
    basis = (
        words.said("label", "elsewhere") if row["asked_elsewhere"] else words.said("basis", row["purpose"])
    )
    return [name, basis, row["text_version"], row["given"], row["refused"], row["unanswered"]]


class _Words:
    """The dossier's words in one language."""

    def __init__(self, language: Language) -> None:
        self._language = language

    def of(self, name: str) -> str:
        return _words()[name][self._language]

    def said(self, group: str, name: str) -> str:
        return _words()[group].get(f"{name}_{self._language}", name)

    def place(self, place: str) -> str:
        return self.of("fill") if place == "fill" else self.said("label", place)

    def table(self, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
        head = [self.said("label", name) for name in columns]
        shown = [head, ["---"] * len(head), *rows]
        return "\n".join("| " + " | ".join(str(cell) for cell in row) + " |" for row in shown)

    def list_of(self, values: Mapping[str, Any]) -> str:
        return "\n".join(
            f"- {self.said('label', name)}: {self._value(value)}" for name, value in values.items()
        )

    def _value(self, value: object) -> str:
        if isinstance(value, bool):
            return self.said("label", "yes" if value else "no")
        if isinstance(value, Mapping):
            return ", ".join(f"{name} {count}" for name, count in value.items()) or "—"
        if isinstance(value, list):
            return ", ".join(map(str, value)) or "—"
        return str(value) or "—"


@cache
def _words() -> dict[str, dict[str, str]]:
    return tomllib.loads((Path(__file__).parent / "data" / "dossier.toml").read_text(encoding="utf-8"))
