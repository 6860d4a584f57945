"""The catalogue that comes with the package, for reading receipts with no database."""

from __future__ import annotations

import csv
import io
import re
import tomllib
from collections.abc import Iterator, Sequence
from functools import cache
from importlib.resources import files
from uuid import UUID, uuid5

from domain.catalog.folding import fold
from domain.catalog.gtin import to_ean
from domain.catalog.snapshot import (
    CatalogBrand,
    CatalogProduct,
    CatalogRetailer,
    CatalogTillName,
    Catalogue,
    GeneralRules,
    Rows,
    build_catalogue,
)

# Packaged rows have the same ids on every installation, so exports can be compared.
_NAMESPACE = UUID("5f0c1b5e-6f0e-5d43-9a56-0f7c5f1d2b90")


@cache
def builtin_catalogue() -> Catalogue:
    """The packaged catalogue, built once a process."""
    return build_catalogue(builtin_rows(), general_rules())


def builtin_rows() -> Rows:
    """The packaged retailers, brands and products as rows, with ids that never change."""
    brands = tuple(_brands())
    by_name = {brand.name: brand.slug for brand in brands}
    products: list[CatalogProduct] = []
    till_names: list[CatalogTillName] = []
    barcodes: dict[str, str] = {}
    for row in _csv("products.csv"):
        slug = product_slug(row["brand"], row["name"])
        products.append(
            CatalogProduct(
                uuid5(_NAMESPACE, f"product:{slug}"),
                slug,
                by_name[row["brand"]],
                row["name"],
                row["category"],
                row["pack"] or None,
                row.get("restricted_class") or "none",
            )
        )
        till_names += (till_name(slug, cell) for cell in split(row["till_names"]))
        barcodes.update((ean, slug) for cell in split(row["eans"]) if (ean := to_ean(cell)))
    retailers = tuple(
        CatalogRetailer(uuid5(_NAMESPACE, f"retailer:{row['slug']}"), row["slug"], row["name"])
        for row in _csv("retailers.csv")
    )
    return Rows(retailers, brands, products, till_names, barcodes)


@cache
def general_rules() -> GeneralRules:
    """The packaged rules that hold for every brand."""
    vetoes = tomllib.loads(_text("vetoes.toml"))
    weak = frozenset(tomllib.loads(_text("cues.toml"))["weak"])
    makers = {row["prefix"]: row["owner"] for row in _csv("makers.csv")}
    return GeneralRules(tuple(vetoes["start"]), tuple(vetoes["anywhere"]), weak, makers)


def split(cell: str) -> list[str]:
    """Return the values of a cell that holds several, separated by `|`."""
    return [part.strip() for part in cell.split("|") if part.strip()]


def slug_of(name: str) -> str:
    """Return the key of a name: `Head & Shoulders 1.5L` is `head-shoulders-1-5l`."""
    return fold(re.sub(r"(?<=\d)[.,](?=\d)", " ", name)).lower().replace(" ", "-")


def product_slug(brand: str, name: str) -> str:
    """Return the key of a product: its name's, after its brand's unless it starts with it."""
    brand_slug, name_slug = slug_of(brand), slug_of(name)
    return name_slug if name_slug.startswith(f"{brand_slug}-") else f"{brand_slug}-{name_slug}"


def till_name(product: str, cell: str) -> CatalogTillName:
    """Read `LOTTE Mart=XV COMFORT 3.1L` (one chain's) or `COMFORT NXV 3.1L` (any chain's)."""
    retailer, equals, printed = cell.partition("=")
    if not equals:
        return CatalogTillName(product, cell.strip(), fold(cell))
    return CatalogTillName(product, printed.strip(), fold(printed), retailer.strip())


def kinds_of_cues(cues: Sequence[str]) -> list[str]:
    """Return cues with `@kind` written out; a kind that is not packaged stands for itself."""
    kinds = _kinds()
    written: list[str] = []
    for cue in cues:
        written += kinds.get(cue[1:], [cue[1:]]) if cue.startswith("@") else [cue]
    return list(dict.fromkeys(written))


@cache
def _kinds() -> dict[str, list[str]]:
    kinds: dict[str, list[str]] = tomllib.loads(_text("cues.toml"))["kinds"]
    return kinds


def _brands() -> Iterator[CatalogBrand]:
    for row in _csv("brands.csv"):
        slug = slug_of(row["name"])
        yield CatalogBrand(
            uuid5(_NAMESPACE, f"brand:{slug}"),
            slug,
            row["name"],
            row["owner"],
            row["category"],
            tuple(split(row["aliases"])),
            tuple(split(row["ambiguous"])),
            tuple(kinds_of_cues(split(row["cues"]))),
            tuple(split(row["vetoes"])),
            row.get("restricted_class") or "none",
        )


def _csv(name: str) -> Iterator[dict[str, str]]:
    return csv.DictReader(io.StringIO(_text(name)))


def _text(name: str) -> str:
    return files("domain.catalog").joinpath("data", name).read_text(encoding="utf-8")
