"""Killed and failing parts lose, double and misjudge nothing; and the count of it would see if they did."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from typing import Any
from uuid import UUID

import pytest
from sqlmodel import Session, select
from typer.testing import CliRunner

from bench.chaos import schedule, why_invalid
from bench.chaos_count import count_ends
from bench.chaos_faults import _FAULTS, CLOCKS, KILLS, SERVICES, left_out
from cli.main import app as command_line
from domain import settlement
from infra.db import transaction
from schemas.base import new_id
from schemas.receipts import Receipt, ReceiptLine
from tests import make

FAULTS = 5
SECONDS, PATIENCE = 60, 60
# All it may take: a start, the faults, the last answers, the end of what waits; then it is asked to stop.
SECONDS_MAX, STOP_SECONDS_MAX = 220, 60


@pytest.fixture(scope="module")
def figures(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What a short chaos says of itself; however it ends, it leaves nothing running."""
    folder = tmp_path_factory.mktemp("chaos")
    folder.chmod(0o755)
    kept = {name: value for name, value in os.environ.items() if not name.startswith("QUETBILL_")}
    given = f"bench chaos --n {FAULTS} --seed 3 --seconds {SECONDS} --patience {PATIENCE} --json"
    with (folder / "out").open("wb") as out, (folder / "said").open("wb") as said:
        process = subprocess.Popen(
            [sys.executable, "-m", "cli.main", *given.split()],
            env=kept | {"QUETBILL_DATA_DIR": str(folder)},
            stdout=out,
            stderr=said,
        )
        try:
            process.wait(SECONDS_MAX)
        finally:
            process.terminate()
            process.wait(STOP_SECONDS_MAX)
    told = (folder / "out").read_text(encoding="utf-8")
    assert told, (folder / "said").read_text(encoding="utf-8")[-2000:]
    return dict(json.loads(told), exit_code=process.returncode)


@pytest.mark.chaos
def test_a_short_chaos_loses_doubles_and_misjudges_nothing(figures: dict[str, Any]) -> None:
    assert (figures["lost"], figures["doubled"], figures["ended_wrongly"]) == (0, 0, 0), figures["wrong"]
    assert figures["accepted"] == figures["decided"] == sum(figures["ended"].values())
    assert figures["ended"]["approved"] > 0


@pytest.mark.chaos
def test_a_run_says_whether_it_did_what_it_was_asked_to(figures: dict[str, Any]) -> None:
    assert figures["valid"], figures["invalid_because"]
    assert figures["exit_code"] == 0
    assert sum(figures["faults"].values()) == FAULTS
    assert figures["left_out"] == left_out()


def test_the_same_seed_does_the_same_faults_and_a_long_run_all_kinds() -> None:
    assert schedule(60, seed=4) == schedule(60, seed=4) != schedule(60, seed=5)
    assert set(schedule(60, seed=4)) == {*KILLS, *SERVICES}


def test_each_kind_of_fault_is_done_or_said_to_be_left_out_and_why() -> None:
    assert left_out(has_clocks=True) == []
    said = dict(sentence.split(": ") for sentence in left_out(has_clocks=False))
    assert said == dict.fromkeys(CLOCKS, "libfaketime is not installed")
    here = {sentence.partition(":")[0] for sentence in left_out()}
    assert here ^ {*KILLS, *SERVICES} == set(_FAULTS)


ASKED = ["api", "api", "valkey", "horse"]


def test_a_run_that_did_all_its_faults_and_took_uploads_in_is_valid() -> None:
    assert why_invalid(ASKED, Counter(ASKED), accepted=2) == []


def test_a_fault_that_was_not_done_makes_a_run_invalid_and_is_named() -> None:
    assert why_invalid(ASKED, Counter(ASKED[1:]), accepted=9) == ["1 of 4 faults were not done: api 1"]


def test_too_few_uploads_make_a_run_invalid() -> None:
    assert why_invalid(ASKED, Counter(ASKED), accepted=1) == ["1 uploads were accepted, too few for 4 faults"]


def test_an_upload_of_which_nobody_knows_whether_it_was_accepted_makes_a_run_invalid() -> None:
    against = why_invalid(ASKED, Counter(ASKED), accepted=9, unanswered=1)
    assert against == ["1 requests were never answered"]


AGAINST: list[dict[str, Any]] = [
    {"valid": False},
    {"lost": 1},
    {"doubled": 1},
    {"ended_wrongly": 1},
    {"amiss": {"ledger": 0, "webhooks": 1}},
]


@pytest.mark.parametrize("fault", AGAINST)
def test_a_run_with_anything_against_it_ends_with_1(
    fault: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    good = {"valid": True, "lost": 0, "doubled": 0, "ended_wrongly": 0, "amiss": {"ledger": 0}}

    def run(figures: dict[str, Any]) -> int:
        monkeypatch.setattr("bench.chaos.measure", lambda *_given, **_named: figures)
        return CliRunner().invoke(command_line, ["bench", "chaos", "--json"]).exit_code

    assert (run(good), run(good | fault)) == (0, 1)


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
