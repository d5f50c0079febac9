"""Which views stand side by side: as many as stay legible, on as many pages as that takes."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from rich.text import Text

LEAST_WIDTH, LEAST_HEIGHT = 38, 12  # characters that a figure needs to be read with ease
LEAST = {"compact": (28, 9), "normal": (LEAST_WIDTH, LEAST_HEIGHT), "roomy": (56, 18)}  # by density, for one that shares the page
ROOMIER = {"compact": "normal", "normal": "roomy", "roomy": "roomy"}
FOUR = 2  # columns and rows of figures as large as `roomy` has them: where these have room, `normal` takes it
SHAPE = 3.2  # width to height of a comfortable figure, in characters
UNEVEN = (3, 2)  # parts of the height that a first view in a row of its own takes, and the one row below it
WIDE_SHARE = 3  # a first view in a row of its own takes at least one part in so many of the height


@dataclass(frozen=True)
class Page:
    """The views of one page, as indices, and its grid; wide: the first one takes a row of its own."""

    views: tuple[int, ...]
    columns: int
    rows: int
    wide: bool = False

    def shares(self, height: int) -> tuple[int, ...]:
        """Parts of a `height` that the rows of the grid take: a first view alone in one of two takes more, if the other stays legible."""
        first, second = UNEVEN
        uneven = self.wide and self.rows == len(UNEVEN) and height * second // (first + second) >= LEAST_HEIGHT
        return UNEVEN if uneven else (1,) * self.rows

    def span(self, view: int) -> int:
        """Columns that a view takes: all of them where it has a row of its own; what would be left empty goes to the first one.

        Where that has a row of its own already, the last one takes it.
        """
        if self.wide and view == self.views[0]:
            return self.columns
        if view != self.views[-1 if self.wide else 0]:
            return 1
        return 1 + self.columns * (self.rows - self.wide) - (len(self.views) - self.wide)


def pages(count: int, width: int, height: int, wide: bool = False, density: str = "normal") -> tuple[Page, ...]:
    """Spread `count` views over pages of a `width` x `height` area, in order.

    density: how small they may be, so that many stand side by side; where there is room for four large ones, normal ones are large.
    wide: the first view is as wide as there is room: in a row of its own, or where no other fits below it on a page of its own.
    """
    least = LEAST[density]
    if density == "normal" and width >= FOUR * LEAST["roomy"][0] and height >= FOUR * LEAST["roomy"][1]:
        least = LEAST["roomy"]
    if not wide or count < 2:
        return _spread(count, width, height, least)
    below = _spread(count - 1, width, height - max(least[1], height // WIDE_SHARE), least) if height >= 2 * least[1] else ()
    if not below:
        return Page((0,), 1, 1), *_shifted(_spread(count - 1, width, height, least), 1)
    here = 1 + len(below[0].views)
    first = Page(tuple(range(here)), below[0].columns, below[0].rows + 1, wide=True)
    return first, *_shifted(_spread(count - here, width, height, least), here)


def _shifted(chosen: Sequence[Page], by: int) -> Iterator[Page]:
    return (replace(page, views=tuple(view + by for view in page.views)) for page in chosen)


def page_of(view: int, chosen: tuple[Page, ...]) -> int:
    """Return the number of the page that holds a view."""
    return next((index for index, page in enumerate(chosen) if view in page.views), 0)


def pages_row(here: Sequence[int], filled: int, others: Sequence[tuple[int, Text]], width: int) -> Text:
    """Return which views are on this page, by number, how many there are, and number and title of others; the last ones by number alone.

    filled: how many the run's settings fill; those that they leave empty are numbered behind, and told of only where they are shown.
    """
    if here and here[0] > filled:
        first = Text(f" {numbers_row(here)}", "bold") + Text(" are empty with these knobs", "dim")
    else:
        first = Text(f" {numbers_row(here)} of {filled}", "bold")
    if not others:
        return first
    key = ("m", "bold cyan")
    for count in range(len(others), -1, -1):  # none is skipped: it would look as if there were none
        titled = [Text.assemble((str(number), "bold cyan"), " ", title) for number, title in others[:count]]
        untitled = [Text(numbers_row([number for number, _ in others[count:]]), "bold cyan")] if others[count:] else []
        row = Text("  ").join([first, Text.assemble(key, " more:"), *titled, *untitled])
        if row.cell_len <= width:
            return row
    return Text.assemble(first, "  ", key, " more")


def numbers_row(numbers: Sequence[int]) -> str:
    """Write numbers, those that follow each other as a range: `1-5, 7`."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    return ", ".join(f"{run[0]}-{run[-1]}" if len(run) > 1 else f"{run[0]}" for run in runs) or "0"


def _spread(count: int, width: int, height: int, least: tuple[int, int]) -> tuple[Page, ...]:
    most_columns = max(1, width // least[0])
    most_rows = max(1, height // least[1])
    each = min(count, most_columns * most_rows)
    if each <= 0:
        return ()
    even = math.ceil(count / math.ceil(count / each))
    columns, rows = _grid(even, most_columns, most_rows, width, height)
    each = min(each, columns * rows)  # no page but the last has a gap, which one of its views would fill without need
    shown = [tuple(range(first, min(first + each, count))) for first in range(0, count, each)]
    return tuple(Page(views, *_grid(len(views), most_columns, most_rows, width, height)) for views in shown)


def _grid(count: int, most_columns: int, most_rows: int, width: int, height: int) -> tuple[int, int]:
    choices = [(columns, math.ceil(count / columns)) for columns in range(1, most_columns + 1)]
    fitting = [(columns, rows) for columns, rows in choices if rows <= most_rows]
    return min(fitting, key=lambda grid: _badness(count, grid, width, height))


def _badness(count: int, grid: tuple[int, int], width: int, height: int) -> float:
    columns, rows = grid
    shape = (max(1, width) / columns) / (max(1, height) / rows)
    return abs(math.log(shape / SHAPE)) + 0.3 * (columns * rows - count)
