"""Every measure, in the order in which they are best read."""

from __future__ import annotations

from typing import Final

from domain.insights.errors import UnknownMeasureError
from domain.insights.measures import (
    acquisition_cost,
    affinity,
    buyer_flow,
    buyer_weight,
    campaign_effect,
    cohorts,
    frequency,
    objectives,
    penetration,
    power,
    price_paid,
    promotion,
    relative_penetration,
    repeat_rate,
    sales_tree,
    share_of_basket,
    share_of_wallet,
    spend_per_buyer,
    stages,
    switching,
    time_to_second,
    units,
)
from domain.insights.measures.measure import Measure
from infra.words import Language, say
from schemas.insight import InsightColumn, InsightDefinition

MEASURES: Final[dict[str, Measure]] = {
    measure.name: measure
    for measure in (
        sales_tree.MEASURE,
        penetration.MEASURE,
        relative_penetration.MEASURE,
        frequency.MEASURE,
        spend_per_buyer.MEASURE,
        units.MEASURE,
        share_of_basket.MEASURE,
        share_of_wallet.MEASURE,
        buyer_flow.MEASURE,
        buyer_weight.MEASURE,
        repeat_rate.MEASURE,
        time_to_second.MEASURE,
        cohorts.MEASURE,
        switching.MEASURE,
        affinity.MEASURE,
        price_paid.MEASURE,
        promotion.MEASURE,
        stages.MEASURE,
        acquisition_cost.MEASURE,
        power.MEASURE,
        campaign_effect.MEASURE,
        objectives.MEASURE,
    )
}


def measure_named(name: str) -> Measure:
    """Return a measure.

    Raises:
        UnknownMeasureError: There is none of that name.
    """
    if name not in MEASURES:
        raise UnknownMeasureError
    return MEASURES[name]


def definition(measure: Measure, language: Language) -> InsightDefinition:
    """Return what a measure is, in words of a language."""
    return InsightDefinition(
        name=measure.name,
        title=say("insight", f"{measure.name}_title", language),
        means=say("insight", f"{measure.name}_means", language),
        formula=measure.formula,
        columns=[
            InsightColumn(name=name, label=say("insight", f"column_{name}", language), unit=unit)
            for name, unit in measure.columns
        ],
        takes=sorted(measure.takes),
        needs=sorted(measure.needs),
        splits=list(measure.splits),
    )
