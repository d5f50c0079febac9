"""The picture widget: cells and layers of a `Picture` that repaints only the rows that changed."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

from engine.contract import Picture
from screens.widgets.palette import Theme
from screens.widgets.picture_draw import picture_grid
from screens.widgets.text_grid import TextGrid
from screens.widgets.text_grid_view import TextGridView


class PictureView(TextGridView):
    """One picture. Equal input costs nothing, hidden pictures are not drawn."""

    MOST_CELLS: ClassVar[int] = 250  # a cell of two colours takes some 22 bytes, and a frame over SSH should stay below 10 kB

    def __init__(self, theme: Theme | None = None, *, name: str | None = None, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(theme, name=name, id=id, classes=classes)
        self._picture: Picture | None = None
        self._placed = 0, False  # its number, and whether it stands alone

    @property
    def picture(self) -> Picture | None:
        """What is shown at present."""
        return self._picture

    def show(self, picture: Picture, number: int = 0, alone: bool = False) -> None:
        """Show a picture, behind its number if it has one; nothing happens when values, layers and words are those shown already.

        alone: it shares its page with no other view, so that its note may take rows of its own.
        """
        if self._picture is None or not same(picture, self._picture) or (number, alone) != self._placed:
            self._picture, self._placed = picture, (number, alone)
            self.redraw()

    def draw_grid(self, width: int, height: int) -> TextGrid:
        """Return the picture at a size; blank before the first `show`."""
        if self._picture is None:
            return TextGrid(width, height)
        return picture_grid(self._picture, width, height, self.theme, *self._placed)


def same(one: Picture, other: Picture) -> bool:
    """Whether two pictures look the same: the same arrays, not equal copies, so that comparing costs nothing."""
    if one.values is not other.values or len(one.layers) != len(other.layers):
        return False
    if any(a is not b for a, b in zip(one.layers, other.layers, strict=True)):
        return False
    return replace(one, values=None, layers=()) == replace(other, values=None, layers=())
