"""Every page speaks both languages."""

from __future__ import annotations

import re
import string
from pathlib import Path
from typing import get_args

import pytest

from console import render
from console.pages import review
from console.terms_form import schema_of
from domain.campaigns.terms import Terms
from domain.fraud.rules import RULES
from domain.journeys.terms import JourneyTerms
from domain.people.audit import ACTS
from infra.words import LANGUAGES, Language, all_words
from schemas.campaigns import CampaignState
from schemas.dry_runs import DryRunState
from schemas.fraud import RuleMode
from schemas.journeys import JourneyState

TEMPLATES = Path(render.__file__).parent / "templates"


def gaps(sentence: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(sentence) if name}


def test_both_languages_hold_the_same_words_with_the_same_gaps() -> None:
    vi, en = (all_words(language)["console"] for language in LANGUAGES)
    assert vi.keys() == en.keys()
    assert {code for code in vi if gaps(vi[code]) != gaps(en[code])} == set()


@pytest.mark.parametrize("template", sorted(path.name for path in TEMPLATES.glob("*.html")))
def test_a_page_says_nothing_that_the_catalogue_lacks(template: str) -> None:
    text = (TEMPLATES / template).read_text(encoding="utf-8")
    asked = set(re.findall(r"\bt\('([a-z_]+)'(?=[,)])", text))
    assert asked - all_words("vi")["console"].keys() == set()


def test_words_that_are_put_together_are_all_there() -> None:
    words = all_words("vi")["console"].keys()
    wanted = {f"act_{act}" for act in ACTS} | {f"said_{saying}" for saying in render.SAYINGS}
    wanted |= {word for _, word in render.NAVIGATION} | {word for _, word in render.SHORTCUTS}
    wanted |= {f"reject_{preset}" for preset in review.REFUSALS}
    wanted |= {f"approve_{preset}" for preset in review.APPROVALS}
    wanted |= {f"reason_{code}" for code in RULES}
    wanted |= {f"mode_{mode}" for mode in get_args(RuleMode)}
    assert wanted - words == set()


def test_every_field_kind_and_choice_of_campaigns_and_journeys_has_a_word() -> None:
    words = all_words("vi")["console"].keys()
    wanted = {f"said_{saying}" for saying in render.SAYINGS}
    schemas = [schema_of(terms) for terms in (Terms, JourneyTerms)]
    for part in (part for one in schemas for part in (one, *one["$defs"].values())):
        for name, node in part.get("properties", {}).items():
            wanted.add(f"terms_{name}")
            for one in (node, *node.get("anyOf", ()), node.get("items", {})):
                wanted |= {f"choice_{name}_{value}" for value in one.get("enum", ())}
                wanted |= {f"kind_{kind}" for kind in one.get("discriminator", {}).get("mapping", ())}
    wanted |= {f"campaign_{state}" for state in get_args(CampaignState)}
    wanted |= {f"journey_{state}" for state in get_args(JourneyState)}
    wanted |= {f"dry_run_{state}" for state in get_args(DryRunState)}
    wanted |= {word for _, word in render.SELLERS_NAVIGATION}
    assert wanted - words == set()


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_rule_is_explained_to_reviewers_in_words_of_its_own(language: Language) -> None:
    words = all_words(language)
    assert words["rule"].keys() == RULES
    explained = list(words["rule"].values())
    assert len(set(explained)) == len(explained)
    assert not set(explained) & set(words["reason"].values())
