"""Where a legend stands: inside its axes where it covers nothing that is drawn, which is measured; otherwise below them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from matplotlib.path import Path
from matplotlib.transforms import Bbox, ScaledTranslation

PLACES = {
    "upper right": (1, 1), "upper left": (0, 1), "lower right": (1, 0), "lower left": (0, 0), "center right": (1, 0.5),
    "center left": (0, 0.5), "upper center": (0.5, 1), "lower center": (0.5, 0),
}  # fmt: skip
MOST_INSIDE = 0.6  # of the axes' width or height that a legend may take inside
GAP = 0.06  # inches around a legend
LOOKS: dict[str, Any] = {"fontsize": "small", "framealpha": 0.9, "borderaxespad": 0.4}


def place(axes: Any, grow: float = 1.0) -> None:
    """Give axes their legend, once everything else is drawn.

    grow: the share of what stands below the axes by which the figure becomes higher; 0 leaves its size.

    Axes that show one thing alone get none, unless its label says more than the title.
    """
    handles, labels = axes.get_legend_handles_labels()
    if not handles or (len(handles) == 1 and labels[0].casefold() == axes.get_title().casefold()):
        return
    axes.figure.draw_without_rendering()
    legend = axes.legend(loc="upper right", **LOOKS)
    legend.set_in_layout(False)
    box, room = legend.get_window_extent(), axes.bbox  # its size alone, for which nothing has to be laid out anew
    if box.width <= MOST_INSIDE * room.width and box.height <= MOST_INSIDE * room.height:
        things = list(drawn(axes))
        for name, (across, up) in PLACES.items():
            if not any(_covers(_at(box, room, across, up), thing, filled) for thing, filled in things):
                axes.legend(loc=name, **LOOKS)
                return
    _below(axes, grow)


def drawn(axes: Any) -> Iterator[tuple[Path, bool]]:
    """Everything in axes that a legend must not cover, in pixels, with whether it is an area; lines of markers included."""
    for line in axes.lines:
        path = line.get_transform().transform_path(line.get_path())
        if line.get_linestyle() not in ("None", "none", ""):
            yield path, False
        if line.get_marker() not in ("None", "none", "", None):
            yield from ((_around(point), True) for point in path.vertices if np.isfinite(point).all())
    for collection in axes.collections:
        transform = collection.get_transform()
        yield from ((transform.transform_path(path), True) for path in collection.get_paths())
    for patch in axes.patches:
        yield patch.get_transform().transform_path(patch.get_path()), True
    for image in axes.images:
        yield _rectangle(image.get_window_extent()), True


def _around(point: Any, reach: float = 3.0) -> Path:
    """The mark at a point, in pixels."""
    x, y = point
    return _rectangle(Bbox.from_extents(x - reach, y - reach, x + reach, y + reach))


def _rectangle(box: Bbox) -> Path:
    return Path([(box.x0, box.y0), (box.x1, box.y0), (box.x1, box.y1), (box.x0, box.y1), (box.x0, box.y0)], closed=True)


def _at(box: Bbox, room: Bbox, across: float, up: float) -> Bbox:
    """Where a box of this size stands in a corner or at an edge of the axes, with a little air around."""
    x = room.x0 + across * (room.width - box.width)
    y = room.y0 + up * (room.height - box.height)
    return Bbox.from_bounds(x, y, box.width, box.height).padded(4)


def _covers(box: Bbox, thing: Path, filled: bool) -> bool:
    return bool(np.size(thing.vertices)) and bool(thing.intersects_bbox(box, filled))


def _below(axes: Any, grow: float) -> None:
    """Put the legend below the axes' own labels, in as many columns as fit, and let the figure grow by its height."""
    figure, count = axes.figure, len(axes.get_legend_handles_labels()[0])
    axes.get_legend().remove()
    gap = (axes.bbox.y0 - axes.get_tightbbox().y0) / figure.dpi + GAP
    anchor = axes.transAxes + ScaledTranslation(0, -gap, figure.dpi_scale_trans)
    room = axes.get_tightbbox().width
    for columns in range(min(4, count), 0, -1):
        legend = axes.legend(loc="upper center", bbox_to_anchor=(0.5, 0), bbox_transform=anchor, ncols=columns, **LOOKS)
        legend.set_in_layout(False)  # while it is measured: one that is too wide would leave no room for the axes
        if legend.get_window_extent().width <= room:
            break
    figure.set_figheight(figure.get_figheight() + grow * (legend.get_window_extent().height / figure.dpi + GAP))
    legend.set_in_layout(True)
