"""The screen of max margin: the picture beside direction error, its law and the norm; the cursor over s turns the separator."""

from __future__ import annotations

from screens.base import PhenomenonScreen


class MaxMarginScreen(PhenomenonScreen):
    """A direction that settles while the norm grows."""

    VIEWS = ("separator", "direction-error", "direction-law", "norm", "validation", "optimisers", "separable", "draw-error")
