"""Names of the rows and columns of a picture's cells, and the values in them, at any size and with any colours."""

from dataclasses import replace

import numpy as np
import pytest

from engine.contract import Picture
from screens.widgets.palette import Level, Theme
from screens.widgets.picture_draw import draw_picture
from screens.widgets.picture_names import _written
from tests.screens.drawn import ascii_theme

TABLE = Picture(
    "p", "Margins", np.array([[1.0, 0.964, 0.8523], [0.971, 1.0, 0.962]]), lo=0.8, hi=1.0, x="norm", y="potential",
    rows=("p = 1.5", "p = 2"), columns=("l_1.5", "l_2", "l_3"),
)  # fmt: skip


def rows_of(picture, width, height, theme=None):
    return [row.plain for row in draw_picture(picture, width=width, height=height, theme=theme or Theme())]


@pytest.mark.parametrize("theme", [Theme(), Theme(level=Level.NONE), ascii_theme()], ids=["colour", "none", "ascii"])
def test_every_value_stands_beside_its_row_and_above_its_column(theme):
    drawn = rows_of(TABLE, 40, 12, theme)
    names = next(row for row in drawn if "l_1.5" in row)
    for name, values in (("p = 1.5", ("1", "0.964", "0.852")), ("p = 2", ("0.971", "1", "0.962"))):
        row = next(row for row in drawn if name in row)
        for value, column in zip(values, TABLE.columns, strict=True):
            at = names.index(column) + len(column) / 2
            assert value in row[round(at) - 5 : round(at) + 5], (row, column)
    assert any("norm" in row for row in drawn)


def test_names_and_values_that_have_no_room_are_left_out_and_the_cells_stay():
    narrow = rows_of(TABLE, 16, 12)
    assert not any("p = 2" in row or "0.964" in row for row in narrow)
    assert not any("l_1.5" in row for row in rows_of(replace(TABLE, columns=("a name longer than its cell",) * 3), 40, 12))
    low = rows_of(replace(TABLE, values=np.zeros((30, 3)), rows=tuple(map(str, range(30)))), 40, 8)
    assert not any(row.startswith("29") for row in low)


def test_fewer_digits_are_written_where_three_have_no_room():
    picture = replace(TABLE, values=np.full((10, 10), -0.0953), rows=tuple("0123456789"), columns=tuple("0123456789"), lo=-1.0, hi=1.0)
    assert sum(row.count("-0.10 ") for row in rows_of(picture, 76, 14)) == 100
    assert sum(row.count("-0.095 ") for row in rows_of(picture, 160, 26)) == 100
    assert not any("-0.0" in row for row in rows_of(picture, 60, 14))


def test_columns_alone_name_parts_of_a_picture():
    tiles = replace(TABLE, values=np.zeros((14, 44)), rows=(), columns=("SVM", "ReLU", "linear"), equal=True)
    (names,) = [row for row in rows_of(tiles, 44, 20) if "SVM" in row]
    assert abs(names.index("ReLU") + 2 - 22) <= 1 and names.index("SVM") < 11 < 30 < names.index("linear")


def test_a_table_is_not_stretched_beyond_reason():
    wide = [row for row in draw_picture(TABLE, width=150, height=6) if "p = 2" in row.plain]
    painted = sum(len(wide[0].plain[span.start : span.end]) for span in wide[0].spans if getattr(span.style, "bgcolor", None))
    assert 0 < painted <= 3 * 8 * 2


@pytest.mark.parametrize("values", [[[999.7, 0.4]], [[0.011, 0.0004]], [[1.0, 1e-9]], [[np.inf, 2.0]]])
def test_no_value_is_written_as_0_that_is_not(values):
    written = _written(np.array(values), 3)
    assert all((float(word) == 0) == (value == 0) for word, value in zip(written, np.array(values).flat, strict=True) if word != "-")
