"""An outcome's figures drawn by matplotlib, as they are exported; importing this module is what loads it."""

from __future__ import annotations

import io
from typing import Any

from matplotlib.figure import Figure as Drawing

from engine.contract import Figure, Picture, Snapshot, Spec
from engine.errors import UsageError, echoed, nearest
from lab.export.drawing import draw_figure, draw_picture
from lab.export.image_files import SHAPE, WIDTH, looks, theme_of
from lab.export.legends import place
from lab.export.text_figures import with_points

COLUMNS, ONE = 2, 5.0  # figures beside each other, and inches across of one


class NotebookDrawing(Drawing):
    """A matplotlib figure that a notebook shows as the value of a cell, with or without pyplot."""

    def _repr_png_(self) -> bytes:
        file = io.BytesIO()
        self.savefig(file, format="png")
        return file.getvalue()


def plot(snapshot: Snapshot, declared: Spec, name: str | None = None, ax: Any = None) -> Any:
    """Draw one figure or picture by name, or all that have content, and return the matplotlib figure.

    Raises:
        UsageError: no figure of that name, or nothing to draw.
    """
    chosen = drawable(snapshot, declared, name)
    if ax is not None:
        _draw(ax, chosen[0], snapshot)
        place(ax, grow=0.0)
        return ax.figure
    columns = min(COLUMNS, len(chosen))
    rows = -(-len(chosen) // columns)
    width = WIDTH if columns == 1 else columns * ONE
    with looks():
        drawing = NotebookDrawing(figsize=(width, rows * SHAPE * width / columns), layout="constrained")
        canvases = [drawing.add_subplot(rows, columns, index + 1) for index in range(len(chosen))]
        for axes, item in zip(canvases, chosen, strict=True):
            _draw(axes, item, snapshot)
        for axes in canvases:
            place(axes, grow=1 / columns)
    return drawing


def drawable(snapshot: Snapshot, declared: Spec, name: str | None) -> list[Figure | Picture]:
    """The figures and pictures that have content, or the one of a name."""
    there: list[Figure | Picture] = [figure for figure in declared.figures if with_points(figure, snapshot.series)]
    there += snapshot.pictures
    chosen = [item for item in there if name in (None, item.name)]
    if chosen:
        return chosen
    names = [item.name for item in there]
    if not names:
        raise UsageError(f"there is nothing to draw of {snapshot.run} yet")
    sentence = f"no figure {echoed(name)!r} with content in {snapshot.run}{nearest(str(name), names)}"
    raise UsageError(sentence, "figures: " + ", ".join(names))


def _draw(axes: Any, item: Figure | Picture, snapshot: Snapshot) -> None:
    if isinstance(item, Figure):
        draw_figure(axes, item, with_points(item, snapshot.series), snapshot.markers, theme_of(snapshot))
    else:
        draw_picture(axes, item, theme_of(snapshot))
