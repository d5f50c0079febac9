"""The screen of max margin: the picture beside direction error, its law and the norm; the cursor over s turns the separator."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from engine.contract import Figure, Layer, Picture, Series, Snapshot
from screens.base import PhenomenonScreen

ANGLE, OFFSET, TURNING = "separator/angle", "separator/offset", "flow"


class MaxMarginScreen(PhenomenonScreen):
    """A direction that settles while the norm grows."""

    VIEWS = ("separator", "direction-error", "direction-law", "norm", "validation", "optimisers")

    def draw(self, snapshot: Snapshot) -> None:
        """Show a snapshot, with the flow's separator at the cursor."""
        self._plain = snapshot
        super().draw(turned(snapshot, self._time))

    def action_cursor(self, direction: int) -> None:
        """Move the linked cursor, and turn the separator with it."""
        super().action_cursor(direction)
        self._turn()

    def action_reset(self) -> None:
        """Show everything of the chosen figure, and the separator where the flow ends."""
        super().action_reset()
        self._turn()

    def _turn(self) -> None:
        self.deck.show(turned(getattr(self, "_plain", self.snapshot), self._time))

    @property
    def _time(self) -> float | None:
        """The flow's time under the cursor; None while the cursor is elsewhere."""
        what = self.deck.tiles[self.deck.active].what
        steps = isinstance(what, Figure) and what.x.label == "step"
        return None if steps else self.deck.at


def turned(snapshot: Snapshot, at: float | None) -> Snapshot:
    """Return the snapshot with the separator of the flow in its picture at the time nearest to `at`."""
    curves = {item.name: item for item in snapshot.series if item.name in (ANGLE, OFFSET)}
    if at is None or len(curves) < 2:
        return snapshot
    place = int(np.argmin(np.abs(np.log(curves[ANGLE].x) - np.log(at))))
    return replace(snapshot, pictures=tuple(_turned(picture, curves, place) for picture in snapshot.pictures))


def _turned(picture: Picture, curves: dict[str, Series], place: int) -> Picture:
    angle, offset = float(curves[ANGLE].y[place]), float(curves[OFFSET].y[place])
    label = f"flow {curves[ANGLE].x[place]:.2g}"
    layers = (
        replace(layer, xy=_line(layer, angle, offset), label=label) if layer.group == TURNING and layer.kind == "line" else layer
        for layer in picture.layers
    )
    return replace(picture, layers=tuple(layers))


def _line(layer: Layer, angle: float, offset: float) -> NDArray[np.float64]:
    """A line as long as the layer's, with this angle of its normal and this offset from the origin, (2, 2)."""
    normal = np.array([np.cos(angle), np.sin(angle)])
    half = float(np.linalg.norm(layer.xy[1] - layer.xy[0])) / 2 * np.array([-normal[1], normal[0]])
    return np.array([-offset * normal - half, -offset * normal + half])
