"""Each table says what it holds of a person: a table, or a column, that nobody decided about fails here."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import Column
from sqlmodel import SQLModel

from domain.privacy.held import HELD, OF_NOBODY, table

TABLES = sorted(SQLModel.metadata.tables)
# By such names a column is looked at twice, though it leads to nobody's row.
PERSONAL = re.compile(r"shopper|phone|device|address|email|birth|words|text|payout|ip_")
# Columns of nobody's tables that only sound so.
HARMLESS = {
    "learned_link.shoppers",
    "reward.per_shopper_max",
    "reward.words_vi",
    "reward.words_en",
    "story.words_vi",
    "story.words_en",
    "store.address",
    "staff_member.email",
    "staff_relation.phone_digest",
    "sign_in_failure.address_digest",
    # It goes with the ways in, by the digest of the phone, before the phone itself.
    "one_time_code.phone_digest",
}


def leads_to(column: Column[object]) -> set[str]:
    return {key.column.table.name for key in column.foreign_keys}


@pytest.mark.parametrize("name", TABLES)
def test_a_table_is_somebody_s_or_nobody_s(name: str) -> None:
    assert (name in HELD) != (name in OF_NOBODY), f"{name} needs a line in domain/privacy/data/held.toml"


def test_no_line_is_about_a_table_or_column_that_is_not_there() -> None:
    assert HELD.keys() | OF_NOBODY == set(TABLES)
    for name, held in HELD.items():
        untold = {place.partition(".")[0] for place in held.untold}
        assert {*held.by, *held.empties, *held.stays, *untold} <= set(table(name).c.keys()), name
        assert not held.of or held.of in HELD, name


@pytest.mark.parametrize("name", sorted(HELD))
def test_each_column_of_a_row_that_stays_is_decided_about(name: str) -> None:
    held = HELD[name]
    if held.erasure == "gone":
        assert (held.empties, held.stays) == ((), ())
    else:
        assert sorted((*held.empties, *held.stays)) == sorted(table(name).c.keys())


@pytest.mark.parametrize("name", sorted(OF_NOBODY))
def test_no_column_of_nobody_s_table_leads_to_a_shopper(name: str) -> None:
    for column in table(name).c:
        assert not leads_to(column) & HELD.keys(), f"{name}.{column.name}"
        assert not PERSONAL.search(column.name) or f"{name}.{column.name}" in HARMLESS, (
            f"{name}.{column.name}"
        )


@pytest.mark.parametrize("name", sorted(HELD))
def test_a_row_belongs_by_a_column_that_leads_there(name: str) -> None:
    held = HELD[name]
    for by in held.by if held.of else ():
        # A column without a foreign key leads where this list says.
        assert leads_to(table(name).c[by]) <= {held.of}
