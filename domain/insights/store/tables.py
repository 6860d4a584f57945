"""The columnar store's tables and the views that questions read, on one machine and on a cluster.

Rows are only ever added: a newer `version` of a row's key takes the older one's place, and one that is `gone`
stands for nothing. The views show what stands, and of whom agreed that brands may know it, so that no
question can forget either.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from infra.columnar.store import Store

_SLUG: Final = "LowCardinality(String)"
# An hour that no till printed.
HOUR_UNKNOWN: Final = 255
# In `active_period`: every chain, every region. Unknown is the empty string.
ALL: Final = "*"
# The table of how far the store is.
MARK: Final = "mark"
# The version of a synthetic base's rows: nobody compares them with PostgreSQL.
SYNTHETIC: Final = 1
# All that is known of a shopper lies on one machine: counts of shoppers add up, and joins need no network.
SHARD: Final = "cityHash64(shopper)"


@dataclass(frozen=True, slots=True)
class Facts:
    """A table of facts, kept by version: its columns, its key in the order of sorting, what parts it."""

    name: str
    columns: dict[str, str]
    order: tuple[str, ...]
    # How much of the key is held in memory to find rows.
    primary: tuple[str, ...]
    partition: str = ""
    # Where a row is only shown to brands if its shopper agreed.
    by_consent: bool = False
    # What the view shows beside the columns.
    shown: str = ""

    @property
    def rows(self) -> str:
        """Return the name of the table of versions; `name` is the view of what stands."""
        return f"{self.name}_rows"


PURCHASE: Final = Facts(
    "purchase",
    {
        "brand": _SLUG,
        "product": _SLUG,
        "category": _SLUG,
        "owner": _SLUG,
        "chain": _SLUG,
        "store": _SLUG,
        "region": _SLUG,
        "channel": _SLUG,
        "day": "Date",
        "hour": "UInt8",
        "shopper": "UInt64",
        "receipt": "UInt64",
        "line": "UInt16",
        "currency": _SLUG,
        "units": "Int32",
        "paid": "Int64",
        "discount": "Int64",
        "basket": "Int64",
        "points": "Int64",
    },
    order=("brand", "day", "shopper", "receipt", "line"),
    primary=("brand", "day", "shopper"),
    partition="toYYYYMM(day)",
    by_consent=True,
)
RECEIPT: Final = Facts(
    "receipt",
    {
        "day": "Date",
        "hour": "UInt8",
        "chain": _SLUG,
        "store": _SLUG,
        "region": _SLUG,
        "channel": _SLUG,
        "shopper": "UInt64",
        "receipt": "UInt64",
        "currency": _SLUG,
        "total": "Int64",
    },
    order=("day", "shopper", "receipt"),
    primary=("day", "shopper"),
    partition="toYYYYMM(day)",
    by_consent=True,
)
SHOPPER: Final = Facts(
    "shopper",
    # The years in which a shopper is held out: who they are is new each year.
    {"shopper": "UInt64", "joined": "Date", "holdouts": "Array(UInt16)"},
    order=("shopper",),
    primary=("shopper",),
    shown="has(holdouts, toYear(today())) AS holdout",
)
CONSENT: Final = Facts(
    "consent",
    {"shopper": "UInt64", "brand": _SLUG, "given": "UInt8"},
    order=("shopper", "brand"),
    primary=("shopper",),
)
TOUCH: Final = Facts(
    "touch",
    {
        "day": "Date",
        "shopper": "UInt64",
        "brand": _SLUG,
        "kind": _SLUG,
        "ref": "String",
        "value": "Int64",
        # The store's number of what it was: the same thing told twice is one touch.
        "touch": "UInt64",
    },
    order=("brand", "kind", "day", "shopper", "touch"),
    primary=("brand", "kind", "day"),
    partition="toYear(day)",
)
ASSIGNMENT: Final = Facts(
    "assignment",
    {"shopper": "UInt64", "campaign": _SLUG, "held": "UInt8", "day": "Date"},
    order=("campaign", "shopper"),
    primary=("campaign",),
)
FACTS: Final = (PURCHASE, RECEIPT, SHOPPER, CONSENT, TOUCH, ASSIGNMENT)


@dataclass(frozen=True, slots=True)
class Derived:
    """A table of sums over the facts, built a month (or a longer period) at a time: each build has a version.

    The view of the same name shows the last whole build of each period.
    """

    name: str
    columns: dict[str, str]
    order: tuple[str, ...]

    @property
    def rows(self) -> str:
        """Return the name of the table of builds; `name` is the view of the last ones."""
        return f"{self.name}_rows"


ACTIVE_PERIOD: Final = Derived(
    "active_period",
    {
        "grain": _SLUG,
        "start": "Date",
        "chain": _SLUG,
        "region": _SLUG,
        "currency": _SLUG,
        "shoppers": "UInt64",
        "receipts": "UInt64",
        "total": "Int64",
    },
    order=("grain", "start", "chain", "region", "currency"),
)
ACTIVE_MONTH: Final = Derived(
    "active_month",
    {
        "month": "Date",
        "chain": _SLUG,
        "region": _SLUG,
        "currency": _SLUG,
        "shoppers": "AggregateFunction(uniqExact, UInt64)",
        "receipts": "UInt64",
        "total": "Int64",
    },
    order=("month", "chain", "region", "currency"),
)
BRAND_MONTH: Final = Derived(
    "brand_month",
    {
        "month": "Date",
        "brand": _SLUG,
        "category": _SLUG,
        "chain": _SLUG,
        "region": _SLUG,
        "currency": _SLUG,
        "shoppers": "UInt64",
        "receipts": "UInt64",
        "lines": "UInt64",
        "units": "Int64",
        "paid": "Int64",
        "discount": "Int64",
        "points": "Int64",
    },
    order=("brand", "month", "category", "chain", "region", "currency"),
)
PAIR_MONTH: Final = Derived(
    "pair_month",
    {
        "month": "Date",
        "a": _SLUG,
        "b": _SLUG,
        "baskets": "UInt64",
        "shoppers": "UInt64",
    },
    order=("a", "month", "b"),
)
DERIVED: Final = (ACTIVE_PERIOD, ACTIVE_MONTH, BRAND_MONTH, PAIR_MONTH)


# A month in which nothing new comes is one part after an hour: a view then costs what its bare rows cost.
_MERGING: Final = (
    " SETTINGS min_age_to_force_merge_seconds = 3600, min_age_to_force_merge_on_partition_only = 1"
)


@dataclass(frozen=True, slots=True)
class Layout:
    """Where tables lie: on one machine, or in shards of a cluster, each shopper's rows on one shard."""

    cluster: str = ""

    @property
    def everywhere(self) -> str:
        """Return what has a definition, or a deletion, happen on every machine."""
        return f" ON CLUSTER '{self.cluster}'" if self.cluster else ""

    def local(self, name: str) -> str:
        """Return the table that holds a machine's own rows."""
        return f"{name}_local" if self.cluster else name

    def statements(self) -> list[str]:
        """Return all definitions in their order; run again they change nothing."""
        found = []
        for facts in FACTS:
            columns = facts.columns | ({"agreed": "UInt8"} if facts.by_consent else {})
            columns |= {"version": "UInt64", "gone": "UInt8"}
            partition = f" PARTITION BY {facts.partition}" if facts.partition else ""
            engine = self.engine("ReplacingMergeTree", facts.rows, "version")
            keys = f" PRIMARY KEY ({', '.join(facts.primary)}) ORDER BY ({', '.join(facts.order)})"
            found += self.table(facts.rows, columns, f"{engine}{partition}{keys}{_MERGING}", SHARD)
            shown = " AND agreed = 1" if facts.by_consent else ""
            told = ", ".join([*facts.columns, *([facts.shown] if facts.shown else [])])
            found.append(
                self._view(facts.name, f"SELECT {told} FROM {facts.rows} FINAL WHERE gone = 0{shown}")
            )
        # `subject` is a derived table, `period` what of it was built.
        built = {"subject": _SLUG, "period": "String", "version": "UInt64", "at": "DateTime('UTC')"}
        keyed = self.engine("ReplacingMergeTree", "built", "version") + " ORDER BY (subject, period)"
        found += self.table("built", built, keyed, "0")
        mark = {"name": _SLUG, "at": "DateTime64(6, 'UTC')", "version": "UInt64"}
        keyed = self.engine("ReplacingMergeTree", MARK, "version") + " ORDER BY name"
        found += self.table(MARK, mark, keyed, "0")
        for derived in DERIVED:
            columns = derived.columns | {"period": _SLUG, "version": "UInt64"}
            engine = self.engine("MergeTree", derived.rows)
            keys = f" PARTITION BY (period, version) ORDER BY ({', '.join(derived.order)})"
            found += self.table(derived.rows, columns, engine + keys, "rand()")
            found.append(
                self._view(
                    derived.name,
                    f"SELECT {', '.join(derived.columns)} FROM {derived.rows} WHERE (period, version) IN"
                    f" (SELECT period, max(version) FROM built WHERE subject = '{derived.name}'"
                    " GROUP BY period)",
                )
            )
        return found

    def engine(self, kind: str, name: str, version: str = "") -> str:
        """Return the engine of a table: replicated in each shard, where there are shards."""
        if not self.cluster:
            return f"ENGINE = {kind}({version})"
        place = f"'/clickhouse/tables/{{shard}}/{{database}}/{name}', '{{replica}}'"
        return f"ENGINE = Replicated{kind}({place}{', ' + version if version else ''})"

    def table(self, name: str, columns: dict[str, str], engine: str, shard: str) -> list[str]:
        """Return what makes a table; in a cluster `shard` says which machine has a row."""
        told = ", ".join(f"{column} {kind}" for column, kind in columns.items())
        made = f"CREATE TABLE IF NOT EXISTS {self.local(name)}{self.everywhere} ({told}) {engine}"
        if not self.cluster:
            return [made]
        spread = f"ENGINE = Distributed('{self.cluster}', currentDatabase(), '{self.local(name)}', {shard})"
        return [made, f"CREATE TABLE IF NOT EXISTS {name}{self.everywhere} ({told}) {spread}"]

    def _view(self, name: str, select: str) -> str:
        return f"CREATE OR REPLACE VIEW {name}{self.everywhere} AS {select}"


def make_tables(store: Store, layout: Layout) -> None:
    """Make what is not there yet.

    Raises:
        ColumnarError: The store does not take it.
    """
    for statement in layout.statements():
        store.command(statement)
