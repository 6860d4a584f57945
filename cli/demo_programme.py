"""What the demo shows besides points for purchases: a multiplier, a budget, a friend, a voucher."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Final
from uuid import uuid4

import httpx
from rich.panel import Panel
from rich.table import Table

from cli.demo_day import Door
from cli.show import points
from domain.partners.access import signature
from infra.processes import LOOPBACK

STORE: Final = "quay-doi-qua"
GIFT_POINTS: Final = 100
# The samples' purchases lie in these days, whenever the demo is played.
_DAYS: Final = {
    "starts_on": "2026-10-01",
    "ends_on": "2099-12-31",
    "accepted_days": 36_500,
    "valid_days": 365,
}
_DOUBLE: Final = {
    **_DAYS,
    "brands": ["dove", "clear"],
    "rules": [
        {"name": "double", "give": [{"kind": "multiplier", "percent": 200, "of": "programme"}]},
    ],
}
_SCARCE: Final = {
    **_DAYS,
    "brands": ["sunlight"],
    "rules": [{"name": "each", "give": [{"kind": "fixed", "points": 50}]}],
    "budget": {"total": 70, "short": "rest"},
}
_CAMPAIGNS: Final = {
    "Twice the points": ("dove-clear-x2", _DOUBLE),
    "While it lasts": ("sunlight-70", _SCARCE),
}


def offer_more(admin: Door) -> None:
    """Publish a campaign that doubles points, and one whose budget is spent before the day is over.

    Raises:
        httpx.HTTPError: The API refuses or is away.
    """
    for name, (slug, terms) in _CAMPAIGNS.items():
        admin.send("POST", "/v1/campaigns", {"slug": slug, "name": name})
        admin.send("PUT", f"/v1/campaigns/{slug}/draft", terms)
        admin.send("POST", f"/v1/campaigns/{slug}/publish")


def measured_campaign(admin: Door, today: date) -> None:
    """Publish a campaign of last summer with a hold-out and objectives, so that its figures are due.

    Raises:
        httpx.HTTPError: The API refuses or is away.
    """
    began, ended = today - timedelta(days=120), today - timedelta(days=60)
    quarter = f"{began.year}-Q{(began.month + 2) // 3}"
    terms = {
        "starts_on": began.isoformat(),
        "ends_on": ended.isoformat(),
        "brands": ["omo"],
        "rules": [{"name": "bonus", "give": [{"kind": "fixed", "points": 5}]}],
        "measuring": {
            "holdout_percent": 10,
            "objectives": [
                {"event": "joined", "target": 200, "period": quarter},
                {"event": "tried_new_product", "target": 100, "period": quarter},
                {"event": "returned_after_60_days", "target": 150, "period": quarter},
            ],
        },
    }
    name = {"slug": "omo-summer", "name": "OMO, last summer", "brand": "omo"}
    admin.send("POST", "/v1/campaigns", name)
    admin.send("PUT", "/v1/campaigns/omo-summer/draft", terms)
    began_at = datetime.now(UTC) - timedelta(days=120)
    admin.send("POST", "/v1/campaigns/omo-summer/publish", {"at": began_at.isoformat()})


def what_campaigns_gave(admin: Door) -> Table:
    """Return one row for each campaign: how it stands and what its budget has left.

    Raises:
        httpx.HTTPError: The API refuses or is away.
    """
    table = Table("campaign", "state", title="Campaigns", title_justify="left")
    table.add_column("budget left", justify="right")
    for campaign in admin.get("/v1/campaigns")["campaigns"]:
        left = campaign["budget_left"]
        table.add_row(campaign["name"], campaign["state"], "no limit" if left is None else str(left))
    return table


def bring_friend(admin: Door, referrer: Door, newcomer: Door) -> Callable[[], Panel]:
    """Let a newcomer name who brought them; return how to say what became of it.

    Raises:
        httpx.HTTPError: The API refuses or is away.
    """
    begun = datetime.now(UTC) - timedelta(minutes=1)
    terms = {"brand": "omo", "referrer_points": 200, "newcomer_points": 100, "starts_at": begun.isoformat()}
    admin.send("PUT", "/v1/referral-terms", terms)
    newcomer.send("POST", "/v1/me/referral", {"code": referrer.get("/v1/me/referral")["code"]})

    def told() -> Panel:
        view = referrer.get("/v1/me/referral")
        return Panel(
            f"{view['referrer_points']} {view['brand']} points for who brings a friend, "
            f"{view['newcomer_points']} for the friend, once the first receipt has stood for a week: "
            f"{view['waiting']} waiting, {view['paid']} paid",
            title="A friend who came",
            title_align="left",
        )

    return told


def redeem(admin: Door, doors: Mapping[str, Door], port: int) -> Panel:
    """Offer a gift for points, let a shopper take it and a store accept the voucher; return what happened.

    Raises:
        httpx.HTTPError: The API refuses or is away.
    """
    name = _who_holds_most(doors, "Dove")
    shopper = doors[name]
    secret = admin.send("POST", "/v1/partner-access", {"slug": STORE, "name": "Quầy đổi quà"})["secret"]
    begun = (datetime.now(UTC) - timedelta(minutes=1)).isoformat()
    gift = {"slug": "coffee", "name_vi": "Cà phê", "name_en": "Coffee", "points": GIFT_POINTS}
    path = "/v1/brands/dove/rewards"
    admin.send("POST", path, gift | {"starts_at": begun, "partners": [STORE]})
    admin.send("POST", f"{path}/coffee/batches", {"size": 3})
    admin.send("POST", f"{path}/coffee/offer")
    offered = next(one for one in shopper.get("/v1/rewards")["rewards"] if one["name"] == "Coffee")
    taken = shopper.send(
        "POST", f"/v1/rewards/{offered['id']}/redemptions", **{"Idempotency-Key": uuid4().hex}
    )
    used = _use_at_store(port, secret, taken["code"])
    return Panel(
        f"{name} takes {offered['name']} for {points(taken['points'])} Dove points: "
        f"voucher …{taken['code_tail']}, until {taken['last_day']}; at the store it is {used}",
        title="A voucher",
        title_align="left",
    )


def _who_holds_most(doors: Mapping[str, Door], brand: str) -> str:
    """Return who holds most points of a brand."""
    held = {
        name: sum(
            row["available"] for row in door.get("/v1/me/balances")["balances"] if row["brand"] == brand
        )
        for name, door in doors.items()
    }
    return max(held, key=lambda name: held[name])


def _use_at_store(port: int, secret: str, code: str) -> str:
    """Accept a voucher as a store's till does, by a signed request; return its state."""
    path = f"/v1/partners/vouchers/{code}/use"
    body = json.dumps({"transaction": uuid4().hex, "store": "Quầy 1"}).encode()
    now = str(int(time.time()))
    signed = signature(secret, method="POST", path=path, timestamp=now, body=body)
    headers = {"Quetbill-Partner": STORE, "Quetbill-Timestamp": now, "Quetbill-Signature": signed}
    headers["Content-Type"] = "application/json"
    with httpx.Client(base_url=f"http://{LOOPBACK}:{port}", timeout=60, trust_env=False) as client:
        return str(client.post(path, content=body, headers=headers).raise_for_status().json()["state"])
