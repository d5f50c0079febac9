"""One panel of the figure grid: a figure or a picture with its number, and a bar at its left that marks the active one."""

from __future__ import annotations

from dataclasses import replace

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Container
from textual.message import Message

from engine.contract import Figure, Picture, PictureSpec, Series, Snapshot
from screens.linked_cursor import Cursor
from screens.pinned import Pinned
from screens.widgets.palette import Theme
from screens.widgets.picture_view import PictureView
from screens.widgets.plot_view import PlotView
from screens.widgets.smoothing import Smoother

NOTHING = "nothing in this run"  # of a view that is empty at its end


class FigurePanel(Container):
    """The place of one view.

    Attributes:
        what: the figure or picture as it is declared.
        index: its place among those declared. number: the one that it is chosen by, which `place` changes.
    """

    DEFAULT_CSS = """
    FigurePanel { border-left: blank; height: 1fr; width: 1fr; layout: vertical; }
    FigurePanel.-active { border-left: wide $primary; }
    FigurePanel > * { height: 1fr; width: 1fr; }
    """

    class Chosen(Message):
        """A panel was clicked."""

        def __init__(self, index: int) -> None:
            super().__init__()
            self.index = index

    def __init__(self, index: int, what: Figure | PictureSpec, theme: Theme) -> None:
        super().__init__()
        self.index = index
        self.number = index + 1
        self.what = what
        self.view: PlotView | PictureView = PlotView(theme) if isinstance(what, Figure) else PictureView(theme)
        self._figure = what if isinstance(what, Figure) else None
        self._smoother = Smoother()
        self._turned: tuple[Picture, float | None, Picture] | None = None  # a picture, the cursor, and how it looks with it

    def compose(self) -> ComposeResult:
        """Hold the view."""
        yield self.view

    def on_click(self) -> None:
        """Make this view the active one."""
        self.post_message(self.Chosen(self.index))

    def place(self, number: int, to_come: bool, ended: bool) -> None:
        """Give the view its number, and what it says where it is empty.

        to_come: the run's settings fill it; what it needs is only said where they do not. ended: the run is over and has not.
        """
        if number != self.number:
            self.number = number
        if isinstance(self.what, Figure):
            empty = NOTHING if ended else "" if to_come and self.what.domain else self.what.empty
            self._figure = replace(self.what, empty=empty)

    @property
    def title(self) -> str:
        """Number and title, as they are drawn."""
        return f"{self.number} {self.what.title}"

    @property
    def heading(self) -> tuple[int, Text]:
        """Number and title, as a row of text shows them."""
        return self.number, Text(self.view.theme.text(self.what.title), "dim")

    @property
    def axis(self) -> str:
        """The label of the axis that a cursor moves along; empty for a picture that does not turn."""
        return self.what.x.label if isinstance(self.what, Figure) else self.what.cursor

    def curves(self, snapshot: Snapshot) -> list[Series]:
        """Return the curves of a snapshot that stand here; none of a picture."""
        return self.what.draws(snapshot.series) if isinstance(self.what, Figure) else []

    def picture(self, snapshot: Snapshot) -> Picture | None:
        """Return the picture of a snapshot that stands here, once there is one."""
        if isinstance(self.what, Figure):
            return None
        return next((item for item in snapshot.pictures if item.name == self.what.name), None)

    def anything(self, snapshot: Snapshot) -> bool:
        """Whether a snapshot has something to draw here."""
        if isinstance(self.what, Figure):
            return any(item.x.size for item in self.curves(snapshot))
        return self.picture(snapshot) is not None

    def draw(
        self, snapshot: Snapshot, theme: Theme, *, pinned: Pinned | None, cursor: Cursor | None, smoothing: int, legend: bool,
        alone: bool = False,
    ) -> None:  # fmt: skip
        """Draw from a snapshot, with the cursor where it is on the axis of this view.

        smoothing: points over which measured curves are averaged; the raw ones are drawn faintly then, as pinned ones are.
        alone: whether no other view is on the page.
        """
        self.view.theme = theme
        at = cursor.on(self.axis) if cursor is not None else None
        if isinstance(self.view, PictureView):
            picture = self.picture(snapshot)
            self.view.show(
                self._under(picture, at) if picture is not None else Picture(self.what.name, self.what.title), self.number, alone
            )
        elif self._figure is not None:
            drawn, raw = self._smoother(self.curves(snapshot), smoothing)
            faint = [*(pinned.series if pinned is not None else ()), *raw]
            self.view.show(
                self._figure, drawn, snapshot.markers, pinned=faint, pinned_label=faint_label(snapshot, pinned, smoothing), cursor=at,
                legend=legend, number=self.number, alone=alone,
            )  # fmt: skip

    def _under(self, picture: Picture, at: float | None) -> Picture:
        """Return a picture with its layers as they are under the cursor: the same object while nothing changes."""
        if self._turned is None or self._turned[0] is not picture or self._turned[1] != at:
            layers = tuple(layer.under(at) for layer in picture.layers)
            self._turned = picture, at, replace(picture, layers=layers)
        return self._turned[2]


def faint_label(snapshot: Snapshot, pinned: Pinned | None, smoothing: int) -> str:
    """Return what a legend calls the curves that are drawn faintly."""
    names = [pinned.label(snapshot)] if pinned is not None else []
    return "; ".join([*names, *(["as measured"] if smoothing > 1 else [])])
