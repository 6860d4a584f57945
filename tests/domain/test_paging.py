"""A list's page says where the list goes on, and on its last page that it does not."""

from __future__ import annotations

import pytest

from domain.paging import Page, page


def page_of(rows: int, limit: int, start: int = 0) -> Page[int]:
    return page(lambda most: range(rows)[start : start + most], limit, str)


@pytest.mark.parametrize(
    ("rows", "shown", "cursor"), [(0, 0, None), (2, 2, None), (3, 3, None), (4, 3, "2"), (7, 3, "2")]
)
def test_the_last_page_has_no_cursor_also_where_it_is_full(rows: int, shown: int, cursor: str | None) -> None:
    assert page_of(rows, limit=3) == Page(list(range(shown)), cursor)


def test_pages_one_after_another_show_every_row_once() -> None:
    seen: list[int] = []
    found = page_of(7, limit=3)
    seen += found.rows
    while found.next_cursor is not None:
        found = page_of(7, limit=3, start=int(found.next_cursor) + 1)
        seen += found.rows
    assert seen == list(range(7))
