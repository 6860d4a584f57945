"""Segments: who agreed is in them, sizes give nobody away, and campaigns read them when a receipt settles."""

from __future__ import annotations

from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlmodel import Session, select

from domain.campaigns.errors import UnknownNamesError
from domain.people import holdout
from domain.segments import saved
from domain.segments.members import put_members, segments_of
from infra import clock
from schemas.people import Shopper
from schemas.segments import Segment, SegmentMember
from tests import make
from tests.make.segments import BOUGHT, a_segment, agree_to_offers
from tests.make.settled import held, sent
from tests.make.surveys import agree


@pytest.fixture(autouse=True)
def nobody_held_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(holdout, "SHARE", 0.0)


def many(session: Session, count: int) -> list[Shopper]:
    return [agree_to_offers(session, make.make_shopper(session, f"09111111{no:02d}")) for no in range(count)]


def ids(session: Session, segment: Segment) -> set[Any]:
    rows = session.exec(select(SegmentMember.shopper_id).where(SegmentMember.segment_id == segment.id))
    return set(rows.all())


def test_only_who_agreed_to_offers_and_to_brands_knowing_is_a_member(session: Session) -> None:
    agreed, silent, refusing, gone = (make.make_shopper(session, f"090000000{no}") for no in range(4))
    for shopper in (agreed, refusing, gone):
        agree_to_offers(session, shopper)
    agree(session, refusing, "brand_insight", given=False, brand="omo")
    gone.erased_at = clock.now()
    session.flush()
    segment = a_segment(session, [agreed, silent, refusing, gone])
    assert ids(session, segment) == {agreed.id}
    assert segment.size == 1


@pytest.mark.parametrize("purpose", ["personal_offers", "brand_insight"])
@pytest.mark.parametrize("brand", [None, "omo", "comfort"])
def test_a_withdrawal_takes_its_shopper_out_at_once(
    session: Session, purpose: Any, brand: str | None
) -> None:
    shopper, other = many(session, 2)
    segment = a_segment(session, [shopper, other])
    agree(session, shopper, purpose, given=False, brand=brand)
    expected = {other.id} if brand != "comfort" else {shopper.id, other.id}
    assert ids(session, segment) == expected


def test_a_consent_is_asked_again_when_members_are_read(session: Session) -> None:
    (shopper,) = many(session, 1)
    segment = a_segment(session, [shopper])
    agree(session, shopper, "personal_offers", given=False)
    # As if a refresh had looked just before the withdrawal.
    session.add(SegmentMember(segment_id=segment.id, shopper_id=shopper.id))
    session.flush()
    assert segments_of(session, shopper.id) == frozenset()
    put_members(session, segment, [shopper.id])
    assert ids(session, segment) == set()


def test_a_refresh_lets_go_and_takes_in_and_keeps_the_rest(session: Session) -> None:
    first, second, third = many(session, 3)
    segment = a_segment(session, [first, second])
    assert put_members(session, segment, [second.id, third.id]) == 2
    assert ids(session, segment) == {second.id, third.id}
    assert put_members(session, segment, []) == 0
    assert ids(session, segment) == set()


