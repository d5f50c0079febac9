"""The cells of a picture without a plane, with the names of their rows and columns, and in each its value where there is room."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from screens.widgets.axis_scales import reading
from screens.widgets.palette import Theme, brightness, ink, ink_of
from screens.widgets.picture_heatmap import HeatMap
from screens.widgets.text_grid import TextGrid

WIDEST = 3  # names of rows take at most one part in so many of the width
STRETCHED = 8  # columns of characters that a cell of a table has at most for each of its rows
MANY = 0.1  # share of numbers that would be written as 0 beyond which decimals in common say too little
LEAST_HEIGHT = 5  # rows from which names of columns have one of their own


def draw_named(grid: TextGrid, top: int, heat_map: HeatMap) -> bool:
    """Draw the values below the row `top` with the names that fit whole; says whether the axis of x has its name."""
    picture, theme = heat_map.picture, heat_map.theme
    rows, columns = (tuple(map(theme.text, names)) for names in (picture.rows, picture.columns))
    left = names_width(heat_map, grid.width)
    below = int(bool(columns) and grid.height - top >= LEAST_HEIGHT)
    height, width = _size(heat_map, grid.height - top - below, grid.width - left)
    left, below = left * (len(rows) <= height), below * all(len(name) < width / len(columns) for name in columns)
    height, width = _size(heat_map, grid.height - top - below, grid.width - left)
    heat_map.draw(grid, top, left, height, width, fill=False)
    for place, name in enumerate(rows if left else ()):
        grid.write(top + int((place + 0.5) * height / len(rows)), left - 1 - len(name), name, theme.quiet)
    for place, name in enumerate(columns if below else ()):
        grid.write(top + height, left + round((place + 0.5) * width / len(columns) - len(name) / 2), name, theme.quiet)
    if rows and columns and (len(rows), len(columns)) == heat_map.values.shape:
        _values(grid, top, left, (height, width), heat_map)
    name = theme.text(picture.x)
    if not (below and name and top + height + 1 < grid.height and len(name) <= width):
        return False
    grid.write(top + height + 1, left + (width - len(name)) // 2, name, theme.quiet)
    return True


def names_width(heat_map: HeatMap, width: int) -> int:
    """Columns that the names of rows take, with a blank; 0 where they would take too many."""
    left = max((len(heat_map.theme.text(name)) for name in heat_map.picture.rows), default=-1) + 1
    return left if left <= width // WIDEST else 0


def _size(heat_map: HeatMap, rows: int, columns: int) -> tuple[int, int]:
    """Return the rows and columns of characters that the values take of a pane.

    Cells of a table are not stretched beyond reason, and take whole rows, so that numbers in them stand at equal distances.
    """
    height, width = heat_map.size(rows, columns)
    if heat_map.picture.rows and heat_map.picture.columns and not heat_map.empty:
        down, across = heat_map.values.shape
        if down == len(heat_map.picture.rows) and rows > down:
            rows -= rows % down
            height, width = heat_map.size(rows, columns)
        widest = int(across * STRETCHED * max(1.0, height / down))
        height, width = heat_map.size(rows, min(columns, widest))
    return height, width


def legible_on(behind: int, theme: Theme) -> int:
    """Return a colour that can be read on another one."""
    return max((theme.shades.extreme, theme.shades.background), key=lambda choice: abs(brightness(choice) - brightness(behind)))


def _written(values: NDArray[np.float64], digits: int) -> NDArray[np.str_]:
    """Write values with decimals in common, so many digits of the largest up to 1 or beyond; each by itself where many would be 0."""
    sizes = np.abs(values[np.isfinite(values) & (values != 0)])
    largest = float(sizes.max(initial=0.0))
    decimals = digits if largest <= 1 else digits - 1 - math.floor(math.log10(largest))
    lost = np.count_nonzero(sizes < 0.5 * 10.0**-decimals) > MANY * sizes.size
    if decimals < 0 or lost or np.isinf(values).any():
        return np.array([reading(float(value), digits) for value in values.flat])
    return np.array([f"{value + 0.0:.{decimals}f}" if math.isfinite(value) else "-" for value in np.round(values, decimals).flat])


def _values(grid: TextGrid, top: int, left: int, size: tuple[int, int], heat_map: HeatMap) -> None:
    """Write every value into the middle of its cells, where all have room."""
    (rows, columns), (height, width) = heat_map.values.shape, size
    room = int(width / columns) - 2
    words = _written(heat_map.values, 3)
    if np.char.str_len(words).max() > room:
        words = _written(heat_map.values, 2)
    if height < rows or np.char.str_len(words).max() > room:
        return
    for row, line in enumerate(words.reshape(rows, columns).tolist()):
        for column, word in enumerate(line):
            at = top + int((row + 0.5) * height / rows), left + round((column + 0.5) * width / columns - len(word) / 2)
            behind = ink_of(int(grid.inks[at])).bg
            if behind >= 0:
                grid.write(*at, word, ink(legible_on(behind, heat_map.theme), behind))
            else:  # characters stand for the values
                grid.write(at[0], at[1] - 1, f" {word} ")
