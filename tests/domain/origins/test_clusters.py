"""Accounts linked by what they share form clusters; a stolen receipt accuses nobody."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlmodel import Session

from domain import settlement
from domain.origins import links
from domain.origins.clusters import (
    HOUSEHOLD_MAX,
    LINKED_FOR,
    cluster_of,
    count_linked,
    find_clusters,
    joined,
    senders_of,
)
from infra import clock
from schemas.origins import LinkKind
from schemas.people import Shopper
from tests import make

NOW = clock.now()


@pytest.fixture
def people(session: Session) -> list[Shopper]:
    return [make.make_shopper(session, f"09012345{number:02}") for number in range(12)]


def link(session: Session, kind: LinkKind, key: str, *people: Shopper, at: object = NOW) -> None:
    links.link_shoppers(session, kind, key, [person.id for person in people], NOW if at is NOW else at)  # type: ignore[arg-type]


def test_an_account_that_shares_nothing_is_linked_to_itself_only(
    session: Session, people: list[Shopper]
) -> None:
    link(session, "device", "own", people[0])
    assert count_linked(session, people[0].id, NOW, most=50) == 1
    found = cluster_of(session, people[0].id, NOW)
    assert (found.shopper_ids, found.links, found.whole) == ((people[0].id,), (), True)


def test_links_reach_through_devices_and_payouts_however_many_steps(
    session: Session, people: list[Shopper]
) -> None:
    link(session, "device", "a", people[0], people[1])
    link(session, "payout", "b", people[1], people[2])
    link(session, "device", "c", people[2], people[3])
    link(session, "device", "elsewhere", people[4], people[5])
    assert count_linked(session, people[3].id, NOW, most=50) == 4
    found = cluster_of(session, people[0].id, NOW)
    assert set(found.shopper_ids) == {person.id for person in people[:4]}
    assert [(shared.kind, shared.key, len(shared.shopper_ids)) for shared in found.links] == [
        ("device", "a", 2),
        ("device", "c", 2),
        ("payout", "b", 2),
    ]


def test_counting_stops_where_more_makes_no_difference(session: Session, people: list[Shopper]) -> None:
    link(session, "device", "farm", *people)
    assert count_linked(session, people[0].id, NOW, most=5) == 5
    found = cluster_of(session, people[0].id, NOW, most=5)
    assert len(found.shopper_ids) == 5
    assert not found.whole


def test_a_phone_that_changed_hands_links_nobody_any_more(session: Session, people: list[Shopper]) -> None:
    link(session, "device", "sold", people[0], at=NOW - LINKED_FOR - timedelta(days=1))
    link(session, "device", "sold", people[1])
    assert count_linked(session, people[1].id, NOW, most=50) == 1


def test_a_thief_s_second_copy_is_shown_and_does_not_accuse_the_owner(session: Session) -> None:
    make.make_campaign(session)
    owner, thief = make.make_shopper(session), make.make_shopper(session, "0907654321")
    seen = []
    for number in ("11112222", "33334444"):
        for person in (owner, thief):
            receipt = make.make_receipt(session, person, image=f"{person.id.hex}{number * 4}")
            settlement.settle_receipt(session, receipt.id, make.make_reading(receipt_no=number))
        seen.append(cluster_of(session, owner.id, clock.now()))
    assert [len(found.shopper_ids) for found in seen] == [1, 2]
    assert [shared.kind for shared in seen[1].links] == ["paper"]
    assert count_linked(session, owner.id, clock.now(), most=50) == 1


def test_a_receipt_s_other_sender_is_oneself_a_household_a_ring_or_a_stranger(
    session: Session, people: list[Shopper]
) -> None:
    link(session, "device", "kitchen", *people[:HOUSEHOLD_MAX])
    ids = [person.id for person in people]
    stranger = ids[HOUSEHOLD_MAX]
    asked = [ids[0], ids[1], stranger]
    assert senders_of(session, ids[0], asked, NOW) == ["same_shopper", "household", "stranger"]
    link(session, "payout", "wallet", people[1], people[HOUSEHOLD_MAX])
    assert senders_of(session, ids[0], asked, NOW) == ["same_shopper", "ring", "ring"]


def test_the_largest_clusters_come_first(session: Session, people: list[Shopper]) -> None:
    link(session, "device", "a", *people[:4])
    link(session, "payout", "b", *people[3:6])
    link(session, "device", "c", *people[6:9])
    link(session, "device", "pair", *people[9:11])
    found = find_clusters(session, NOW, accounts_min=3, limit=10)
    assert [len(cluster.shopper_ids) for cluster in found] == [6, 3]
    assert [len(cluster.links) for cluster in found] == [2, 1]
    assert len(find_clusters(session, NOW, accounts_min=3, limit=1)) == 1


@given(st.lists(st.lists(st.integers(0, 20), min_size=1, max_size=4), max_size=20))
def test_members_hang_together_exactly_when_a_chain_of_groups_joins_them(groups: list[list[int]]) -> None:
    ids = {number: UUID(int=number) for number in range(21)}
    found = joined([[ids[member] for member in group] for group in groups])
    flat = [member for group in found for member in group]
    assert len(flat) == len(set(flat))
    reach = {number: {number} for group in groups for number in group}
    for _ in range(len(groups) + 1):
        for group in groups:
            together = set().union(*(reach[member] for member in group))
            for member in together:
                reach[member] = reach[member] | together
    assert {frozenset(group) for group in found} == {
        frozenset(ids[member] for member in members) for members in reach.values()
    }


def test_nobody_hangs_together_with_nobody() -> None:
    assert joined([]) == []
    lone = uuid4()
    assert joined([[lone]]) == [(lone,)]
