"""The screen of deep double descent: errors and loss over the width first, then training time, samples and complexity."""

from __future__ import annotations

from screens.base import PhenomenonScreen


class DeepDoubleDescentScreen(PhenomenonScreen):
    """Down, up and down again, along three axes."""

    VIEWS = ("width", "width-loss", "epochs", "test-error", "epochs-exact", "samples-exact", "samples", "emc")
