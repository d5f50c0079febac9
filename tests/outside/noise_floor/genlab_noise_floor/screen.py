"""The screen, if the figures in their declared order are not enough."""

from screens.base import PhenomenonScreen


class NoiseFloorScreen(PhenomenonScreen):
    """One figure."""

    VIEWS = ("risk",)
