"""The screen of max margin: the picture beside direction error, its law and the norm; the cursor over s turns the separator."""

from __future__ import annotations

from dataclasses import replace

from engine.contract import Figure, Snapshot
from screens.base import PhenomenonScreen


class MaxMarginScreen(PhenomenonScreen):
    """A direction that settles while the norm grows."""

    VIEWS = ("separator", "direction-error", "direction-law", "norm", "validation", "optimisers")
    _plain: Snapshot | None = None  # what was drawn last, without a cursor

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
        self.figures.show(turned(self._plain or self.snapshot, self._time))

    @property
    def _time(self) -> float | None:
        """The flow's time under the cursor; None while the cursor is elsewhere."""
        what = self.figures.panels[self.figures.active].what
        steps = isinstance(what, Figure) and what.x.label == "step"
        return None if steps else self.figures.at


def turned(snapshot: Snapshot, at: float | None) -> Snapshot:
    """Return the snapshot with the layers of its pictures as they are under a cursor at `at`."""
    if at is None:
        return snapshot
    pictures = (replace(picture, layers=tuple(layer.under(at) for layer in picture.layers)) for picture in snapshot.pictures)
    return replace(snapshot, pictures=tuple(pictures))
