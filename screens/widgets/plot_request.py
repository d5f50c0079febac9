"""What a figure is asked to show: its series and markers of a snapshot, the pinned ones, cursor, window and scales."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from engine.contract import Figure, Marker, Series
from screens.widgets.axis_scales import ViewWindow


@dataclass(frozen=True, eq=False)
class Request:
    """Everything that decides how a figure looks, except size and theme.

    pinned: drawn faintly beneath, called `pinned_label`. number: by which the figure is chosen, 0 for none. alone: it shares no page.
    """

    figure: Figure
    series: tuple[Series, ...]
    markers: tuple[Marker, ...] = ()
    pinned: tuple[Series, ...] = ()
    pinned_label: str = "pinned"
    cursor: float | None = None
    view: ViewWindow = field(default_factory=ViewWindow)
    log_x: bool = False
    log_y: bool = False
    legend: bool = True
    number: int = 0
    alone: bool = False

    @classmethod
    def of(
        cls, figure: Figure, series: Iterable[Series], markers: Iterable[Marker] = (), *, pinned: Iterable[Series] = (),
        pinned_label: str = "pinned",
        cursor: float | None = None, view: ViewWindow | None = None, log_x: bool | None = None, log_y: bool | None = None,
        legend: bool = True, number: int = 0, alone: bool = False,
    ) -> Request:  # fmt: skip
        """Choose the series and markers that belong to the figure; None leaves the scales as the figure declares them."""
        return cls(
            figure, tuple(figure.draws(series)), tuple(marker for marker in markers if fnmatchcase(figure.name, marker.figure)),
            tuple(figure.draws(pinned)), pinned_label, cursor, view or ViewWindow(),
            figure.x.log if log_x is None else log_x, figure.y.log if log_y is None else log_y, legend, number, alone,
        )  # fmt: skip

    def same(self, other: Request | None) -> bool:
        """Whether the other request draws the same: the same objects, not equal copies, so that comparing costs nothing."""
        if other is None or len(self.series) != len(other.series) or len(self.pinned) != len(other.pinned):
            return False
        same = all(a is b for a, b in zip(self.series + self.pinned, other.series + other.pinned, strict=True))
        return same and self._rest() == other._rest()

    def _rest(self) -> tuple[object, ...]:
        return (
            self.figure,
            self.markers,
            self.pinned_label,
            self.cursor,
            self.view,
            self.log_x,
            self.log_y,
            self.legend,
            self.number,
            self.alone,
        )
