"""The screen of max margin: the picture beside direction error, its law and the norm; the cursor over s turns the separator.

Other studies have views of their own, of which the first page tells the story: whose margin is largest in which norm, how a network's
margin grows after fitting, how much further loss-based learning rates go.
"""

from __future__ import annotations

from screens.base import PhenomenonScreen


class MaxMarginScreen(PhenomenonScreen):
    """A direction that settles while the norm grows."""

    VIEWS = (
        "separator", "direction-error", "direction-law", "norm", "validation", "optimisers", "separable", "draw-error",
        "mirror-norms", "mirror-matrix", "mirror-margin", "mirror-weights", "mirror-distance", "network-margin", "network-kkt",
        "network-smoothed", "network-slack", "cnn-margin", "cnn-loss", "cnn-test-error", "cnn-smoothed",
    )  # fmt: skip
