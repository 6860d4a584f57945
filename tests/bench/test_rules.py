"""Each rule that the benchmark switches off stands, is off meanwhile, and acts again after."""

from __future__ import annotations

from importlib import import_module

import pytest

from bench.rules import RULES, Rule, switched_off


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_a_rule_that_is_named_stands_and_is_off_only_meanwhile(rule: Rule) -> None:
    module, _, name = rule.where.partition(":")
    own = getattr(import_module(module), name)
    with switched_off(rule):
        assert getattr(import_module(module), name) is rule.off
    assert getattr(import_module(module), name) is own
