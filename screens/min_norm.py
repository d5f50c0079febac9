"""The screen of minimum norm: the textbook's picture beside distances first, then norms and directions, networks, exercise 1.

Where noise on labels or mirror descent is followed, its figures come before all.
"""

from __future__ import annotations

from screens.base import PhenomenonScreen


class MinNormScreen(PhenomenonScreen):
    """The line of solutions, and where each optimiser meets it."""

    VIEWS = (
        "noise-l1",
        "alpha-eff",
        "mirror-weights",
        "mirror-limit",
        "mirror-shortest",
        "plane",
        "distance",
        "norm-ratios",
        "alpha-sweep",
        "norm-vs-d",
        "null-component",
        "directions",
        "matrix-completion",
        "train-loss",
        "test-vs-d",
    )
