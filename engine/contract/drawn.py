"""What is drawn: curves, markers, pictures with their layers. Arrays, numbers and strings only.

Arrays are named here and not made: commands that only read declarations do without NumPy.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

Basis = Literal["training", "simulation", "exact", "flow", "asymptotic", "bound"]


@dataclass(frozen=True)
class Series:
    """One curve. `group` (a setting, an optimiser) decides colour and marker, alike in every figure.

    x, y: (k,) float64; lo, hi: (k,) or None; `band` says what they are ("quartiles of 50 draws").
    """

    name: str
    label: str
    x: Floats
    y: Floats
    lo: Floats | None = None
    hi: Floats | None = None
    band: str = ""
    kind: Literal["measured", "theory"] = "measured"
    basis: Basis = "training"
    style: Literal["line", "points", "bars"] = "line"
    group: str = ""


@dataclass(frozen=True)
class Marker:
    """An event or a constant: on axis x (a step, a threshold) or y (chance), in figures that match `figure` (a glob).

    brief: what a terminal writes where the label has no room; empty for its first word. common: that the label is said of several lines,
    of which the others have none, and so has nobody's colour.
    """

    figure: str
    axis: Literal["x", "y"]
    at: float
    label: str
    group: str = ""
    brief: str = ""
    common: bool = False


@dataclass(frozen=True)
class Layer:
    """Something drawn over a picture's plane in data coordinates. xy: (k, 2).

    What turns with the linked cursor has frames: `frames` (f, k, 2) at the cursor's positions `at` (f,) ascending, each with its
    entry of `labels`; xy and label are shown while the cursor is elsewhere.
    """

    kind: Literal["path", "line", "points", "rings"]
    xy: Floats
    label: str
    group: str = ""
    at: Floats | None = None
    frames: Floats | None = None
    labels: tuple[str, ...] = ()

    def under(self, cursor: float | None) -> Layer:
        """Return the layer as it is drawn with the cursor at this place (nearest frame in the logarithm)."""
        if cursor is None or cursor <= 0 or self.at is None or self.frames is None:
            return self
        import numpy as np

        place = int(np.argmin(np.abs(np.log(self.at) - np.log(cursor))))
        return replace(self, xy=self.frames[place], label=self.labels[place])


@dataclass(frozen=True)
class Picture:
    """A 2-D array drawn as cells, or a plane with layers (or both).

    values: (rows, columns), row 0 on top; integers index `legend` when the palette is "classes".
    extent: (x0, x1, y0, y1) data coordinates of the plane, needed with layers; row 0 lies at y1.
    log: both axes of the plane are logarithmic: the cells are evenly spaced in the logarithm, extent and layers positive data.
    shade: what the values are, for the scale of their colours.
    rows, columns: what stands beside the values of a picture without a plane, from the top and from the left, in equal parts of it.
    """

    name: str
    title: str
    values: NDArray[Any] | None = None
    layers: tuple[Layer, ...] = ()
    extent: tuple[float, float, float, float] | None = None
    palette: Literal["sequential", "diverging", "classes", "grey"] = "sequential"
    lo: float | None = None
    hi: float | None = None
    legend: tuple[str, ...] = ()
    x: str = ""
    y: str = ""
    equal: bool = False
    note: str = ""
    log: bool = False
    shade: str = ""
    rows: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
