"""The screen of vacuous bounds: bars first, as wide as there is room; what each bar is made of stands above the notes."""

from __future__ import annotations

from screens.base import PhenomenonScreen


class VacuousBoundsScreen(PhenomenonScreen):
    """Bounds beside what they bound."""

    VIEWS = ("bounds", "two-sided-plane", "two-sided", "margins", "normalised-margins", "bound-vs-n", "terms")
    WIDE = True
