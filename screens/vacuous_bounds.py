"""The screen of vacuous bounds: the bars first, then the linear example, margins and what happens over n."""

from __future__ import annotations

from screens.base import PhenomenonScreen


class VacuousBoundsScreen(PhenomenonScreen):
    """Bounds beside what they bound."""

    VIEWS = ("bounds", "two-sided-plane", "two-sided", "margins", "bound-vs-n")
