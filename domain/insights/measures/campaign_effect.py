"""What a campaign brought against its hold-out: as assigned, whatever reached whom."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Final

from domain.insights.guard.partition import Share, smallest, withheld_rows
from domain.insights.measures.agreed import campaign_of
from domain.insights.measures.measure import Asked, Measure, Row, Table, Value, ratio, row_of
from domain.insights.measures.scan import agreed_of, bound
from domain.insights.measures.statistic import Sums, cuped, difference_of_rates, verdict_of
from domain.money import major

# How long before it is looked at what the same shoppers spent.
BEFORE_DAYS: Final = 56
# Spend above this quantile counts as that much: one party must not decide.
CAP: Final = 0.995
# Against those held out of it alone; where it holds out nobody of its own, against those of everything.
_ASSIGNED: Final = """
    SELECT min(day) AS began, count() AS shoppers,
        if(countIf(held = 1) > 0, 1, 2) AS against
    FROM assignment WHERE campaign = {campaign:String} AND day <= {ended:Date}
"""
_ARMS: Final = """
    FROM assignment
    WHERE campaign = {campaign:String} AND held IN (0, {against:UInt8}) AND day <= {ended:Date}
"""
_SPENT: Final = f"""
    SELECT shopper, held > 0 AS held, toFloat64(after) AS y, toFloat64(before) AS x, bought
    FROM (
        SELECT shopper, held, day {_ARMS} AND shopper IN ({agreed_of(f"SELECT shopper {_ARMS}")})
    ) AS assigned
    LEFT JOIN (
        SELECT shopper, sumIf(p.paid, p.day >= a.day AND p.day < a.day + {{days:UInt16}}) AS after,
            countIf(p.day >= a.day AND p.day < a.day + {{days:UInt16}}) > 0 AS bought,
            sumIf(p.paid, p.day < a.day AND p.day >= a.day - {BEFORE_DAYS}) AS before
        FROM purchase AS p
        INNER JOIN (SELECT shopper,
            day FROM assignment WHERE campaign = {{campaign:String}}) AS a USING shopper
        WHERE p.brand = {{brand:String}} AND p.currency = {{currency:String}}
            AND p.day BETWEEN {{from:Date}} AND {{until:Date}}
        GROUP BY shopper
    ) AS spent USING shopper
"""
_SUMS: Final = f"""
    WITH (SELECT quantileExact({CAP})(y) FROM ({_SPENT})) AS cap
    SELECT held, count() AS shoppers, sum(bought) AS buyers, any(cap) AS cap_, sum(least(y, cap)) AS sum_y,
        sum(least(y, cap) * least(y, cap)) AS sum_yy, sum(x) AS sum_x, sum(x * x) AS sum_xx,
        sum(x * least(y, cap)) AS sum_xy, max(y) AS top, sum(y) AS paid
    FROM ({_SPENT}) GROUP BY held
"""
ARMS: Final = {0: "reached", 1: "held"}


def _answer(asked: Asked) -> Table:
    question = asked.question
    one = campaign_of(asked)
    days = one.terms.measuring.effect_days
    if one.trial is None:
        return Table([], None, {"days": days}, verdict="no_holdout")
    # Newcomers are assigned until the last day that was agreed, which nobody can put off.
    named = bound(question, campaign=one.slug, days=days, ended=one.terms.ends_on)
    assigned = asked.store.query(_ASSIGNED, named)[0]
    if not int(assigned["shoppers"]):
        return Table([], None, {"days": days}, verdict="no_holdout")
    named |= {
        "against": int(assigned["against"]),
        "from": assigned["began"] - timedelta(days=BEFORE_DAYS),
        "until": one.terms.ends_on + timedelta(days=days),
    }
    span = assigned["began"], named["until"]
    final: date = named["until"]
    if question.today < final:
        # Whoever looks earlier stops when they like what they see.
        return Table([], None, {"days": days, "until": final.isoformat()}, verdict="not_yet", span=span)
    found = {int(row["held"]): row for row in asked.store.query(_SUMS, named)}
    if set(found) != set(ARMS):
        return Table([], None, {"days": days}, verdict="no_holdout")
    shares = [Share(_least(found[held]), int(found[held]["top"]), int(found[held]["paid"])) for held in ARMS]
    reasons = withheld_rows(shares, asked.shoppers_min)
    whole = next((reason for reason in reasons if reason), None)
    rows = []
    for held, name in ARMS.items():
        row = found[held]
        spent = major(round(row["sum_y"]), question.currency) or 0.0
        figures: dict[str, Value] = {
            "shoppers": int(row["shoppers"]),
            "buyers": int(row["buyers"]),
            "buying_rate": ratio(int(row["buyers"]), int(row["shoppers"])),
            "spend_per_shopper": ratio(spent, int(row["shoppers"])),
        }
        rows.append(row_of({"arm": name}, figures, whole))
    if whole:
        return Table(rows, None, {"days": days}, verdict="too_few", span=span)
    return replace(_told(asked, rows, found, days), span=span)


def _least(row: dict[str, float]) -> int:
    """Return the smaller group of an arm: those who bought, or those who did not."""
    return smallest(int(row["buyers"]), int(row["shoppers"] - row["buyers"]))


def _told(asked: Asked, rows: list[Row], found: dict[int, dict[str, float]], days: int) -> Table:
    reached, held = (found[arm] for arm in ARMS)
    rates = difference_of_rates(
        int(reached["buyers"]), int(reached["shoppers"]), int(held["buyers"]), int(held["shoppers"])
    )
    spend = cuped(_sums(reached), _sums(held))
    notes: dict[str, Value] = {"days": days, "cap": _money(asked, reached["cap_"])}
    if rates is not None:
        notes |= {"lift_rate": rates.value, "lift_low_rate": rates.low, "lift_high_rate": rates.high}
    verdict: str = "cannot_tell"
    if spend is not None:
        effect, theta = spend
        notes |= {
            "effect": _money(asked, effect.value),
            "effect_low": _money(asked, effect.low),
            "effect_high": _money(asked, effect.high),
            "theta": theta,
            "effect_all": _money(asked, effect.value * reached["shoppers"]),
        }
        verdict = verdict_of(effect)
    return Table(rows, None, notes, verdict)


def _sums(row: dict[str, float]) -> Sums:
    return Sums(int(row["shoppers"]), row["sum_y"], row["sum_yy"], row["sum_x"], row["sum_xx"], row["sum_xy"])


def _money(asked: Asked, minor: float) -> float:
    return major(round(minor), asked.question.currency) or 0.0


MEASURE: Final = Measure(
    name="campaign_effect",
    formula="mean of min(y, p99.5) − θ (x − x̄), reached − held, as assigned; y: paid(B) in the D days after,"
    " D agreed before; x: paid(B) in the 56 days before; θ = cov(x, y) / var(x)",
    columns=(
        ("arm", "text"),
        ("shoppers", "count"),
        ("buyers", "count"),
        ("buying_rate", "share"),
        ("spend_per_shopper", "money"),
    ),
    answer=_answer,
    takes=frozenset({"campaign"}),
    needs=frozenset({"campaign"}),
    guards_itself=True,
)
