"""Words of a figure where room or colours are short: labels, legends and titles."""

from __future__ import annotations

import re

import numpy as np
import pytest

from engine.contract import Axis, Figure, Marker, Series
from screens.widgets.palette import Level, Theme
from screens.widgets.plot_figure import worth_naming
from tests.screens.drawn import curve, plain


def test_two_labels_on_a_row_have_a_blank_between_them() -> None:
    series = [curve([0, 10], [0, 1])]
    markers = [Marker("*", "y", 0.5, "gap"), Marker("*", "y", 0.51, "test")]
    rows = plain(Figure("f", "f", Axis("x"), Axis("y", lo=0, hi=1), ("*",)), series, markers, width=60, height=14)
    assert not re.search("gaptest|testgap", "".join(rows)) and all(re.search(rf"\b{word}\b", "".join(rows)) for word in ("gap", "test"))


@pytest.mark.parametrize(("count", "entries"), [(2, 4), (5, 6)])
def test_with_few_colours_theory_is_named_once_where_dashes_do_not_suffice(count, entries) -> None:
    x = np.arange(1.0, 6)
    series = [curve(x, x + place, f"n={place}") for place in range(count)]
    theory = [Series(f"t{place}", f"n={place}, theory", x, x + place, kind="theory", group=f"n={place}") for place in range(count)]
    assert len(worth_naming([*series, *theory], Theme(Level.NONE))) == entries


def test_a_title_is_cut_only_where_not_even_a_short_note_fits_beside_it() -> None:
    figure = Figure("f", "a title of twenty-two", Axis("x"), Axis("y"), ("*",))
    bad = curve([0, 1, 2, 3], [1, np.nan, np.nan, 2])
    top = {width: plain(figure, [bad], width=width, height=14)[0] for width in (60, 30)}
    assert "2 points not finite, not drawn" in top[60]
    assert top[30].startswith(figure.title) and top[30].rstrip().endswith("2 out")
