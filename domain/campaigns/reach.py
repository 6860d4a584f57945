"""Whether a shopper can still earn by a campaign at all, whatever they buy: asked before it is shown."""

from __future__ import annotations

from typing import Final

from domain.campaigns.compiled import Version, cap_key
from domain.campaigns.compiling import Tree
from domain.campaigns.facts import Case

# What no basket mends: who the shopper is, what they bought before, days that are over.
_LASTING: Final = frozenset({"tier_in", "segment_in", "first_purchase_programme", "days_late"})
# Conditions that hold of the shopper, if they hold, whatever is bought.
_OF_SHOPPER: Final = frozenset({"tier_in", "segment_in", "first_purchase"})
# A cap of these is over while the shopper still shops today.
_SHORT_CAPS: Final = frozenset({"receipt", "day"})


def within_reach(version: Version, case: Case, left: int | None) -> bool:
    """Say whether some basket of this shopper would earn by a version.

    Args:
        version: Which.
        case: An empty basket of today, with the shopper's history.
        left: What its budget has left, None where it has no budget.
    """
    if not version.rules or not version.runs_on(case.basket.purchased_on) or (left is not None and left <= 0):
        return False
    used = case.history.caps
    if any(
        cap.per not in _SHORT_CAPS and used.get((version.campaign_id, cap_key(cap)), 0) >= cap.most
        for cap in version.terms.caps
    ):
        return False
    return any(rule.when is None or _may_hold(rule.when, case) for rule in version.rules)


def _may_hold(tree: Tree, case: Case) -> bool:
    """Say whether a condition holds of some basket; where parts hang together, yes in doubt."""
    if tree.test is not None:
        miss = tree.test(case)
        return miss is None or miss.state == "unknown" or miss.kind not in _LASTING
    if tree.kind == "all":
        return all(_may_hold(part, case) for part in tree.of)
    if tree.kind == "any":
        return any(_may_hold(part, case) for part in tree.of)
    return not any(_surely_holds(part, case) for part in tree.of)


def _surely_holds(tree: Tree, case: Case) -> bool:
    """Say whether a condition holds of every basket."""
    if tree.test is not None:
        return tree.kind in _OF_SHOPPER and tree.test(case) is None
    if tree.kind == "all":
        return all(_surely_holds(part, case) for part in tree.of)
    if tree.kind == "any":
        return any(_surely_holds(part, case) for part in tree.of)
    return not any(_may_hold(part, case) for part in tree.of)
