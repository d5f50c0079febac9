"""Titles and names of axes of every phenomenon, beside each other on a terminal of 80 columns: whole, never cut."""

from __future__ import annotations

import importlib

import pytest

from engine import registry
from engine.contract import Figure, PictureSpec
from screens.base import PhenomenonScreen
from screens.widgets.plot_legend import axis_name

PANEL = 38  # columns of one of two figures side by side
UNNAMED = {  # figures whose title says what y is, so that its name has no room
    ("deep-double-descent", "width-loss"), ("deep-double-descent", "width-test"), ("benign-overfitting", "orders"),
    ("double-descent", "bias-variance"),
}  # fmt: skip


def numbered(name: str) -> list[tuple[int, Figure]]:
    """The figures of a phenomenon with the numbers that its screen gives them."""
    spec = registry.spec(name)
    module = vars(importlib.import_module(f"screens.{name.replace('-', '_')}")).values()
    (screen,) = (item for item in module if isinstance(item, type) and issubclass(item, PhenomenonScreen) and item is not PhenomenonScreen)
    views: tuple[Figure | PictureSpec, ...] = (*spec.figures, *spec.pictures)
    declared = {item.name: item for item in views}
    assert set(screen.VIEWS) <= set(declared), "a view that does not exist"
    order = dict.fromkeys((*screen.VIEWS, *declared))
    return [(place, what) for place, name in enumerate(order, 1) if isinstance(what := declared[name], Figure)]


@pytest.mark.parametrize("name", registry.names())
def test_titles_and_names_of_axes_fit_two_figures_at_80_columns(name: str) -> None:
    for place, figure in numbered(name):
        title = f"{place} {figure.title}"
        assert len(title) <= PANEL, title
        if (name, figure.name) not in UNNAMED:
            assert len(f"{title}  ^ {axis_name(figure.y)}") <= PANEL, (title, axis_name(figure.y))
