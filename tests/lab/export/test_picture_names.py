"""Names of rows and columns of an exported picture: at the middles of their parts, and no ticks where there are none."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np

from engine.contract import Picture
from lab.export.drawing import draw_picture
from screens.widgets.palette import Theme


def test_rows_and_columns_of_cells_have_their_names_and_nothing_else_has_ticks() -> None:
    cells = np.arange(24).reshape(4, 6) % 3
    named = Picture("p", "P", cells, palette="classes", legend=("off", "a", "b"), rows=("0", "1"), columns=("left", "middle", "right"))
    figure, (first, second) = plt.subplots(1, 2)
    draw_picture(first, named, Theme())
    draw_picture(second, Picture("p", "P", cells.astype(float)), Theme())
    assert [label.get_text() for label in first.get_yticklabels()] == ["0", "1"] and first.get_yticks().tolist() == [0.5, 2.5]
    assert [label.get_text() for label in first.get_xticklabels()] == ["left", "middle", "right"]
    assert first.get_xticks().tolist() == [0.5, 2.5, 4.5]
    assert not second.get_xticks().size and not second.get_yticks().size
    off = first.images[0].cmap(first.images[0].norm(0))
    assert min(off[:3]) > 0.8, "class 0 is nearly the background, as on the terminal"
    plt.close(figure)
