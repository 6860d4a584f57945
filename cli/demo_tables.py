"""What the demo prints: receipts, balances, a case for a reviewer, and where to look."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from rich.panel import Panel
from rich.table import Table

from cli.demo_day import Upload
from cli.show import money, points, short_time

COLOURS = {
    "approved": "green",
    "in_review": "yellow",
    "rejected": "red",
    "unreadable": "red",
    "reversed": "red",
}


def receipt_table(uploads: Sequence[Upload]) -> Table:
    """Return one row for each receipt that was sent."""
    table = Table(title="Receipts", title_justify="left")
    table.add_column("shopper")
    table.add_column("receipt", overflow="fold", min_width=16)
    table.add_column("retailer", overflow="fold")
    table.add_column("time", no_wrap=True)
    table.add_column("total", justify="right", no_wrap=True)
    table.add_column("lines", justify="right")
    table.add_column("brands that earn", overflow="fold")
    table.add_column("decision", overflow="fold")
    table.add_column("points", justify="right", no_wrap=True)
    for upload in uploads:
        reading = upload.view.get("reading") or {}
        lines = upload.view.get("lines") or []
        at = reading.get("purchased_at")
        brands = dict.fromkeys(line["brand"] for line in lines if line["points"])
        table.add_row(
            upload.shopper,
            upload.title,
            reading.get("retailer") or reading.get("merchant") or "",
            short_time(datetime.fromisoformat(at) if at else None),
            money(reading.get("total"), reading.get("currency")),
            str(len(lines)),
            ", ".join(brands),
            _decision(upload),
            points(upload.view.get("points", 0)),
        )
    return table


def _decision(upload: Upload) -> str:
    status = upload.view.get("status", "lost")
    codes = [reason["code"] for reason in upload.view.get("reasons", ()) if reason["severity"] != "info"]
    told = f": {', '.join(codes)}" if codes else ""
    return f"[{COLOURS.get(status, 'red')}]{status}[/]{told}"


def balance_table(balances: Mapping[str, Sequence[Mapping[str, Any]]]) -> Table:
    """Return one row for each shopper and brand."""
    table = Table("shopper", "brand", title="Balances", title_justify="left")
    for name in ("available", "pending"):
        table.add_column(name, justify="right")
    table.add_column("expires first")
    for shopper, rows in balances.items():
        for row in rows:
            first_out = row["expiring_next"]
            expires = f"{points(first_out['points'])} after {first_out['expires_on']}" if first_out else ""
            table.add_row(shopper, row["brand"], points(row["available"]), points(row["pending"]), expires)
        table.add_section()
    return table


def case_panel(case: Mapping[str, Any]) -> Panel:
    """Return one waiting case as a reviewer finds it."""
    receipt = case["receipt"]
    reading = receipt["reading"] or {}
    paid = money(reading.get("total"), reading.get("currency"))
    rows = [
        f"{reading.get('retailer')}, {paid}, {points(receipt['points']) or 'no'} points wait",
        *(f"{reason['code']}: {reason['message']} {reason['evidence']}" for reason in receipt["reasons"]),
        *(f"beside it: receipt {other['id']}, {other['status']}" for other in case["matching"]),
    ]
    return Panel("\n".join(rows), title="One case that waits for a reviewer", title_align="left")


def addresses(base: str, tokens: Mapping[str, str]) -> list[str]:
    """Return where to look while the demo stays, and as whom: a line each, so that they can be copied."""
    places = {"API": "/openapi.json", "console": "/console", "ready?": "/readyz", "figures": "/metrics"}
    return [
        *(f"{what}: {base}{path}" for what, path in places.items()),
        *(f"token, {who}: {token}" for who, token in tokens.items()),
    ]
