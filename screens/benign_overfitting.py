"""The screen of benign overfitting: excess risk over n first, the spectra that decide it, then fits one can see."""

from __future__ import annotations

from screens.base import PhenomenonScreen


class BenignOverfittingScreen(PhenomenonScreen):
    """Three spectra, three fates."""

    VIEWS = ("excess-risk", "spectrum", "ranks", "fit/exp-eps", "fit/power", "fit/exponential")
