"""Every view on one page, wide enough to be read, and as many pages as that takes."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from rich.text import Text

from screens.figure_pages import LEAST_HEIGHT, LEAST_WIDTH, numbers_row, page_of, pages, pages_row


@given(st.integers(1, 20), st.integers(1, 300), st.integers(1, 100))
def test_every_view_is_on_exactly_one_page_and_wide_enough(count: int, width: int, height: int) -> None:
    chosen = pages(count, width, height)
    assert [view for page in chosen for view in page.views] == list(range(count))
    for page in chosen:
        assert len(page.views) <= page.columns * page.rows
        assert page.columns == 1 or width / page.columns >= LEAST_WIDTH
        assert page.rows == 1 or height / page.rows >= LEAST_HEIGHT
    for view in range(count):
        assert view in chosen[page_of(view, chosen)].views


def test_a_wide_terminal_shows_four_large_views_at_once_and_a_narrow_one_two() -> None:
    assert [len(page.views) for page in pages(8, 116, 43)] == [4, 4]
    assert [len(page.views) for page in pages(6, 100, 43)] == [6]  # too narrow for two large ones
    assert [len(page.views) for page in pages(5, 80, 18)] == [2, 2, 1]
    assert [len(page.views) for page in pages(5, 60, 13)] == [1] * 5


def test_density_says_how_many_share_a_page() -> None:
    counts = [max(len(page.views) for page in pages(8, 80, 19, density=density)) for density in ("compact", "normal", "roomy")]
    assert counts == [4, 2, 1]


@given(st.lists(st.text("abc ", min_size=1, max_size=30), min_size=1, max_size=8), st.integers(30, 120))
def test_no_view_of_another_page_is_skipped(titles: list[str], width: int) -> None:
    row = pages_row([1, 2], 2 + len(titles), [(number, Text(title)) for number, title in enumerate(titles, 3)], width).plain
    assert len(row) <= width
    said = row.partition("more:")[2]
    whole = [number for number, title in enumerate(titles, 3) if f"  {number} {title}" in said]
    assert whole == list(range(3, 3 + len(whole)))  # those with titles come first, the others are told by number
    rest = list(range(3 + len(whole), 3 + len(titles)))
    assert not rest or said.endswith(f"  {numbers_row(rest)}")


def test_what_has_no_room_for_its_title_is_told_by_number() -> None:
    others = [
        (3, Text("Training loss")),
        (4, Text("True, quadratic loss")),
        (5, Text("Displacement lowers S")),
        (6, Text("The loss jitters")),
    ]
    assert pages_row([1, 2], 6, others, 70).plain == " 1-2 of 6  m more:  3 Training loss  4 True, quadratic loss  5-6"


def test_cells_that_would_be_empty_are_the_first_views() -> None:
    page = pages(7, 120, 40, density="compact")[0]
    assert (page.columns, page.rows) == (3, 3)
    assert [page.span(view) for view in page.views] == [3, 1, 1, 1, 1, 1, 1]
    for count in (3, 4, 5, 9):
        wide = pages(count, 120, 44, wide=True)[0]
        spans = [wide.span(view) for view in wide.views]
        assert spans[0] == wide.columns and sum(spans) == wide.columns * wide.rows and len(spans) > 1
