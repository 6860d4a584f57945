"""Killed and failing parts lose, double and misjudge nothing; and the count of it would see if they did."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from uuid import UUID

import pytest
from sqlmodel import Session, select

from bench.chaos import KILLS, SERVICES, _schedule
from bench.chaos_count import count_ends
from domain import settlement
from infra.db import transaction
from schemas.base import new_id
from schemas.receipts import Receipt, ReceiptLine
from tests import make

FAULTS = 6


@pytest.mark.slow
def test_a_short_chaos_loses_doubles_and_misjudges_nothing(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    kept = {name: value for name, value in os.environ.items() if not name.startswith("QUETBILL_")}
    ended = subprocess.run(
        [sys.executable, "-m", "cli.main", "bench", "chaos", "--n", str(FAULTS), "--seed", "3", "--json"],
        env=kept | {"QUETBILL_DATA_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=400,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr[-2000:]
    figures = json.loads(ended.stdout)
    assert (figures["lost"], figures["doubled"], figures["ended_wrongly"]) == (0, 0, 0), figures["wrong"]
    assert sum(figures["faults"].values()) == FAULTS
    assert figures["accepted"] == sum(figures["ended"].values()) > 0
    assert figures["ended"]["approved"] > 0


def test_the_same_seed_does_the_same_faults_and_a_long_run_all_kinds() -> None:
    assert _schedule(60, seed=4) == _schedule(60, seed=4) != _schedule(60, seed=5)
    assert set(_schedule(60, seed=4)) == {*KILLS, *SERVICES}


@pytest.fixture
def sent(committed: None) -> dict[int, str]:
    """Two uploads of one paper: one paid, the other waiting for a person."""
    with transaction() as session:
        make.make_campaign(session)
        return {number: str(settled(session, number)) for number in (0, 1)}


def settled(session: Session, number: int) -> UUID:
    shopper = make.make_shopper(session, f"09010000{number:02}")
    key = f"chaos-{number}"
    receipt = make.make_receipt(session, shopper, image=f"{number:064}", idempotency_key=key)
    settlement.settle_receipt(session, receipt.id, make.make_reading())
    return receipt.id


def change(receipt_id: str, **values: object) -> None:
    with transaction() as session:
        receipt = session.get_one(Receipt, UUID(receipt_id))
        for name, value in values.items():
            setattr(receipt, name, value)


def counted(sent: dict[int, str], peace: tuple[str, ...] = ("approved",)) -> tuple[int, int, int]:
    ends = count_ends(sent, peace, papers=1)
    return ends.lost, ends.doubled, ends.wrongly


def test_what_went_well_counts_for_nothing(sent: dict[int, str]) -> None:
    assert counted(sent) == (0, 0, 0)


def test_a_receipt_that_is_gone_is_lost(sent: dict[int, str]) -> None:
    assert counted(sent | {2: str(new_id())})[0] == 1


def test_an_upload_that_was_kept_under_another_receipt_is_doubled(sent: dict[int, str]) -> None:
    assert counted(sent | {2: sent[1]})[1] == 1


def test_a_paper_paid_twice_is_doubled(sent: dict[int, str]) -> None:
    change(sent[1], status="approved")
    assert counted(sent)[1] == 1


def test_a_paper_never_paid_has_ended_wrongly(sent: dict[int, str]) -> None:
    assert counted({1: sent[1]})[2] == 1


def test_points_that_are_not_what_the_lines_promise_are_wrong(sent: dict[int, str]) -> None:
    with transaction() as session:
        line = session.exec(select(ReceiptLine).where(ReceiptLine.receipt_id == UUID(sent[0]))).one()
        line.points += 1
    assert counted(sent)[2] == 1