def test_who_is_held_out_is_offered_nothing(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    (shopper,) = many(session, 1)
    a_segment(session, [shopper])
    assert segments_of(session, shopper.id) == {(make.brand_id(session), "regulars")}
    monkeypatch.setattr(holdout, "SHARE", 1.0)
    assert segments_of(session, shopper.id) == frozenset()


def test_sizes_of_few_and_small_differences_are_not_told(session: Session) -> None:
    shoppers = many(session, 16)
    segment = a_segment(session, shoppers[:4])
    assert (saved.view(segment).size, saved.view(segment).withheld) == (None, True)
    put_members(session, segment, [one.id for one in shoppers[:10]])
    assert saved.view(segment).size == 10
    # Two more, and the size is told as it was: the difference would be two shoppers.
    put_members(session, segment, [one.id for one in shoppers[:12]])
    assert saved.view(segment).size == 10
    put_members(session, segment, [one.id for one in shoppers[:15]])
    assert saved.view(segment).size == 15
    # Another segment that is the same but for one is told as of the same size.
    near = a_segment(session, shoppers[:16], slug="all-but-one")
    assert (saved.view(near).size, saved.view(near).withheld) == (15, False)
    far = a_segment(session, shoppers[6:16], slug="others")
    assert saved.view(far).size == 10
    assert not saved.view(far).may_be_exported


def test_a_segment_made_again_a_little_narrower_tells_nothing_of_whom_it_left_out(session: Session) -> None:
    """An attacker deletes a segment and makes it again with one condition more, for as long as it takes."""
    shoppers = many(session, 20)
    told = []
    for left_out in (0, 1, 4, 0):
        again = a_segment(session, shoppers[left_out:])
        told.append(saved.view(again).size)
        saved.delete(session, "omo", again.slug)
    assert told == [20] * 4
    # Whom enough shoppers tell from it, and whom nothing links to it, is told as it is.
    assert saved.view(a_segment(session, shoppers[5:])).size == 15
    other = [agree_to_offers(session, make.make_shopper(session, f"09222222{no:02d}")) for no in range(19)]
    assert saved.view(a_segment(session, other, slug="others")).size == 19
    assert saved.view(a_segment(session, shoppers[1:], slug="theirs", brand="comfort")).size == 19


def test_a_campaign_for_a_segment_pays_its_members_alone(session: Session) -> None:
    member, other = many(session, 2)
    a_segment(session, [member])
    pays = {"kind": "fixed", "points": 7}
    only = {"kind": "segment_in", "segments": ["regulars"]}
    make.make_campaign(session, rules=[{"name": "regulars", "when": only, "give": [pays]}])
    sent(session, member, 1)
    sent(session, other, 2)
    assert (held(session, member), held(session, other)) == (7, 0)
    agree(session, member, "personal_offers", given=False)
    sent(session, member, 3)
    assert held(session, member) == 7


def test_another_brands_segment_of_the_same_name_is_another(session: Session) -> None:
    (shopper,) = many(session, 1)
    a_segment(session, [shopper], brand="comfort")
    a_segment(session, [])
    pays = {"kind": "fixed", "points": 7}
    only = {"kind": "segment_in", "segments": ["regulars"]}
    make.make_campaign(session, rules=[{"name": "regulars", "when": only, "give": [pays]}])
    sent(session, shopper, 1)
    assert held(session, shopper) == 0


def test_a_campaign_can_only_name_segments_of_its_brands(session: Session) -> None:
    a_segment(session, brand="comfort")
    a_segment(session, slug="own")
    pays = {"kind": "fixed", "points": 7}
    only = {"kind": "any", "of": [{"kind": "segment_in", "segments": [name]} for name in ("regulars", "own")]}
    with pytest.raises(UnknownNamesError) as refused:
        make.make_campaign(session, rules=[{"name": "regulars", "when": only, "give": [pays]}])
    assert refused.value.values == {"field": "rules.0.when", "value": "regulars"}


def test_segments_are_kept_by_managers_of_the_brand(client: TestClient, session: Session) -> None:
    manager = make.bearer(make.make_staff(session, "brand_manager", ("omo",)))
    path, wanted = "/v1/brands/omo/segments", {"slug": "near", "name": " Near ", "conditions": BOUGHT}
    made = client.post(path, headers=manager, json=wanted)
    assert made.status_code == 201, made.text
    assert (made.json()["name"], made.json()["size"], made.json()["withheld"]) == ("Near", None, False)
    assert client.post(path, headers=manager, json=wanted).json()["code"] == "segment_exists"
    wrong = wanted | {"slug": "x", "conditions": {"kind": "all", "of": [{"kind": "paid"}]}}
    refused = client.post(path, headers=manager, json=wrong)
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["field"] == "body.conditions.all.of.0.paid"
    unknown = wanted | {"slug": "x", "conditions": {"kind": "bought_product", "products": ["nope"]}}
    assert client.post(path, headers=manager, json=unknown).json()["code"] == "invalid_value"
    (listed,) = client.get(path, headers=manager).json()["segments"]
    assert listed["conditions"]["most"] == 30
    assert client.post(f"{path}/near/refresh", headers=manager).status_code == 202
    assert client.delete(f"{path}/near", headers=manager).status_code == 204
    assert client.get(f"{path}/near", headers=manager).status_code == 404
