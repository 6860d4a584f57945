"""The bot simulation: its people are who they are said to be, and the real rules tell them apart."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta

from bench.bots import ClockWindows, simulate
from bench.bots_cast import DAYS, Cast, draw_cast
from domain.campaigns.seed import seed_campaign
from infra import clock
from infra.db import transaction

START = datetime(2026, 10, 8, tzinfo=UTC)


def drawn(honest: int = 40) -> Cast:
    return draw_cast(5, START, honest)


def test_a_farm_has_200_accounts_on_20_phones_among_the_honest_asked_for() -> None:
    cast = drawn()
    kinds = Counter(account.kind for account in cast.accounts)
    assert kinds == {"honest": 40, "farm": 200, "replayer": 30, "ring": 15}
    assert len({account.device for account in cast.accounts if account.kind == "farm"}) == 20


def test_everything_happens_in_order_within_the_month_and_the_same_for_a_seed() -> None:
    cast = drawn()
    times = [upload.at for upload in cast.uploads]
    assert times == sorted(times)
    assert all(START <= at <= START + timedelta(days=DAYS + 3) for at in times)
    assert [upload.photo for upload in drawn().uploads] == [upload.photo for upload in cast.uploads]


def test_a_cheat_s_copy_comes_after_its_original() -> None:
    seen: set[int] = set()
    for upload in drawn().uploads:
        assert "again" not in upload.photo or upload.paper in seen
        seen.add(upload.paper)


def test_windows_slide_with_the_simulated_clock() -> None:
    windows = ClockWindows()
    try:
        counts = []
        for minutes in (0, 30, 70, 200):
            clock.pretend(START + timedelta(minutes=minutes))
            counts.append(windows.hit({"key": 3600})["key"])
        assert counts == [1, 2, 2, 1]
    finally:
        clock.pretend(None)


def test_a_pretended_clock_stands_until_it_is_let_go() -> None:
    clock.pretend(START)
    assert clock.now() == START
    clock.pretend(None)
    assert clock.now() > START


def test_the_rules_stop_a_farm_s_phone_and_delay_nobody_honest(committed: None) -> None:
    with transaction() as session:
        seed_campaign(session)
    cast = drawn(honest=8)
    kept = {"farm-phone-1", *(account.device for account in cast.accounts if account.kind == "honest")}
    cast.uploads = [upload for upload in cast.uploads if upload.device in kept][:130]
    figures = simulate(cast)
    farm, honest = figures["kinds"]["farm"], figures["kinds"]["honest"]
    assert farm["receipts"] > 30
    assert farm["share_of_points_stopped"] > 0.7
    assert honest["receipts"] > 25
    assert figures["share_of_honest_receipts_delayed"] == 0
    assert figures["honest_accounts_in_clusters"] == 0
