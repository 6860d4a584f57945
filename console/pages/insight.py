"""What happens to a brand: its home, and a page for every measure that can be asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Final
from urllib.parse import parse_qsl, urlencode

from fastapi import APIRouter, Depends, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import RedirectResponse, Response
from pydantic import ValidationError
from sqlmodel import Session

from console.figures import Writer, headline, notes, reasons
from console.insight_charts import Chart, chart_of
from console.render import PREFIX, page, page_language
from console.sign_in import InsightReader
from domain.errors import DomainError, NotFoundError
from domain.insights import invitations, scope
from domain.insights.choices import Choices, choices, periods
from domain.insights.errors import InsightAwayError
from domain.insights.guard import grid
from domain.insights.measures import answers
from domain.insights.measures.measure import Measure
from domain.insights.measures.registry import MEASURES, definition, measure_named
from infra import clock
from infra.columnar.reach import insight_store
from infra.columnar.store import Store
from infra.web import ReadOnly, UnitOfWork
from schemas.base import ShortText
from schemas.insight import InsightAnswer, InsightQuery
from schemas.people import StaffMember

router = APIRouter(prefix="/insight")

InsightStore = Annotated[Store, Depends(insight_store)]
# What a page asks where its reader chose nothing: a span that shows something, of months that are whole.
_KIND_AT_FIRST: Final = {
    "cohorts": "year",
    "affinity": "year",
    "price_paid": "quarter",
    "stages": "quarter",
}
_NUMBERS: Final = {"days": (7, 365), "lift_percent": (0.1, 500), "cost": (0, 10**15)}


@dataclass(frozen=True, slots=True)
class Shown:
    """An answer as a page shows it; `safer` is the address to ask instead."""

    answer: InsightAnswer
    write: Writer
    chart: Chart | None
    notes: list[tuple[str, str]]
    safer: str | None
    link: str


def brands_of(session: Session, person: StaffMember) -> list[tuple[str, str]]:
    """Return the brands that somebody may look at, as (slug, name)."""
    if person.role == "admin":
        return scope.all_brands(session)
    return scope.brand_names(
        session,
        invitations.brands_inviting(session, person.id) if person.role == "retailer" else person.brands,
    )


def own_brand(session: Session, person: StaffMember, brand: str) -> list[tuple[str, str]]:
    """Return the brands that somebody may look at, of which this must be one.

    Raises:
        NotFoundError: It is not.
    """
    brands = brands_of(session, person)
    if brand not in dict(brands):
        raise NotFoundError
    return brands


def of_own_brand(session: ReadOnly, person: InsightReader, brand: ShortText) -> None:
    """Refuse another's brand before anything that was sent is read.

    Raises:
        NotFoundError: It is.
    """
    own_brand(session, person, brand)
    # A page that changes something has a connection of its own: nobody keeps two (infra/web.py).
    session.close()


OwnBrand = Depends(of_own_brand)


@router.get("")
def lead_home(session: ReadOnly, person: InsightReader) -> Response:
    """Lead to the home of the first brand; to the list of brands where there is none."""
    brands = brands_of(session, person)
    return RedirectResponse(f"{PREFIX}/insight/{brands[0][0]}" if brands else f"{PREFIX}/brands", 303)


@router.get("/{brand}")
def show_home(
    request: Request, session: UnitOfWork, store: InsightStore, person: InsightReader, brand: ShortText
) -> Response:
    """Show what changed since the period before and why, how fresh that is, and what can be asked."""
    brands = own_brand(session, person, brand)
    asked = _asked(request, {"period", "currency"})
    asker = Asker(request, session, store, person, brand, choices(session, brand))
    year = asked.period or grid.before(grid.containing("month", clock.till_today())).name
    over_year = InsightQuery(
        period=grid.containing("year", grid.period_of(year).last).name, by="month", currency=asked.currency
    )
    common: dict[str, Any] = {
        "part": asker.part,
        "brand": brand,
        "brands": brands,
        "asked": asked,
        "measures": titles(request, asker.part),
        "away": False,
    }
    try:
        tree = asker.ask("sales_tree", asked)
        also = [("spend_per_buyer", over_year)]
        if asker.part is None:
            also.insert(0, ("buyer_flow", asked))
        others = [asker.ask(measure, question) for measure, question in also]
    except InsightAwayError:
        return page(request, "insight.html", status=503, **(common | {"away": True, "shown": []}))
    return page(
        request,
        "insight.html",
        **common,
        headline=headline(tree.write),
        reasons=reasons(tree.write),
        shown=[tree, *others],
        periods={kind: periods(kind, clock.till_today()) for kind in ("month", "quarter", "year")},
    )


@router.get("/{brand}/measures/{measure}")
def show_measure(
    request: Request,
    session: UnitOfWork,
    store: InsightStore,
    person: InsightReader,
    brand: ShortText,
    measure: ShortText,
) -> Response:
    """Show one measure: its filters, its chart and table, its definition and what is withheld."""
    brands = own_brand(session, person, brand)
    found = measure_named(measure)
    asked = _at_first(found, _asked(request, found.takes | {"period", "currency"}))
    asker = Asker(request, session, store, person, brand, choices(session, brand))
    shown, refusal, status = None, None, 200
    if found.needs <= asked.model_fields_set:
        try:
            shown = asker.ask(measure, asked)
        except InsightAwayError:
            status = 503
        except DomainError as error:
            if error.kind == "not_found":
                raise
            refusal, status = error, 422
    return page(
        request,
        "insight_measure.html",
        status=status,
        brand=brand,
        brands=brands,
        asked=asked,
        measure=definition(found, page_language(request)),
        measures=titles(request, asker.part),
        shown=shown,
        refusal=refusal,
        away=status == 503,  # noqa: PLR2004 - HTTP's own
        choices=asker.choices,
        part=asker.part,
        periods={kind: periods(kind, clock.till_today()) for kind in ("month", "quarter", "year", "week")},
        numbers=_NUMBERS,
        query=urlencode(_values(asked)),
    )


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks what about which brand."""

    request: Request
    session: Session
    store: Store
    person: StaffMember
    brand: str
    choices: Choices

    @property
    def part(self) -> invitations.Within | None:
        """Return to which part of the brand's figures they are kept."""
        return invitations.within(self.session, self.person, self.brand)

    def ask(self, measure: str, asked: InsightQuery) -> Shown:
        """Return an answer as pages show it.

        Raises:
            DomainError: It can't be asked so; the store is away.
        """
        language = page_language(self.request)
        part = self.part
        if part is not None:
            asked = part.narrowed(measure_named(measure), asked)
        answer = answers.answer(
            self.session, self.store, answers.Asker(self.person.id), self.brand, measure, asked, language
        )
        if part is not None:
            answer = part.own(answer)
        writer = Writer(answer, asked.by, self.choices, language)
        at = f"{PREFIX}/insight/{self.brand}/measures/{measure}"
        return Shown(
            answer=answer,
            write=writer,
            chart=chart_of(writer),
            notes=notes(writer),
            safer=_safer(at, answer, asked),
            link=f"{at}?{urlencode(_values(asked))}",
        )


