"""How tills spell a product's name and write money."""

from __future__ import annotations

import unicodedata

from samples.basket import Product


def bare(text: str) -> str:
    """Drop the diacritics, as tills with an ASCII font print: Nước xả becomes Nuoc xa."""
    decomposed = unicodedata.normalize("NFD", text.replace("đ", "d").replace("Đ", "D"))
    return "".join(letter for letter in decomposed if not unicodedata.combining(letter))


def brand_first(product: Product) -> str:
    """OMO Nước giặt Matic cửa trước 3.6kg."""
    brand = product.brand.upper() if product.brand else None
    return _join(brand, product.kind, product.variant, product.size)


def shortened(product: Product) -> str:
    """NG OMO Matic cửa trước T3.6kg: kind and pack by their usual abbreviations."""
    size = f"{(product.pack or '')[:1].upper()}{product.size}" if product.brand else product.size
    return _join(product.abbr or product.kind, product.brand, product.variant, size)


def brand_and_kind(product: Product) -> str:
    """OMO NG Matic cửa trước 3.6kg."""
    return _join(product.brand, product.abbr or product.kind, product.variant, product.size)


def dots(dong: int) -> str:
    """12.500."""
    return f"{dong:,}".replace(",", ".")


def commas(dong: int) -> str:
    """12,500."""
    return f"{dong:,}"


def decimals(dong: int) -> str:
    """12,500.00."""
    return f"{dong:,}.00"


def _join(*parts: str | None) -> str:
    return " ".join(part for part in parts if part)
