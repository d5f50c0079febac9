"""The screen of neural collapse: the four measures on true and on shuffled labels, and the simplex they go to."""

from __future__ import annotations

from screens.base import PhenomenonScreen


class NeuralCollapseScreen(PhenomenonScreen):
    """Features that become a simplex."""

    VIEWS = ("nc1", "nc2", "nc3", "error")