def _values(asked: InsightQuery) -> dict[str, Any]:
    return asked.model_dump(mode="json", exclude_none=True, exclude_defaults=True)


def _safer(at: str, answer: InsightAnswer, asked: InsightQuery) -> str | None:
    safer = answer.safer
    if safer is None:
        return None
    values = {name: value for name, value in _values(asked).items() if name not in {*safer.without, "by"}}
    values |= {"period": safer.period} | ({"by": safer.by} if safer.by else {})
    return f"{at}?{urlencode(values)}"


def asked_of(query: str) -> InsightQuery:
    """Return what the query of an address asks."""
    return _question(dict(parse_qsl(query)), set(InsightQuery.model_fields))


def _asked(request: Request, names: frozenset[str] | set[str]) -> InsightQuery:
    """Return what an address asks."""
    return _question(request.query_params, names)


def _question(given: Mapping[str, str], names: frozenset[str] | set[str]) -> InsightQuery:
    """Return what is asked; fields of a form that were left empty ask nothing."""
    wanted = {name: given[name].strip() for name in names if given.get(name, "").strip()}
    try:
        return InsightQuery.model_validate(wanted, strict=False)
    except ValidationError as error:
        raise RequestValidationError(error.errors(include_url=False, include_context=False)) from error


def _at_first(measure: Measure, asked: InsightQuery) -> InsightQuery:
    """Return a question with a span of its own where none was chosen."""
    if asked.period is not None:
        return asked
    last_month = grid.before(grid.containing("month", clock.till_today()))
    if measure.name == "repeat_rate":
        # Of a later month nobody was watched for long enough.
        return asked.model_copy(update={"period": grid.before(grid.before(last_month)).name})
    split = {"by": "month"} if "month" in measure.splits and asked.by is None else {}
    kind = "year" if split else _KIND_AT_FIRST.get(measure.name)
    if kind is None:
        return asked
    period = grid.containing("year" if kind == "year" else "quarter", last_month.last).name
    return asked.model_copy(update={"period": period, **split})


def titles(request: Request, part: invitations.Within | None = None) -> list[tuple[str, str, str]]:
    """Return each measure as (name, title, what it means); of a part, those that it can be told of."""
    language = page_language(request)
    told = [
        definition(measure, language) for measure in MEASURES.values() if part is None or part.offers(measure)
    ]
    return [(one.name, one.title, one.means) for one in told]
