"""The nearest question that withholds less: one thing coarser than what was asked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from domain.insights.guard import grid
from domain.insights.guard.cells import ALL, AXES
from domain.insights.guard.grid import Kind
from domain.insights.measures.question import Question
from infra.words import Language, say
from schemas.insight import SaferQuestion

_COARSER: Final[dict[str, Kind]] = {"week": "month", "month": "quarter"}


def safer_question(question: Question, takes: frozenset[str], language: Language) -> SaferQuestion | None:
    """Return a coarser question of those that a measure takes; None where there is none.

    First a coarser split or one split less, then one filter less, the finest first; then a longer period.
    """
    by = question.by
    kept = {"period": question.period.name, "by": by}
    if by in _COARSER and grid.KINDS.index(_COARSER[by]) > grid.KINDS.index(question.period.kind):
        kept["by"] = _COARSER[by]
        return _told(kept, [], "by", language)
    filters = [axis for axis in reversed(AXES) if getattr(question, axis) != ALL and axis in takes]
    if filters:
        return _told(kept, filters[:1], "filter", language)
    if by is not None and question.period.kind == "year":
        kept["by"] = None
        return _told(kept, [], "no_split", language)
    above: dict[Kind, Kind] = {"week": "month", "month": "quarter", "quarter": "year"}
    if question.period.kind in above:
        kept["period"] = grid.containing(above[question.period.kind], question.period.first).name
        return _told(kept, [], "period", language)
    return None


def _told(kept: dict[str, str | None], without: Sequence[str], way: str, language: Language) -> SaferQuestion:
    values = {"period": kept["period"], "by": kept["by"], "filter": ", ".join(without)}
    named = {
        name: say("insight", f"safer_{value}", language) for name, value in values.items() if name != "period"
    }
    words = say("insight", f"safer_{way}", language, {**named, "period": kept["period"]})
    return SaferQuestion(period=kept["period"], by=kept["by"], without=list(without), words=words)
