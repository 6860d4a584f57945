"""Signs that nobody shops here: each at its boundary, and what families, carriers and habits look like."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from fastapi.testclient import TestClient
from sqlmodel import Session, col, select

from api.origin import client_kind
from domain import settlement
from domain.fraud import origin_signals
from domain.origins import links
from domain.origins.facts import OriginFacts, Trip
from domain.origins.places import distance_km, province_of
from infra import clock, windows
from infra.addresses import client_address, neighbourhood, subscriber
from infra.queue import redis
from infra.settings import override_settings
from schemas.origins import Origin, ShopperLink, UploadOrigin
from schemas.people import Shopper
from schemas.receipts import Receipt
from tests import make

NOW = clock.now()


def facts(**values: Any) -> OriginFacts:
    """An upload of an account that joined long ago."""
    return OriginFacts(**({"uploaded_at": NOW, "joined_at": NOW - timedelta(days=90)} | values))


def raised(**values: Any) -> dict[str, str]:
    return {signal.code: signal.severity for signal in origin_signals.origin_signals(facts(**values))}


def uploads(pauses_seconds: Sequence[float]) -> list[Any]:
    at, found = NOW, [NOW]
    for pause in pauses_seconds:
        at += timedelta(seconds=pause)
        found.append(at)
    return found


def test_an_ordinary_upload_raises_nothing() -> None:
    assert raised(counts={"account_hour": 1, "device_day": 3, "address_hour": 40}) == {}


def test_where_nothing_is_known_nothing_is_raised() -> None:
    assert origin_signals.origin_signals(None) == ()


@pytest.mark.parametrize(
    ("number", "expected"),
    [(4, None), (5, "info"), (6, "info"), (7, "review"), (200, "review")],
)
@pytest.mark.parametrize(
    ("field", "code"), [("device_accounts", "shared_device"), ("payout_accounts", "shared_payout")]
)
def test_a_family_may_share_a_phone_and_a_payout_and_a_crowd_may_not(
    field: str, code: str, number: int, expected: str | None
) -> None:
    assert raised(**{field: number}).get(code) == expected


@pytest.mark.parametrize(("devices", "expected"), [(4, None), (5, "info"), (9, "info"), (10, "review")])
def test_a_new_phone_now_and_then_passes_and_a_new_one_each_time_does_not(
    devices: int, expected: str | None
) -> None:
    assert raised(account_devices=devices).get("many_devices") == expected


def test_an_account_s_phones_are_counted(client: TestClient, session: Session, shopper: Shopper) -> None:
    ends = []
    for number in range(10):
        receipt_id = send(client, shopper, f"phone {number}", **{"X-Device-Id": f"phone {number}"})
        ends.append(settled(session, receipt_id, receipt_no=str(number) * 8).status)
    assert ends == ["approved"] * 9 + ["in_review"]


@pytest.mark.parametrize(("accounts", "expected"), [(7, None), (8, "info"), (11, "info"), (12, "review")])
def test_two_families_may_be_linked_and_a_ring_may_not(accounts: int, expected: str | None) -> None:
    assert raised(linked_accounts=accounts).get("linked_accounts") == expected


@pytest.mark.parametrize(
    ("window", "count", "expected"),
    [
        ("account_hour", 29, None),
        ("account_hour", 30, "info"),
        ("account_hour", 60, "review"),
        ("account_day", 79, "info"),
        ("account_day", 80, "review"),
        ("device_hour", 39, None),
        ("device_hour", 80, "review"),
        ("device_day", 120, "review"),
    ],
)
def test_a_month_s_receipts_at_once_pass_and_more_than_a_hand_can_do_not(
    window: str, count: int, expected: str | None
) -> None:
    assert raised(counts={window: count}).get("uploads_too_fast") == expected


def test_a_carrier_s_address_behind_which_thousands_are_only_hints() -> None:
    assert raised(counts={"address_hour": 299}) == {}
    assert raised(counts={"address_hour": 1_000_000}) == {"busy_address": "info"}


def test_a_crowd_of_newcomers_hints_only_for_a_newcomer() -> None:
    crowd = {"newcomers_hour": 200}
    assert raised(counts=crowd) == {}
    assert raised(counts=crowd, joined_at=NOW - timedelta(hours=1)) == {"newcomers_together": "info"}
    assert raised(counts={"newcomers_hour": 29}, joined_at=NOW) == {}


def test_pauses_as_even_as_no_hand_keeps_them_are_raised() -> None:
    assert raised(uploads=uploads([300.0] * 9)) == {"machine_like": "review"}
    assert raised(uploads=uploads([300.0, 340.0, 260.0] * 3)) == {"machine_like": "info"}


@pytest.mark.parametrize(
    "pauses",
    [
        [300.0] * 8,  # too few to tell
        [2.0] * 9,  # an app's queue that comes back on line
        [86_400.0] * 9,  # every evening at eight
        [20, 45, 15, 60, 30, 25, 90, 18, 40],  # a week's receipts, one after another
    ],
)
def test_habits_queues_and_batches_are_not_machine_like(pauses: list[float]) -> None:
    assert raised(uploads=uploads(pauses)) == {}


def test_shops_that_nobody_reaches_in_time_hint_once_and_then_are_raised() -> None:
    hanoi_to_saigon = Trip(km=1138, minutes=20)
    assert raised(trips=[hanoi_to_saigon]) == {"far_apart": "info"}
    assert raised(trips=[hanoi_to_saigon] * 2) == {"far_apart": "review"}
    assert raised(trips=[Trip(km=1138, minutes=300)] * 2) == {}
    assert raised(trips=[Trip(km=22, minutes=0)] * 2) == {}


def test_a_script_only_hints() -> None:
    assert raised(client="script") == {"scripted_client": "info"}
    assert raised(client="browser") == {}
    assert raised(client="unknown") == {}


@pytest.mark.parametrize(
    ("mode", "result", "expected"),
    [
        ("observe", "failed", {}),
        ("enforce", "passed", {}),
        ("enforce", "failed", {"not_attested": "review"}),
        ("enforce", "absent", {"not_attested": "review"}),
    ],
)
def test_attestation_acts_only_where_it_is_enforced(mode: str, result: str, expected: dict[str, str]) -> None:
    assert raised(attestation=result, attestation_enforced=mode == "enforce") == expected


def test_strengths_lie_between_0_and_1_and_grow() -> None:
    strengths = []
    for accounts in range(5, 60):
        (signal,) = origin_signals.origin_signals(facts(device_accounts=accounts))
        assert 0 <= signal.strength <= 1
        strengths.append((signal.severity == "review", signal.strength))
    assert strengths == sorted(strengths)


@pytest.mark.parametrize(
    ("address", "province"),
    [
        ("12 Âu Cơ, P. Tân Định, TP. Hồ Chí Minh", "ho chi minh"),
        ("Xa lộ Hà Nội, P. Thảo Điền, TP.HCM", "ho chi minh"),
        ("Xa lộ Hà Nội, P. Thảo Điền, Quận 2", None),
        ("5 Điện Biên Phủ, Quận 3, TPHCM", "ho chi minh"),
        ("2 Trần Phú, Nha Trang, Khánh Hòa", "khanh hoa"),
        ("WM+ HNI Cầu Giấy", "ha noi"),
        ("Ba Tháng Hai", None),
        (None, None),
    ],
)
def test_a_shop_s_province_is_what_its_address_ends_with(address: str | None, province: str | None) -> None:
    assert province_of(address) == province


def test_distances_are_those_of_the_map() -> None:
    assert distance_km("ha noi", "ho chi minh") == pytest.approx(1140, abs=20)
    assert distance_km("da nang", "da nang") == 0


@pytest.mark.parametrize(
    ("user_agent", "kind"),
    [
        ("okhttp/4.12.0", "app"),
        ("QuetBill/3 CFNetwork/1494 Darwin/23.4.0", "app"),
        ("Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36", "browser"),
        ("Mozilla/5.0 (X11; Linux x86_64) HeadlessChrome/120.0", "script"),
        ("python-requests/2.32", "script"),
        (None, "unknown"),
    ],
)
def test_a_user_agent_says_what_kind_of_program_sends(user_agent: str | None, kind: str) -> None:
    assert client_kind(user_agent) == kind


def test_only_a_trusted_proxy_says_for_whom_it_forwards() -> None:
    forwarded = ["6.6.6.6, 113.161.1.2", "10.0.0.7"]
    assert client_address("10.0.0.8", forwarded) is None
    override_settings(trusted_proxies="10.0.0.0/8")
    try:
        assert str(client_address("10.0.0.8", forwarded)) == "113.161.1.2"
        assert str(client_address("8.8.8.8", forwarded)) == "8.8.8.8"
        assert client_address("10.0.0.8", ["nonsense"]) is None
    finally:
        override_settings(trusted_proxies="")


def test_networks_are_those_of_a_neighbourhood() -> None:
    one = client_address("113.161.1.2", [])
    assert one is not None
    assert (subscriber(one), neighbourhood(one)) == ("113.161.1.2/32", "113.161.1.0/24")
    six = client_address("2405:4802:1:2:3::4", [])
    assert six is not None
    assert (subscriber(six), neighbourhood(six)) == ("2405:4802:1:2::/64", "2405:4802:1::/48")


def test_windows_count_what_happened_lately_and_say_nothing_when_redis_is_away(
    services: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted = windows.RedisWindows()
    both = {"test:a": 3600, "test:b": 60}
    assert counted.peek(both) == {"test:a": 0, "test:b": 0}
    assert [counted.hit({"test:a": 3600}) for _ in range(3)] == [{"test:a": count} for count in (1, 2, 3)]
    assert counted.peek(both) == {"test:a": 3, "test:b": 0}
    with monkeypatch.context() as patched:
        patched.setattr(windows, "_pause", {"until": 0.0})
        patched.setattr(windows, "settings", lambda: windows_of("redis://127.0.0.1:1/0"))
        assert counted.hit(both) == {}


def test_the_window_before_counts_by_how_much_of_it_is_in_sight(services: None) -> None:
    counted, seconds = windows.RedisWindows(), 1_000_000
    window, past = divmod(time.time(), seconds)
    redis().hset(
        "quetbill:windows:test:slides", mapping={"window": int(window) - 1, "now": 9000, "before": 7}
    )
    seen = counted.hit({"test:slides": seconds})["test:slides"]
    assert abs(seen - (1 + 9000 * (1 - past / seconds))) <= 1
    redis().hset("quetbill:windows:test:slides", "window", int(window) - 2)
    assert counted.peek({"test:slides": seconds}) == {"test:slides": 0}


def windows_of(url: str) -> Any:
    return type("Elsewhere", (), {"redis_url": url})


@pytest.fixture
def shopper(session: Session) -> Shopper:
    make.make_campaign(session)
    return make.make_shopper(session)


def send(client: TestClient, shopper: Shopper, mark: str, **headers: str) -> UUID:
    answer = client.post(
        "/v1/receipts",
        headers=make.bearer(shopper) | {"User-Agent": "okhttp/4.12.0"} | headers,
        files={"image": ("a.jpg", make.make_photo(mark=mark), "image/jpeg")},
    )
    assert answer.status_code == 202
    return UUID(answer.json()["id"])


def settled(session: Session, receipt_id: UUID, **values: Any) -> Receipt:
    settlement.settle_receipt(session, receipt_id, make.make_reading(**values))
    return session.get_one(Receipt, receipt_id)


def test_an_upload_that_says_nothing_of_itself_is_taken_and_keeps_no_origin(
    client: TestClient, session: Session, shopper: Shopper
) -> None:
    receipt_id = send(client, shopper, "plain")
    assert session.get(UploadOrigin, receipt_id) is None
    assert settled(session, receipt_id).status == "approved"


def test_headers_that_make_no_sense_don_t_stop_an_upload(
    client: TestClient, session: Session, shopper: Shopper
) -> None:
    strange = {"X-Device-Id": "x" * 5000, "X-App-Version": "<script>", "X-Attestation": "apple:::"}
    kept = session.get_one(UploadOrigin, send(client, shopper, "odd", **strange))
    assert kept.app_version is None
    assert kept.attestation is None


def test_what_is_kept_of_a_device_is_a_keyed_hash_and_its_counts(
    client: TestClient, session: Session, shopper: Shopper
) -> None:
    kept = session.get_one(UploadOrigin, send(client, shopper, "a", **{"X-Device-Id": "phone-1"}))
    assert kept.device == links.keyed_hash("device", "phone-1")
    assert "phone-1" not in kept.model_dump_json()
    assert kept.client == "app"
    assert kept.counts["device_hour"] == 1
    link = session.exec(select(ShopperLink).where(ShopperLink.shopper_id == shopper.id)).one()
    assert (link.kind, link.key) == ("device", kept.device)


def test_the_seventh_account_on_a_phone_goes_to_a_person_and_the_sixth_does_not(
    client: TestClient, session: Session, shopper: Shopper
) -> None:
    ends = []
    for number in range(7):
        person = make.make_shopper(session, f"09012345{number:02}")
        receipt_id = send(client, person, f"farm {number}", **{"X-Device-Id": "farm phone"})
        ends.append(settled(session, receipt_id, receipt_no=str(number) * 8))
    assert [receipt.status for receipt in ends] == ["approved"] * 6 + ["in_review"]
    # Six accounts are a hint, which nobody needs to be told of.
    assert [len(receipt.reasons) for receipt in ends] == [0] * 6 + [1]
    assert ends[-1].reasons[0].evidence == {"accounts": 7}


def test_one_account_in_hanoi_and_saigon_within_minutes_goes_to_a_person_the_second_time(
    client: TestClient, session: Session, shopper: Shopper
) -> None:
    bought = (
        ("1 Tràng Tiền, Hà Nội", 0),
        ("2 Lê Lợi, TP. Hồ Chí Minh", 20),
        ("3 Tràng Tiền, Hà Nội", 40),
    )
    ends = []
    for number, (address, minutes) in enumerate(bought):
        receipt_id = send(client, shopper, f"far {number}", **{"X-Device-Id": "phone"})
        at = make.NOON + timedelta(minutes=minutes)
        ends.append(settled(session, receipt_id, address=address, purchased_at=at))
    assert [receipt.status for receipt in ends] == ["approved", "approved", "approved"]
    receipt_id = send(client, shopper, "far again", **{"X-Device-Id": "phone"})
    at = make.NOON + timedelta(minutes=50)
    last = settled(session, receipt_id, address="4 Lê Lợi, TP. Hồ Chí Minh", purchased_at=at)
    assert [reason.code for reason in last.reasons] == ["far_apart"]
    assert last.status == "in_review"


def test_a_crowd_paid_out_to_one_wallet_goes_to_a_person(
    client: TestClient, session: Session, shopper: Shopper
) -> None:
    for number in range(6):
        other = make.make_shopper(session, f"09012345{number:02}")
        links.note_payout(session, other.id, "momo:0901111222", clock.now())
    links.note_payout(session, shopper.id, " MOMO:0901111222 ", clock.now())
    receipt_id = send(client, shopper, "paid", **{"X-Device-Id": "own phone"})
    receipt = settled(session, receipt_id)
    assert receipt.status == "in_review"
    assert [reason.code for reason in receipt.reasons] == ["shared_payout"]


def test_origins_are_forgotten_when_they_are_old(session: Session, shopper: Shopper) -> None:
    receipt = make.make_receipt(session, shopper)
    links.note_upload(session, receipt, Origin(device="d"), {})
    links.note_payout(session, shopper.id, "wallet", clock.now())
    assert links.forget_links(session, clock.now() - timedelta(days=1), limit=100) == 0
    assert links.forget_links(session, clock.now() + timedelta(days=1), limit=100) == 3
    for table in (UploadOrigin, ShopperLink):
        assert session.exec(select(table).where(col(table.shopper_id) == shopper.id)).all() == []
